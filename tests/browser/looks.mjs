/** Ways to look at a state of the page; each returns what it finds wrong, in lines a person can read. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Breaches of WCAG 2.2 AA that axe finds, and content wider than the screen (1.4.10). */
export async function accessibility(desk) {
  const { page } = desk;
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const breaches = await page.evaluate(async (rules) => {
    const { violations } = await window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
  }, RULES);
  const tooWidePx = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  return tooWidePx > 0 ? [...breaches, `reflow: ${tooWidePx} px wider than the screen`] : breaches;
}

/** Plain letters in the pseudo-locale: text that is neither from the catalogue nor marked as data. */
export async function words(desk) {
  return desk.page.evaluate(() => {
    const isPlain = (text) => /[A-Za-z]/.test(text.replace(/\u2068[^\u2069]*\u2069/g, ''));
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode;
      if (!parentElement.closest('[translate=no],kbd,script,style') && isPlain(data)) found.push(data.trim());
    }
    for (const element of document.querySelectorAll('*')) {
      for (const name of ['aria-label', 'aria-description', 'placeholder', 'title', 'alt']) {
        const value = element.getAttribute(name);
        if (value !== null && isPlain(value)) found.push(`${name}="${value}"`);
      }
    }
    return found;
  });
}
