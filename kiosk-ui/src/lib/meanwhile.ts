/** What came between a look at a card and the decision, for whoever decided. */

import type { Deed, Outcome } from './pending';
import type { HistoryLine, Problem } from './wire';

/** Printing follows from what a desk did before; it changes no decision but one on the badge itself. */
const BADGE_PRINTED = 'badge-printed';

/** The lines to show before somebody decides again; null when the problem is another one. */
export function meanwhile(problem: Problem): HistoryLine[] | null {
  return problem.code === 'stale_version' ? (problem.events_between ?? []) : null;
}

/** Tells whether a decision was held up by nothing that could change it. */
export function isNoNews<T>(outcome: Outcome<T>, deed: Deed): outcome is Outcome<T> & { ok: false } {
  if (outcome.ok || deed === 'badge') return false;
  const lines = meanwhile(outcome.problem) ?? [];
  return lines.length > 0 && lines.every((line) => line.what === BADGE_PRINTED);
}
