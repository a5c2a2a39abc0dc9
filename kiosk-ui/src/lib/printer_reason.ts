/** Why a printer stopped, in words; reasons follow RFC 8011 §5.4.12 with their severity at the end. */

import { has, t } from './l10n';

export function printerReason(reason: string): string {
  const bare = reason.replace(/-(?:error|warning|report)$/, '');
  const id = `printer-reason-${bare}`;
  return has(id) ? t(id) : reason;
}
