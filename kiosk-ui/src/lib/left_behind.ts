/** After a reload: the outcome of a command whose answer the page did not live to see. */

import { commands } from './commands.svelte';
import { door } from './door.svelte';
import { t } from './l10n';
import { naming, problemText } from './naming';
import { notices } from './notices.svelte';
import { verdictOf } from './verdicts';
import type { CheckInVerdict } from './wire';

/** Asks again with the kept key; another person's command is not theirs to send and is only told of. */
export async function resumeLeftBehind(): Promise<void> {
  const left = commands.leftBehind();
  if (left === null || commands.inFlight !== null) return;
  const { command, mine } = left;
  const deed = t(`deed-${command.deed}`);
  if (!mine) {
    commands.forgetLeftBehind();
    notices.tell('bad', t('left-behind-other', { deed }));
    return;
  }
  if (command.deed === 'check-in') {
    const outcome = await commands.resume<CheckInVerdict>(command);
    door.show(verdictOf(outcome, naming), command.body as { code?: string; attendee_id?: string; list: string });
    return;
  }
  const outcome = await commands.resume<unknown>(command);
  if (outcome.ok) notices.tell('good', t('left-behind-done', { deed }));
  else notices.tell('bad', t('left-behind-refused', { deed, problem: problemText(outcome.problem) }));
}
