/** Sign in, scan a ticket with the camera, see the card and the badge, sell a seat, lose HQ, work on, get it back. */

import { ask, assert, assertEqual, play } from '../stage.mjs';

play(day, ({ video }) => ({ video }));

async function day(desk, { cast, picture }) {
  const [guest, second] = cast.guests;
  await desk.signIn('susi');
  const scanned = await scanByCamera(desk, guest);
  await openCard(desk, guest);
  const sold = await sellWorkshop(desk);
  if (picture) await takePicture(desk, picture);
  await workWithoutHq(desk, second);
  return { scanned, sold };
}

async function scanByCamera(desk, guest) {
  await desk.button('Turn camera on').click();
  await desk.verdict('admitted').waitFor();
  const name = await desk.verdict().locator('.name').innerText();
  // The camera goes on seeing the code; green must not turn red.
  await desk.page.locator('[data-testid=verdict][data-same-scan=true]').waitFor();
  assertEqual(await desk.verdict().getAttribute('data-tone'), 'admitted', 'the tone while the ticket is held up');
  await desk.closeVerdict();
  await desk.button('Turn camera off').click();
  assertEqual(name, guest.name, 'the name on the verdict');
  await desk.waitForWords(desk.strip('arrivals'), '1 of ');
  return name;
}

async function openCard(desk, guest) {
  await desk.page.getByRole('searchbox').fill(guest.email);
  await desk.page.getByRole('list', { name: 'People found' }).getByRole('button').first().click();
  await desk.heading(guest.name).waitFor();
  const badge = desk.page.locator('figure img');
  await badge.waitFor();
  const widthPx = await badge.evaluate((image) => image.decode().then(() => image.naturalWidth));
  assert(widthPx > 100, `the badge is drawn (${widthPx} px wide)`);
}

async function sellWorkshop(desk) {
  await desk.button('Sell a seat').click();
  const workshop = desk.page.getByRole('group', { name: 'CQRS workshop' });
  const left = async () => Number((await workshop.getByText('left here').innerText()).match(/\d+/)[0]);
  await workshop.waitFor();
  const before = await left();
  await desk.button('One more: CQRS workshop').click();
  await desk.button('Hold seats').click();
  await desk.button('Take €').click();
  await desk.text('Paid and confirmed').waitFor();
  await desk.button('Back to the attendee').click();
  await desk.page.locator('li', { hasText: 'CQRS workshop' }).getByText('Paid', { exact: true }).waitFor();
  await desk.button('Sell a seat').click();
  await desk.waitForWords(workshop, `${before - 1} left here`);
  const sold = before - (await left());
  await desk.button('Back').click();
  await desk.button('Sell a seat').waitFor();
  return sold;
}

async function workWithoutHq(desk, guest) {
  await desk.waitForWords(desk.strip('hq'), 'HQ connected');
  await ask('line', { node: 'north', to: 'cut' });
  await desk.waitForWords(desk.strip('hq'), 'HQ away');
  await desk.waitForWords(desk.strip('node'), 'Node north');
  await desk.press('F2');
  await desk.text('Ready to scan').waitFor();
  await desk.scanFor(guest.code, 'admitted');
  await desk.closeVerdict();
  await desk.waitForWords(desk.strip('unsent'), 'to send');
  await ask('line', { node: 'north', to: 'restore' });
  await desk.waitForWords(desk.strip('hq'), 'HQ connected');
  await desk.waitForWords(desk.strip('unsent'), 'All sent');
  await desk.waitForWords(desk.strip('arrivals'), '2 of ');
}

/** The card of somebody checked in, with what was sold and the badge, once the printer is done. */
async function takePicture(desk, path) {
  await desk.page.setViewportSize({ width: 1366, height: 860 });
  await desk.waitForWords(desk.strip('printer'), 'Printer ready');
  await desk.text('Printed').first().waitFor();
  const notices = desk.button('Dismiss message');
  while ((await notices.count()) > 0) await notices.first().click();
  await desk.page.locator('figure img').evaluate((image) => image.decode());
  await desk.page.screenshot({ path });
}
