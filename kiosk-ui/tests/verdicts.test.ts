import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { has, t } from '../src/lib/l10n';
import { RULES, verdictOf, type Naming } from '../src/lib/verdicts';
import type { Problem } from '../src/lib/wire';

const naming: Naming = { desk: (slug) => slug ?? '–', when: (ms) => `@${ms}`, span: (ms) => `${ms / 1000} s`, seatType: (slug) => slug ?? '–', money: (minor) => `${minor}` };

function verdict(problem: Partial<Problem> & { code: string }) {
  return verdictOf({ ok: false, problem: { status: 409, ...problem }, replayed: false }, naming);
}

/** The words of the contract: refusals of a check-in first, then the other problems. */
const CODES = {
  red: ['already_checked_in', 'not_on_list', 'canceled', 'revoked', 'blocked', 'wrong_product', 'rules', 'invalid_time', 'unknown_code', 'badge_void', 'wrong_conference', 'no_seats_left', 'sold_out', 'not_found', 'unknown_order'],
  amber: ['unpaid', 'ambiguous', 'no_seat_assigned', 'not_permitted', 'similar_attendees', 'mistyped_access_code', 'stale_version', 'busy', 'store_full', 'locked_out', 'wrong_pin', 'not_signed_in', 'idempotency_key_missing', 'idempotency_key_invalid', 'idempotency_key_reused', 'malformed_json', 'unknown_field', 'body_too_large', 'wrong_content_type', 'internal'],
};

describe('a refusal', () => {
  it.each(CODES.red)('%s is red', (code) => expect(verdict({ code }).tone).toBe('refused'));
  it.each(CODES.amber)('%s is amber', (code) => expect(verdict({ code }).tone).toBe('attention'));

  it.each(Object.keys(RULES))('%s has a headline, an explanation and an advice', (code) => {
    for (const id of [`problem-${code}`, `problem-${code}.what`, `problem-${code}.do`]) expect(has(id), id).toBe(true);
  });

  it('of the domain has a rule of its own here', () => {
    const file = join(import.meta.dirname, '../../domain/src/refusal.rs');
    expect(existsSync(file), 'the page stands beside the domain').toBe(true);
    const codes = [...readFileSync(file, 'utf8').matchAll(/Self::\w+(?: \{ \.\. \})? => "([a-z_]+)",/g)].map((match) => match[1] ?? '');
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !(code in RULES))).toEqual([]);
  });

  it('of the node as a whole has a rule of its own here', () => {
    const file = join(import.meta.dirname, '../../edge/node/src/http/refused.rs');
    expect(existsSync(file), 'the page stands beside the node').toBe(true);
    const codes = [...readFileSync(file, 'utf8').matchAll(/StatusCode::\w+,\s*"([a-z_]+)"/g)].map((match) => match[1] ?? '');
    expect(codes.length).toBeGreaterThanOrEqual(10);
    const only = { atHq: ['healing', 'nodes_too_old'], ofImports: ['unknown_alias'] };
    expect(codes.filter((code) => !(code in RULES) && ![...only.atHq, ...only.ofImports].includes(code))).toEqual([]);
  });

  it('says when and where somebody came in before', () => {
    const refusal = { code: 'already_checked_in', at_ms: 7, desk: 'north-1', node: 'south', seconds_ago: 90 };
    const { message, args } = verdict({ code: 'already_checked_in', refusal });
    expect(t(`${message}.what`, args)).toBe('90 s ago, at @7: north-1 (node south).');
  });

  it('tells a typing mistake from a code nobody knows', () => {
    expect(verdict({ code: 'unknown_code', refusal: { code: 'unknown_code', mistyped: true } })).toMatchObject({ tone: 'attention', message: 'problem-mistyped_code' });
    expect(verdict({ code: 'unknown_code', refusal: { code: 'unknown_code', mistyped: false } })).toMatchObject({ tone: 'refused', message: 'problem-unknown_code' });
  });

  it('nobody foresaw still asks for a decision, with its code in words', () => {
    const { tone, message, args } = verdict({ code: 'from_the_future', detail: 'Not on Sundays.' });
    expect(tone).toBe('attention');
    expect(t(`${message}.what`, args)).toBe('from_the_future: Not on Sundays.');
  });
});
