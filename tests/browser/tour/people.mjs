/** The states around a person: card, sale, walk-up. */

import { ask } from '../stage.mjs';

export async function visitCard(desk, at, guest) {
  await desk.page.getByRole('searchbox').fill(guest.email);
  await desk.page.getByRole('list', { name: desk.say('People found') }).getByRole('button').first().click();
  await desk.page.locator('h1', { hasText: guest.name }).waitFor();
  await desk.page.locator('figure img').waitFor();
  await at('card');
  await desk.button('Reprint').click();
  await desk.label('Reason').waitFor();
  await at('card, reprint');
  await desk.press('Escape');
  await desk.button('Void').click();
  await desk.label('Reason').waitFor();
  await at('card, void the badge');
  await desk.press('Escape');
  await desk.button('Take back').click();
  await desk.label('Reason').waitFor();
  await at('card, take back');
  await changeMeanwhile(desk, at);
  await desk.button('Take back').click();
  await desk.label('Reason').fill('Scanned by mistake');
  await desk.press('F9');
  await desk.text('The check-in is taken back.').waitFor();
  await at('card, taken back');
}

/** Two other desks write one field without having seen each other: both values are there until one is chosen. */
export async function visitDocument(desk, at) {
  await desk.button('Edit text and notes').click();
  await desk.label('Notes of staff').fill('Came by train.');
  await at('card, badge text and notes');
  await desk.button('Save').click();
  await desk.page.getByText('Came by train.').waitFor();
  const attendee = desk.page.url().split('/').pop();
  for (const company of ['North', 'South']) {
    await ask('command', { node: 'north', path: `/attendees/${attendee}/document`, body: { seen: '', fields: { company } } });
  }
  const choices = desk.page.getByRole('group').getByRole('button');
  await choices.nth(1).waitFor();
  await at('card, two values of a field');
  await choices.first().click();
  await desk.text('Chosen.').waitFor();
  await choices.first().waitFor({ state: 'detached' });
  await at('card, one of them chosen');
}

/** Another desk reprints the badge while this one types its reason: nothing is done before it has seen that. */
async function changeMeanwhile(desk, at) {
  const attendee = desk.page.url().split('/').pop();
  await ask('command', { node: 'north', path: `/attendees/${attendee}/badges/reprint`, body: { reason: 'Lost' } });
  await desk.label('Reason').fill('Scanned by mistake');
  await desk.press('F9');
  await desk.heading('Changed meanwhile').waitFor();
  const between = desk.page.getByRole('dialog').getByRole('listitem');
  await between.filter({ hasText: desk.say('Badge made at') }).waitFor();
  await at('card, changed meanwhile');
  await desk.press('F9');
  await desk.heading('Changed meanwhile').waitFor({ state: 'detached' });
}

export async function visitSale(desk, at) {
  await desk.button('Sell a seat').click();
  const more = desk.page.getByRole('group', { name: 'CQRS workshop' }).getByRole('button').last();
  await more.waitFor();
  await at('sale');
  const left = Number((await desk.page.getByRole('group', { name: 'CQRS workshop' }).innerText()).match(/(\d+) \D*\n/)?.[1] ?? 5);
  for (let n = 0; n <= left; n++) await more.click();
  await desk.button('Hold seats').click();
  await desk.text('Fewer seats than wanted').waitFor();
  await at('sale, an offer of fewer');
  await desk.press('F9');
  await desk.label('Cash received').waitFor();
  await at('sale, payment');
  await desk.label('Cash received').fill('1');
  await at('sale, too little cash');
  await desk.label('Cash received').fill('');
  await desk.press('F9');
  await desk.text('Paid and confirmed').waitFor();
  await at('sale, done');
  await desk.button('Cancel order').click();
  await desk.label('Reason').waitFor();
  await at('order, cancel');
  await desk.press('Escape');
  await desk.press('F9');
  await desk.button('Sell a seat').waitFor();
  await at('card, with what was sold');
}

export async function visitWalkUp(desk, at) {
  await desk.press('F3');
  await desk.label('First or only name').waitFor();
  await at('walk-up');
  await desk.label('First or only name').fill('Ord');
  await desk.label('Last name').fill('Er');
  await desk.page.getByRole('list', { name: desk.say('Similar people') }).getByRole('button').first().waitFor();
  await at('walk-up, similar names');
  await desk.press('F9');
  await desk.text('Is it one of them?').waitFor();
  await at('walk-up, is it one of them');
  await desk.press('F9');
  await desk.text('Registered.').waitFor();
  await at('walk-up, registered');
  await desk.press('F4');
  await desk.heading('Find an order').waitFor();
  await at('orders');
  await desk.label('E-mail').fill('nobody@example.org');
  await desk.label('Access code').fill('ABC');
  await desk.press('F9');
  await desk.page.locator('[role=alert] .banner').waitFor();
  await at('orders, none found');
}
