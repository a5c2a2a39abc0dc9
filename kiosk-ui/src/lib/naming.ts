/** How refusals name desks and times on this page. */

import { connection } from './connection.svelte';
import { span, when } from './format';
import { t } from './l10n';
import { session } from './session.svelte';
import { refusalArgs, wording, type Naming } from './verdicts';
import type { Problem } from './wire';

export const naming: Naming = {
  desk: (slug) => session.deskName(slug) || '–',
  when: (ms) => when(ms, connection.nodeNowMs),
  span,
};

/** One paragraph for a problem that is shown in its place instead of as a verdict. */
export function problemText(problem: Problem): string {
  const { message } = wording(problem);
  const args = refusalArgs(problem.refusal ?? { code: problem.code }, problem, naming);
  return `${t(message, args)}. ${t(`${message}.what`, args)} ${t(`${message}.do`, args)}`;
}
