/** The whole story without a pointer: every step is keys, and what has focus can be seen. */

import { ask, assert, assertEqual, play } from '../stage.mjs';

const MOST_TABS = 80;

play(keyboard);

async function keyboard(desk, { cast }) {
  await countPointerEvents(desk);
  await signIn(desk);
  await checkInBySearch(desk, cast.guests[0]);
  await sellWorkshop(desk, cast.guests[0]);
  await takeBack(desk);
  await override(desk, cast.unpaid);
  await walkUp(desk);
  await resolve(desk, cast.twice);
  await leave(desk);
  return { pointer_events: await desk.page.evaluate(() => window.pointerEvents) };
}

async function countPointerEvents(desk) {
  await desk.page.evaluate(() => {
    window.pointerEvents = 0;
    addEventListener('pointerdown', () => (window.pointerEvents += 1), true);
  });
}

/** Presses Tab until an element has focus, and asserts that the focus can be seen. */
async function tabTo(desk, locator) {
  await locator.waitFor();
  for (let n = 0; n < MOST_TABS; n++) {
    await desk.press('Tab');
    if (await locator.evaluate((element) => element === document.activeElement)) return assertFocusShows(locator);
  }
  throw new Error(`${MOST_TABS} times Tab did not reach ${locator}`);
}

async function assertFocusShows(locator) {
  const outline = await locator.evaluate((element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return { shows: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none', is: element.matches(':focus-visible') };
  });
  assert(outline.shows && outline.is, `the focus on ${locator} can be seen`);
}

async function signIn(desk) {
  await desk.page.waitForFunction(() => document.activeElement?.matches('input[type=text]'));
  await desk.press('Shift+Tab');
  await desk.page.keyboard.type('north-1');
  assertEqual(await desk.choices().inputValue(), 'north-1', 'the desk chosen by typing its name');
  await desk.press('Tab');
  await desk.page.keyboard.type('susi');
  await desk.press('Enter');
  await desk.page.keyboard.type(desk.pins.susi);
  await desk.press('Enter');
  await desk.text('Ready to scan').waitFor();
}

async function checkInBySearch(desk, guest) {
  await desk.press('/');
  await desk.page.waitForFunction(() => document.activeElement?.matches('input[type=search]'));
  await desk.page.keyboard.type(guest.email);
  await desk.page.getByRole('list', { name: 'People found' }).getByText(guest.name).waitFor();
  await desk.press('ArrowDown');
  await desk.press('Enter');
  await desk.heading(guest.name).waitFor();
  await desk.button('Check in').waitFor();
  await desk.press('F9');
  await desk.verdict('admitted').waitFor();
  assert(await desk.verdict().evaluate((verdict) => verdict.contains(document.activeElement)), 'the verdict has the focus');
  await desk.closeVerdict();
  await desk.text('Effective').waitFor();
}

async function sellWorkshop(desk, guest) {
  await tabTo(desk, desk.button('Sell a seat'));
  await desk.press('Enter');
  await tabTo(desk, desk.button('One more: CQRS workshop'));
  await desk.press('Space');
  await desk.page.getByRole('group', { name: 'CQRS workshop' }).locator('output', { hasText: '1' }).waitFor();
  await desk.press('F9');
  await desk.text('Cash payment').waitFor();
  await desk.press('F9');
  await desk.text('Paid and confirmed').waitFor();
  await desk.press('F9');
  await desk.heading(guest.name).waitFor();
  await desk.page.locator('li', { hasText: 'CQRS workshop' }).getByText('Paid', { exact: true }).waitFor();
}

async function takeBack(desk) {
  await tabTo(desk, desk.button('Take back'));
  await desk.press('Enter');
  const reason = desk.label('Reason');
  await reason.waitFor();
  await tabTo(desk, desk.button('Scanned by mistake'));
  await desk.press('Space');
  assertEqual(await reason.inputValue(), 'Scanned by mistake', 'the reason');
  await desk.press('F9');
  await desk.text('Taken back').first().waitFor();
}

async function override(desk, guest) {
  await desk.press('F2');
  await desk.text('Ready to scan').waitFor();
  await desk.scan(guest.code);
  await desk.verdict('unpaid').waitFor();
  await tabTo(desk, desk.button('Admit anyway'));
  await desk.press('Enter');
  await tabTo(desk, desk.button('Pays by invoice'));
  await desk.press('Space');
  await desk.press('F9');
  await desk.verdict('admitted').waitFor();
  await desk.closeVerdict();
}

async function walkUp(desk) {
  await desk.press('F3');
  await desk.heading('Register a walk-up').waitFor();
  await tabTo(desk, desk.label('First or only name'));
  await desk.page.keyboard.type('Wilhelmina');
  await desk.press('Tab');
  await desk.page.keyboard.type('Unverwechselbar');
  await tabTo(desk, desk.label('Cash received'));
  await desk.page.keyboard.type('200');
  await desk.press('F9');
  await desk.text('Registered.').waitFor();
  await desk.press('F9');
  await desk.verdict('admitted').waitFor();
  assertEqual(await desk.verdict().locator('.name').innerText(), 'Wilhelmina Unverwechselbar', 'the name on the verdict');
  await desk.closeVerdict();
}

async function resolve(desk, guest) {
  await desk.press('F7');
  const conflict = desk.page.getByRole('article', { name: guest.name });
  await tabTo(desk, conflict.getByRole('button', { name: 'Take back' }).last());
  await desk.press('Enter');
  await desk.label('Reason').waitFor();
  await desk.page.keyboard.type('same person, second scan');
  await desk.press('Enter');
  await conflict.waitFor({ state: 'detached' });
  const conflicts = await ask('read', { node: 'north', path: '/conflicts?state=resolved' });
  assertEqual(conflicts.length, 1, 'resolved conflicts');
  assertEqual(conflicts[0].resolution.reason, 'same person, second scan', 'the recorded reason');
}

async function leave(desk) {
  await desk.press('F1');
  await tabTo(desk, desk.button('Sign out'));
  await desk.press('Enter');
  await desk.label('Staff code').waitFor();
}
