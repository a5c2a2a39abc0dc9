import { beforeEach, describe, expect, it } from 'vitest';
import { foldAccessCode, groupAccessCode } from '../src/lib/access_code';
import { backoffMs } from '../src/lib/backoff';
import { clockTime, countdown, money, parseMoney, span, useConference, when } from '../src/lib/format';
import { newCommandKey } from '../src/lib/ids';

const NOON_UTC = Date.UTC(2026, 10, 21, 12, 0, 5);

beforeEach(() => useConference({ time_zone: 'Europe/Berlin', currency: 'EUR' }));

describe('times', () => {
  it('are shown in the conference’s time zone', () => {
    expect(clockTime(NOON_UTC)).toBe('13:00');
    expect(clockTime(NOON_UTC, true)).toBe('13:00:05');
  });

  it('carry their day when it is another one', () => {
    expect(when(NOON_UTC, NOON_UTC + 60_000)).toBe('13:00');
    expect(when(NOON_UTC, NOON_UTC + 24 * 3_600_000)).toBe('21 Nov, 13:00');
  });

  it('become spans in their largest unit', () => {
    expect([0, 59_999, 60_000, 3_599_999, 3_600_000, 48 * 3_600_000].map(span)).toEqual(['0 s', '59 s', '1 min', '59 min', '1 h', '2 d']);
  });

  it('count down to zero and no further', () => {
    expect([15 * 60_000, 899_999, 1_000, 0, -5_000].map(countdown)).toEqual(['15:00', '14:59', '0:01', '0:00', '0:00']);
  });
});

describe('money', () => {
  it('is shown with its currency', () => {
    expect(money(19_900)).toBe('€199.00');
    expect(money(500, 'JPY')).toBe('JP¥500');
  });

  it('is read as people type it', () => {
    expect(['12', '12.5', '12,50', ' 0.05 '].map((typed) => parseMoney(typed))).toEqual([1_200, 1_250, 1_250, 5]);
  });

  it('is refused where it is none', () => {
    expect(['', 'x', '1.234', '-1', '1e3', '1.000,00'].map((typed) => parseMoney(typed))).toEqual([null, null, null, null, null, null]);
    expect(parseMoney('5.5', 'JPY')).toBeNull();
  });
});

describe('access codes', () => {
  it('fold case, blanks, dashes, O with 0, I and L with 1', () => {
    expect(foldAccessCode(' abc-dO0 iIl1 ')).toBe('ABCD001111');
  });

  it('are grouped for reading aloud', () => {
    expect(groupAccessCode('ABCDEFGHJ')).toBe('ABC DEF GHJ');
  });
});

describe('command keys', () => {
  it('are 32 lowercase hex digits, each another', () => {
    const keys = Array.from({ length: 50 }, newCommandKey);
    expect(keys.every((key) => /^[0-9a-f]{32}$/.test(key))).toBe(true);
    expect(new Set(keys).size).toBe(50);
  });
});

describe('waiting between attempts', () => {
  it('doubles up to a cap, with jitter of half', () => {
    expect([0, 1, 2, 3, 4, 50].map((attempt) => backoffMs(attempt, 1))).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(backoffMs(0, 0)).toBe(250);
  });
});
