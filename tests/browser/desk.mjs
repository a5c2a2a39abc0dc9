/**
 * A browser at a desk, and what a person does there again and again.
 *
 * Whatever the page must never do is noted as a fault: an error in its console, a violation of its content security
 * policy, a request to anywhere but its node.
 */

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import { ask } from './line_to_test.mjs';
import { pseudo } from './words.mjs';

/** How long a state may take to come on a busy machine. */
export const SOON_MS = 60_000;
const ASK_AGAIN_MS = 200;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const HEIGHTS = { 360: 740, 820: 1100, 1366: 820 };

function chromiumPath() {
  const places = process.env.PATH.split(delimiter).map((folder) => join(folder, 'chromium'));
  const isThere = (path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const found = places.find(isThere);
  if (found === undefined) throw new Error('there is no chromium: scripts/test --setup browser installs it');
  return found;
}

function cameraFlags(video) {
  const flags = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  return video ? [...flags, `--use-file-for-fake-video-capture=${video}`] : flags;
}

/** Opens the page of north in a browser of its own. */
export async function openDesk({ north, pins, video, width = 1366, pseudoLocale = false }) {
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [...FLAGS, ...cameraFlags(video)],
    timeout: SOON_MS,
  });
  const context = await browser.newContext({ viewport: { width, height: HEIGHTS[width] ?? 820 }, locale: 'en-GB', timezoneId: 'Europe/Copenhagen' });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON_MS);
  const desk = new Desk(browser, page, north, pins, pseudoLocale);
  await desk.noteFaults(context);
  const answer = await page.goto(`${north}/${pseudoLocale ? '?locale=pseudo' : ''}`);
  desk.assertStrictPolicy(answer.headers()['content-security-policy']);
  await desk.label('Staff code').waitFor();
  return desk;
}

class Desk {
  faults = [];

  constructor(browser, page, base, pins, pseudoLocale) {
    Object.assign(this, { browser, page, base, pins, pseudoLocale });
  }

  async noteFaults(context) {
    const fault = (what) => this.faults.push(what);
    this.page.on('pageerror', (error) => fault(`error: ${error.stack}`));
    this.page.on('console', (message) => {
      // Refused and unanswered requests are what the scenarios are about.
      const isExpected = message.text().startsWith('Failed to load resource');
      if (['error', 'warning'].includes(message.type()) && !isExpected) fault(`console: ${message.text()}`);
    });
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.base && !['blob:', 'data:'].includes(protocol)) fault(`request to ${request.url()}`);
    });
    this.page.on('websocket', (socket) => fault(`socket to ${socket.url()}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error('content security policy:', event.violatedDirective, event.blockedURI, event.sourceFile));
    });
  }

  assertStrictPolicy(policy = '') {
    const isStrict = policy.includes("default-src 'self'") && !/'unsafe-inline'|'unsafe-eval'|https?:|\*/.test(policy);
    if (!isStrict) throw new Error(`the content security policy is not strict: "${policy}"`);
  }

  assertFaultless() {
    if (this.faults.length > 0) throw new Error(`the page did what it must not do:\n${this.faults.join('\n')}`);
  }

  /** Words of the catalogue as this page shows them. */
  say(words) {
    return this.pseudoLocale ? pseudo(words) : words;
  }

  button(words) {
    return this.page.getByRole('button', { name: this.say(words) });
  }

  heading(words) {
    return this.page.getByRole('heading', { name: this.say(words) });
  }

  label(words, exact = false) {
    return this.page.getByLabel(this.say(words), { exact });
  }

  text(words) {
    return this.page.getByText(this.say(words));
  }

  /** The list to choose from: of desks at sign-in, of check-in lists at the door. */
  choices() {
    return this.page.getByRole('combobox');
  }

  /** A verdict with this code, or any. */
  verdict(code) {
    return this.page.locator(`[data-testid=verdict]${code === undefined ? '' : `[data-code="${code}"]`}`);
  }

  strip(item) {
    return this.page.getByTestId(`strip-${item}`);
  }

  async signIn(staff, place = 'north-1') {
    await this.choices().selectOption(place);
    await this.label('Staff code').fill(staff);
    await this.label('PIN', true).fill(this.pins[staff]);
    await this.page.keyboard.press('Enter');
    await this.text('Ready to scan').waitFor();
    await this.strip('node').waitFor();
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  /** What a hand scanner does: keys of a keyboard, and Enter. */
  async scan(code) {
    await this.page.keyboard.type(code);
    await this.press('Enter');
  }

  /** Scans and waits for the verdict, which then stays until it is closed. */
  async scanFor(code, verdict) {
    await this.scan(code);
    await this.verdict(verdict).waitFor();
    await this.press('ArrowDown');
  }

  async closeVerdict() {
    await this.press('Escape');
    await this.verdict().waitFor({ state: 'detached' });
  }

  /** What the node knows of a guest. */
  async cardOf(guest) {
    const { rows } = await ask('read', { node: 'north', path: `/attendees?q=${guest.code}` });
    return ask('read', { node: 'north', path: `/attendees/${rows[0].attendee_id}` });
  }

  /** Asks again until something holds. */
  async until(holds) {
    const endMs = Date.now() + SOON_MS;
    while (!(await holds())) {
      if (Date.now() > endMs) throw new Error(`this did not come to hold: ${holds}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  /** Goes to a place by the address. */
  async goTo(hash) {
    await this.page.evaluate((there) => (location.hash = there), `#/${hash}`);
  }

  /** Waits until an element holds some words. */
  async waitForWords(locator, words) {
    await locator.filter({ hasText: this.say(words) }).waitFor();
  }
}
