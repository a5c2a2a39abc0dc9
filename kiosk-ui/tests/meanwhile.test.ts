import { describe, expect, it } from 'vitest';
import { historyWords } from '../src/lib/history';
import { isNoNews, meanwhile } from '../src/lib/meanwhile';
import type { Outcome } from '../src/lib/pending';
import type { HistoryLine } from '../src/lib/wire';

function line(what: string, place: string | null = null): HistoryLine {
  return { dot: `a:1:${what}`, at_ms: 1, what, desk: null, place, actor: 'ana', words: 'In words of the node' };
}

function stale(...events_between: HistoryLine[]): Outcome<unknown> {
  return { ok: false, problem: { code: 'stale_version', status: 412, version: 7, events_between }, replayed: false };
}

describe('what came between', () => {
  it('is told for a stale version and for no other problem', () => {
    const lines = [line('badge-voided')];
    expect(meanwhile({ code: 'stale_version', status: 412, events_between: lines })).toBe(lines);
    expect(meanwhile({ code: 'stale_version', status: 412 })).toEqual([]);
    expect(meanwhile({ code: 'unpaid', status: 409 })).toBeNull();
  });

  it('holds no decision up when it is a printed badge, but for one on the badge', () => {
    expect(isNoNews(stale(line('badge-printed')), 'annulment')).toBe(true);
    expect(isNoNews(stale(line('badge-printed')), 'badge')).toBe(false);
    expect(isNoNews(stale(line('badge-printed'), line('check-in-annulled')), 'annulment')).toBe(false);
    expect(isNoNews(stale(), 'annulment')).toBe(false);
    expect(isNoNews({ ok: true, value: {}, replayed: false }, 'annulment')).toBe(false);
    expect(isNoNews({ ok: false, problem: { code: 'already_annulled', status: 409 }, replayed: false }, 'annulment')).toBe(false);
  });
});

describe('a line of a history', () => {
  it('is said in words of the catalogue, with its place', () => {
    expect(historyWords(line('attendee-checked-in', 'Main door'))).toBe('Checked in at Main door');
    expect(historyWords(line('order-cancelled'))).toBe('Order canceled');
  });

  it('of a kind this page does not know is said in the words of the node', () => {
    expect(historyWords(line('badge-laminated', 'Main door'))).toBe('In words of the node');
  });
});
