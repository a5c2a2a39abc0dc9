/**
 * Verdicts the sample conference cannot bring about, from rules it does not have or from a node in trouble: the node
 * refuses a real scan, and its refusal reaches the page under another code.
 */

import { see } from './door.mjs';

const DECISIONS = [
  'not_on_list',
  'revoked',
  'blocked',
  'rules',
  'not_permitted',
  'not_found',
  'badge_not_drawn',
  'needs_upgrade',
  'something_from_a_later_version',
];
/** Nothing was decided, so the page does not remember them. */
const TROUBLES = ['busy', 'store_full', 'internal'];

export async function visitRefusalsOfOthers(desk, at, { guests, unpaid }) {
  // By turns, because the same code at once is the same scan and asks nothing.
  for (const [n, code] of DECISIONS.entries()) await seeAnother(desk, at, guests[n % 2].code, code);
  for (const code of TROUBLES) await seeAnother(desk, at, unpaid.code, code);
}

/** Scans somebody who is in already. */
async function seeAnother(desk, at, scanned, code) {
  const rename = async (route) => {
    const answer = await route.fetch();
    const problem = await answer.json();
    await route.fulfill({ response: answer, json: { ...problem, code, refusal: { code, why: 'Only with a guardian.' } } });
  };
  await desk.page.route('**/api/v1/check-ins', rename, { times: 1 });
  await see(desk, at, scanned, code);
}
