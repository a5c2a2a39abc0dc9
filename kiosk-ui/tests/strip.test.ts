import { describe, expect, it } from 'vitest';
import { has, t } from '../src/lib/l10n';
import { stripItems } from '../src/lib/strip';
import type { Status } from '../src/lib/wire';

const NOW_MS = 10_000_000;

function items(change: Partial<Status>, connected = true) {
  const status: Status = {
    node: { name: 'north', id: 'ab' },
    conference: { slug: 'c', name: 'C' },
    now_ms: NOW_MS,
    position: 1,
    hq: { state: 'online', last_contact_ms: NOW_MS, knowledge_age_ms: 2_000, problem: null },
    siblings: [],
    unsent_entries: 0,
    oldest_unsent_ms: null,
    arrivals: { in: 12, expected: 2000 },
    open_conflicts: 0,
    seat_types: [],
    printers: [{ printer: 'a', name: 'Badge A', state: 'ready', reason: null, queued: 0, oldest_job_ms: null }],
    store: { state: 'ok', damage: null },
    history: null,
    unindexed: 0,
    ...change,
  };
  const list = stripItems({ connected, status, statusAgeMs: 1_000, nowMs: NOW_MS, printer: 'a', span: (ms) => `${ms / 1000} s` });
  for (const item of list) expect(has(item.message) && has(`${item.message}.hint`), item.message).toBe(true);
  return Object.fromEntries(list.map((item) => [item.id, { tone: item.tone, text: t(item.message, item.args) }]));
}

describe('the strip', () => {
  it('tells desk → node from node → HQ', () => {
    expect(items({}).node).toEqual({ tone: 'good', text: 'Node north' });
    expect(items({}, false)).toEqual({
      node: { tone: 'bad', text: 'Node north lost' },
      hq: { tone: 'plain', text: 'HQ unknown' },
    });
    const away = items({ hq: { state: 'offline', last_contact_ms: 1, knowledge_age_ms: 400_000, problem: null } });
    expect(away.node?.tone).toBe('good');
    expect(away.hq).toEqual({ tone: 'warn', text: 'HQ away' });
    expect(away.knowledge).toEqual({ tone: 'warn', text: 'HQ 401 s ago' });
  });

  it('counts what waits to be sent', () => {
    expect(items({ unsent_entries: 14, oldest_unsent_ms: NOW_MS - 60_000 }).unsent).toEqual({ tone: 'warn', text: '14 to send' });
  });

  it('names the cause of a printer’s stop', () => {
    const printers = [{ printer: 'a', name: 'Badge A', state: 'attention' as const, reason: 'media-empty-error', queued: 3, oldest_job_ms: NOW_MS - 5_000 }];
    expect(items({ printers }).printer).toEqual({ tone: 'bad', text: 'Printer stopped: out of paper (3 waiting)' });
    expect(items({ printers: [] }).printer?.text).toBe('No printer');
  });

  it('shows how many of how many are in', () => {
    expect(items({}).arrivals?.text).toBe('12 of 2,000 in');
  });

  it('speaks of the disk only when it does not take everything', () => {
    expect(items({}).store).toBeUndefined();
    expect(items({ store: { state: 'low', damage: null } }).store).toEqual({ tone: 'warn', text: 'Disk nearly full: free space, check-in goes on' });
    expect(items({ store: { state: 'full', damage: null } }).store).toEqual({ tone: 'bad', text: 'Disk full' });
    expect(items({ store: { state: 'stopped', damage: null } }).store).toEqual({ tone: 'bad', text: 'Node writes no more' });
  });

  it('speaks of the older log while it comes', () => {
    const history = { fetched: 999, of: 2_000, pending: 3, all_pending: false };
    expect(items({}).history).toBeUndefined();
    expect(items({ history }).history).toEqual({ tone: 'warn', text: 'Older log 49 %' });
    expect(items({ history: { ...history, all_pending: true } }).history).toEqual({ tone: 'bad', text: 'Not ready: older log 49 %' });
  });
});
