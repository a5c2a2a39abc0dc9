/** What the strip says: which parts of the way from this desk to HQ and to paper are well. */

import type { IconName } from '../components/Icon.svelte';
import type { Args } from './l10n';
import { printerReason } from './printer_reason';
import type { PrinterStatus, Status } from './wire';

export type StripTone = 'good' | 'warn' | 'bad' | 'plain';

export interface StripItem {
  id: string;
  icon: IconName;
  tone: StripTone;
  message: string;
  args: Args;
}

/** Knowledge of HQ older than this is worth an eye, however the line looks. */
const STALE_MS = 5 * 60_000;
const OLD_JOB_MS = 2 * 60_000;

export interface StripView {
  connected: boolean;
  status: Status;
  /** Milliseconds since the status came in; ages in it are that much older. */
  statusAgeMs: number;
  nowMs: number;
  printer: string | null;
  span: (ms: number) => string;
}

export function stripItems(view: StripView): StripItem[] {
  const { status } = view;
  // Without the node nothing else is known; what was true a minute ago must not look true.
  if (!view.connected) return [nodeItem(view), { id: 'hq', icon: 'cloud', tone: 'plain', message: 'strip-hq-unknown', args: {} }];
  return [
    nodeItem(view),
    hqItem(view),
    knowledgeItem(view),
    unsentItem(view),
    printerItem(view, status.printers.find((printer) => printer.printer === view.printer)),
    {
      id: 'arrivals',
      icon: 'people',
      tone: 'plain',
      message: 'strip-arrivals',
      args: { in: status.arrivals.in, expected: status.arrivals.expected },
    },
    ...historyItems(view),
    ...storeItems(view),
  ];
}

function nodeItem({ connected, status }: StripView): StripItem {
  const args = { node: status.node.name };
  return connected
    ? { id: 'node', icon: 'node', tone: 'good', message: 'strip-node-connected', args }
    : { id: 'node', icon: 'unplugged', tone: 'bad', message: 'strip-node-lost', args };
}

function hqItem({ status }: StripView): StripItem {
  const looks = {
    online: ['good', 'strip-hq-online'],
    connecting: ['warn', 'strip-hq-connecting'],
    offline: ['warn', 'strip-hq-offline'],
    denied: ['bad', 'strip-hq-denied'],
  } as const;
  const [tone, message] = looks[status.hq.state];
  return { id: 'hq', icon: 'cloud', tone, message, args: { problem: status.hq.problem ?? '' } };
}

function knowledgeItem({ status, statusAgeMs, span }: StripView): StripItem {
  const known = status.hq.knowledge_age_ms;
  if (known === null) return { id: 'knowledge', icon: 'clock', tone: 'warn', message: 'strip-knowledge-none', args: {} };
  const age = known + statusAgeMs;
  const tone = age > STALE_MS ? 'warn' : 'plain';
  return { id: 'knowledge', icon: 'clock', tone, message: 'strip-knowledge', args: { age: span(age) } };
}

function unsentItem({ status, nowMs, span }: StripView): StripItem {
  const n = status.unsent_entries;
  if (n === 0) return { id: 'unsent', icon: 'send', tone: 'plain', message: 'strip-unsent-none', args: {} };
  const oldest = status.oldest_unsent_ms === null ? '' : span(nowMs - status.oldest_unsent_ms);
  return { id: 'unsent', icon: 'send', tone: 'warn', message: 'strip-unsent', args: { n, oldest } };
}

function printerItem({ nowMs, span }: StripView, printer: PrinterStatus | undefined): StripItem {
  if (printer === undefined) return { id: 'printer', icon: 'printer', tone: 'warn', message: 'strip-printer-none', args: {} };
  const oldestMs = printer.oldest_job_ms ?? null;
  const waited = oldestMs === null ? 0 : nowMs - oldestMs;
  const args = { printer: printer.name, queued: printer.queued, oldest: span(waited), reason: printerReason(printer.reason ?? printer.state) };
  const stopped = printer.state === 'attention' || printer.state === 'off';
  if (stopped) {
    const message = printer.state === 'off' ? 'strip-printer-off' : 'strip-printer-attention';
    return { id: 'printer', icon: 'printer', tone: 'bad', message, args };
  }
  if (printer.queued === 0) return { id: 'printer', icon: 'printer', tone: 'good', message: 'strip-printer-ready', args };
  const tone = waited > OLD_JOB_MS ? 'warn' : 'plain';
  return { id: 'printer', icon: 'printer', tone, message: 'strip-printer-queue', args };
}

/** The older log is worth a word while some of it is still to come. */
function historyItems({ status }: StripView): StripItem[] {
  if (status.history === null) return [];
  const { fetched, of, pending, all_pending } = status.history;
  const args = { fetched, of, pending, percent: Math.floor((100 * fetched) / Math.max(of, 1)) };
  const [tone, message] = all_pending ? (['bad', 'strip-history-all'] as const) : (['warn', 'strip-history'] as const);
  return [{ id: 'history', icon: 'book', tone, message, args }];
}

/** The store is worth a word only when it does not take everything. */
function storeItems({ status }: StripView): StripItem[] {
  const looks = {
    ok: null,
    low: ['warn', 'strip-store-low'],
    full: ['bad', 'strip-store-full'],
    stopped: ['bad', 'strip-store-stopped'],
  } as const;
  const look = looks[status.store.state];
  return look === null ? [] : [{ id: 'store', icon: 'store', tone: look[0], message: look[1], args: {} }];
}
