/** The states of the door that the node's own answers make: sign-in, scan, search, and the verdicts. */

import { ask } from '../stage.mjs';

export async function visitBeforeTheDoor(desk, at) {
  await at('sign-in');
  await desk.choices().selectOption('north-1');
  await desk.label('Staff code').fill('susi');
  await desk.label('PIN', true).fill(desk.pins.susi === '000000' ? '000001' : '000000');
  await desk.press('Enter');
  await desk.text('is wrong').waitFor();
  await at('sign-in, wrong PIN');
  await desk.page.locator('button[type=submit]:not(:disabled)').waitFor();
  await desk.signIn('susi');
  await at('scan');
}

export async function visitTheDoor(desk, at, cast) {
  await visitSearch(desk, at);
  await visitAdmission(desk, at, cast);
  await visitCodes(desk, at, cast);
  await visitOrders(desk, at, cast);
  await visitLists(desk, at, cast);
}

async function visitSearch(desk, at) {
  const field = desk.page.getByRole('searchbox');
  await field.fill('a');
  await desk.page.getByRole('list', { name: desk.say('People found') }).getByRole('button').first().waitFor();
  await at('search');
  await field.fill('nobody at all');
  await desk.text('Nobody found. Try').waitFor();
  await at('search, nobody found');
  await field.fill('');
  await desk.press('Escape');
  await desk.page.keyboard.type('abc');
  await desk.page.getByTestId('typed-code').waitFor();
  await at('scan, stray keys');
  await desk.press('Escape');
}

/** Scans, looks at the verdict, closes it. */
export async function see(desk, at, code, verdict) {
  await desk.scanFor(code, verdict);
  await at(`verdict ${verdict}`);
  await desk.closeVerdict();
}

async function visitAdmission(desk, at, { guests, unpaid }) {
  await see(desk, at, guests[0].code, 'admitted');
  await desk.scan(guests[1].code);
  await desk.verdict('admitted').waitFor();
  await desk.scan(guests[1].code);
  await desk.page.locator('[data-testid=verdict][data-same-scan=true]').waitFor();
  await desk.press('ArrowDown');
  await at('verdict, same scan');
  await desk.closeVerdict();
  await see(desk, at, guests[0].code, 'already_checked_in');
  await desk.scanFor(unpaid.code, 'unpaid');
  await at('verdict unpaid');
  await desk.button('Admit anyway').click();
  await at('verdict, override');
  await desk.button('Guest of the organiser').click();
  await desk.press('F9');
  await desk.verdict('admitted').waitFor();
  await desk.closeVerdict();
  await at('scan, last verdicts');
}

async function visitCodes(desk, at, { guests, cancelled, mistyped }) {
  await see(desk, at, '4711', 'unknown_code');
  await see(desk, at, 'LY1:elsewhere:4711', 'wrong_conference');
  await desk.scanFor(mistyped, 'unknown_code');
  await at('verdict unknown_code, mistyped');
  await desk.closeVerdict();
  await ask('cancel_at_hq', { code: guests[2].code });
  const card = await desk.cardOf(guests[2]);
  await desk.until(async () => (await ask('read', { node: 'north', path: `/attendees/${card.attendee_id}` })).state === 'canceled');
  await see(desk, at, guests[2].code, 'canceled');
  const { attendee_id, badges } = await desk.cardOf(guests[1]);
  await ask('command', { node: 'north', path: `/attendees/${attendee_id}/badges/reprint`, body: { reason: 'lost' } });
  await see(desk, at, badges[0].badge_code, 'badge_void');
}

/** An order of two: first nobody is named, then two people are. */
async function visitOrders(desk, at) {
  const command = (path, body) => ask('command', { node: 'north', path, body });
  const order = await command('/orders', {
    registrant: { name: 'Order Er', email: 'orders@example.org' },
    lines: [{ seat_type: 'ga', quantity: 2 }],
    if_short: 'refuse',
  });
  await command(`/orders/${order.order_id}/payments`, { method: 'cash', amount_minor: order.total_minor });
  await command(`/orders/${order.order_id}/confirmation`, {});
  await see(desk, at, order.access_code, 'no_seat_assigned');
  await desk.goTo(`order/${order.order_id}`);
  await desk.button('Name the person').nth(1).waitFor();
  await at('order');
  for (const name of ['Ord', 'Orda']) {
    const unnamed = await desk.button('Name the person').count();
    await desk.button('Name the person').first().click();
    await desk.label('First or only name').fill(name);
    await desk.label('Last name').fill('Er');
    await at(`order, naming ${name}`);
    await desk.press('F9');
    await desk.until(async () => (await desk.button('Name the person').count()) === unnamed - 1);
  }
  await desk.press('F2');
  await desk.text('Ready to scan').waitFor();
  await see(desk, at, order.access_code, 'ambiguous');
}

async function visitLists(desk, at, { guests }) {
  const choose = async (list) => {
    await desk.choices().selectOption(list);
    await desk.press('Escape');
  };
  await choose('workshop');
  await see(desk, at, guests[3].code, 'wrong_product');
  await choose('yesterday');
  await see(desk, at, guests[3].code, 'invalid_time');
  await choose('main');
}
