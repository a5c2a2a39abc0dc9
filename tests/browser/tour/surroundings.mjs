/** The states around the desk: conflicts, printing, and what is lost. */

import { ask } from '../stage.mjs';

export async function visitConflicts(desk, at) {
  await desk.press('F7');
  const conflicts = desk.page.getByRole('article');
  await conflicts.nth(1).waitFor();
  await at('conflicts');
  const double = conflicts.filter({ hasText: desk.say('Checked in at two places') });
  await double.getByRole('button', { name: desk.say('Take back') }).last().click();
  await desk.label('Reason').waitFor();
  await at('conflict, decision');
  await desk.button('Identity checked').click();
  await desk.press('F9');
  await desk.text('Decided.').waitFor();
  await double.waitFor({ state: 'detached' });
  await conflicts.getByRole('button', { name: desk.say('Accept both') }).click();
  await desk.button('Identity checked').click();
  await desk.press('F9');
  await desk.text('No open conflicts.').waitFor();
  await at('conflicts, none open');
  await desk.button('Resolved').click();
  await conflicts.nth(1).waitFor();
  await at('conflicts, resolved');
}

export async function visitPrinting(desk, at) {
  await desk.press('F8');
  await desk.heading('Printer of this desk').waitFor();
  await at('printing');
  await desk.press('F1');
  await desk.button('Sign out').waitFor();
  await at('this desk');
  await desk.press('Escape');
}

export async function visitTexts(desk, at) {
  await desk.press('F10');
  await desk.button('Edit').first().click();
  await desk.label('Text').first().fill('Printer two is slow.');
  await at('handover and run-book');
  await desk.button('Save').click();
  await desk.page.getByText('Printer two is slow.').waitFor();
}

export async function visitLosses(desk, at, guest) {
  await desk.press('F2');
  await desk.text('Ready to scan').waitFor();
  await desk.button('Turn camera on').click();
  await desk.page.locator('[data-testid=camera][data-state=looking]').waitFor();
  await at('camera');
  await desk.button('Turn camera off').click();
  await ask('line', { node: 'north', to: 'cut' });
  await desk.waitForWords(desk.strip('hq'), 'HQ away');
  await at('HQ away');
  await ask('freeze', { node: 'north' });
  await desk.press('Escape');
  await desk.scan(guest.code);
  await desk.text('waiting for the node').waitFor();
  await at('waiting for an answer');
  await desk.text('Do not admit').waitFor();
  await at('not connected');
  await ask('kill', { node: 'north' });
  await ask('line', { node: 'north', to: 'restore' });
  await ask('start', { node: 'north' });
  await desk.label('Staff code').waitFor();
}
