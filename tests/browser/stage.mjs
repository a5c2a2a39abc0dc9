/** A scenario from its facts to what it saw; when it does not hold, the page is kept. */

import { writeFile } from 'node:fs/promises';
import { openDesk } from './desk.mjs';
import { ask, hear, tell } from './line_to_test.mjs';

export { ask };

/** Plays a scenario at a desk of north; what it returns is what the test asserts on. */
export async function play(scenario, wishes = () => ({})) {
  const facts = await hear();
  const desk = await openDesk({ ...facts, ...wishes(facts) });
  try {
    const seen = await scenario(desk, facts);
    desk.assertFaultless();
    await desk.browser.close();
    tell('done', { seen });
    process.exit(0);
  } catch (error) {
    console.error(error.stack, '\nfaults of the page:', desk.faults);
    await keep(desk.page, facts.kept).catch((late) => console.error('nothing could be kept:', late.message));
    process.exit(1);
  }
}

/** Leaves a picture and the page behind. */
async function keep(page, path) {
  await page.screenshot({ path: `${path}.png` });
  await writeFile(`${path}.html`, await page.content());
}

export function assertEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

export function assert(holds, what) {
  if (!holds) throw new Error(`this does not hold: ${what}`);
}
