/** How refusals name desks, seat types, times and amounts on this page. */

import { connection } from './connection.svelte';
import { money, span, when } from './format';
import { t } from './l10n';
import { session } from './session.svelte';
import { refusalArgs, wording, type Naming } from './verdicts';
import type { Problem } from './wire';

export const naming: Naming = {
  desk: (slug) => session.deskName(slug) || '–',
  when: (ms) => when(ms, connection.nodeNowMs),
  span,
  seatType: (slug) => session.conference?.seat_types.find((type) => type.seat_type === slug)?.name ?? slug ?? '–',
  money,
};

/** One paragraph for a problem that is shown in its place instead of as a verdict. */
export function problemText(problem: Problem): string {
  const { message } = wording(problem);
  const args = refusalArgs(problem.refusal ?? { code: problem.code }, problem, naming);
  return `${t(message, args)}. ${t(`${message}.what`, args)} ${t(`${message}.do`, args)}`;
}
