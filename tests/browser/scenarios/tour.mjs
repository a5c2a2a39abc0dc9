/** Every state of the page, one after the other, each looked at in one way: for accessibility, or for its words. */

import { play } from '../stage.mjs';
import * as looks from '../looks.mjs';
import { visitBeforeTheDoor, visitTheDoor } from '../tour/door.mjs';
import { visitRefusalsOfOthers } from '../tour/refusals.mjs';
import { visitCard, visitDocument, visitSale, visitWalkUp } from '../tour/people.mjs';
import { visitConflicts, visitLosses, visitPrinting, visitTexts } from '../tour/surroundings.mjs';

play(tour, ({ look, width }) => ({ width, pseudoLocale: look === 'words' }));

async function tour(desk, { cast, look }) {
  const findings = new Map();
  const seen = new Set();
  const at = async (state) => {
    if (seen.has(state)) throw new Error(`state ${state} is visited twice`);
    seen.add(state);
    for (const finding of await looks[look](desk)) findings.set(finding, [...(findings.get(finding) ?? []), state]);
  };
  await visitBeforeTheDoor(desk, at);
  await visitTheDoor(desk, at, cast);
  await visitRefusalsOfOthers(desk, at, cast);
  await visitCard(desk, at, cast.guests[0]);
  await visitDocument(desk, at);
  await visitSale(desk, at);
  await visitWalkUp(desk, at);
  await visitConflicts(desk, at);
  await visitPrinting(desk, at);
  await visitTexts(desk, at);
  await visitLosses(desk, at, cast.guests[4]);
  return { findings: [...findings].map(([finding, states]) => `${finding} (in: ${states.join('; ')})`), states: seen.size };
}
