/** What an entry of the log says, in the words of the catalogue. */

import { has, t } from './l10n';
import type { HistoryLine } from './wire';

/** One line of a history; for a kind of a newer node, that node's own words. */
export function historyWords(line: HistoryLine): string {
  if (!has(`history-${line.what}`)) return t('history-other', { words: line.words });
  return line.place === null ? t(`history-${line.what}`) : t(`history-${line.what}.at`, { place: line.place });
}
