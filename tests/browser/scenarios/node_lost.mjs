/**
 * The node is lost in the middle of a check-in: before it has read the request, or after its commit and before its
 * answer. Either way the page says so over everything, keeps the command, and sends it again with its key.
 */

import { ask, assert, assertEqual, play } from '../stage.mjs';

play(nodeLost);

async function nodeLost(desk, { cast, dies }) {
  const [guest] = cast.guests;
  const sent = [];
  let last = null;
  desk.page.on('request', (request) => {
    if (isCheckIn(request)) sent.push(request.headers()['idempotency-key']);
  });
  desk.page.on('response', (response) => {
    if (isCheckIn(response.request()) && response.status() !== 401) last = response;
  });
  await desk.signIn('susi');
  if (dies === 'before') await dieBefore(desk, guest);
  else await dieAfter(desk, guest);
  await ask('start', { node: 'north' });
  // A restart ends the sessions of a node; the command waits until its author is back.
  await desk.label('Staff code').waitFor();
  await signInAgain(desk);
  await desk.verdict('admitted').waitFor();
  assertEqual(await desk.verdict().locator('.name').innerText(), guest.name, 'the name on the verdict');
  assert(sent.length >= 2, `the command was sent again (${sent.length} times)`);
  assertEqual(await desk.page.getByText('Not connected').count(), 0, 'pages saying "Not connected"');
  return { keys: new Set(sent).size, replayed: last.headers()['idempotent-replay'] === 'true' };
}

function isCheckIn(request) {
  return request.method() === 'POST' && request.url().endsWith('/check-ins');
}

async function dieBefore(desk, guest) {
  await ask('freeze', { node: 'north' });
  await desk.scan(guest.code);
  await desk.text('waiting for the node’s answer').waitFor();
  await seeNotConnected(desk);
  await ask('kill', { node: 'north' });
}

async function dieAfter(desk, guest) {
  const dropAnswer = async (route) => {
    const answer = await route.fetch();
    assertEqual(answer.status(), 201, 'the status of the answer nobody gets');
    await ask('kill', { node: 'north' });
    await route.abort('connectionreset');
  };
  await desk.page.route('**/api/v1/check-ins', dropAnswer, { times: 1 });
  await desk.scan(guest.code);
  await seeNotConnected(desk);
}

async function seeNotConnected(desk) {
  const page = desk.page.getByRole('alertdialog', { name: 'Not connected' });
  await page.getByText('Do not admit').waitFor();
  await desk.waitForWords(desk.page.getByTestId('pending-command'), 'The check-in');
  await desk.waitForWords(desk.strip('node'), 'lost');
  await desk.waitForWords(desk.strip('hq'), 'HQ unknown');
}

async function signInAgain(desk) {
  await desk.label('Staff code').fill('susi');
  await desk.label('PIN', true).fill(desk.pins.susi);
  await desk.press('Enter');
}
