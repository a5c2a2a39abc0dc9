/** What the desk is told after a check-in was asked for: a colour, a sign, a sound, words, and what can be done. */

import type { Args } from './l10n';
import type { Outcome } from './pending';
import type { Tone } from './sounds';
import type { AttendeeCard, AttendeeRow, CheckInVerdict, Problem, Refusal } from './wire';

/** Green, red, amber. */
export type VerdictTone = Tone;

/** What staff may do about a verdict. */
export type VerdictAction =
  | 'open-card'
  | 'choose'
  | 'override'
  | 'take-payment'
  | 'name-attendee'
  | 'sell-seat'
  | 'walk-up'
  | 'find-order'
  | 'search'
  | 'try-again';

export interface Verdict {
  tone: VerdictTone;
  /** The stable word: `admitted` or the refusal's or problem's code. */
  code: string;
  /** The message whose value is the headline and whose attributes `what` and `do` explain it. */
  message: string;
  args: Args;
  attendee: AttendeeCard | null;
  choices: AttendeeRow[];
  orderId: string | null;
  printing: boolean;
  actions: VerdictAction[];
}

interface Rule {
  tone: VerdictTone;
  actions: VerdictAction[];
}

/** Every code the node may answer with, and how it is met at the desk. */
export const RULES: Record<string, Rule> = {
  already_checked_in: { tone: 'refused', actions: ['open-card'] },
  not_on_list: { tone: 'refused', actions: ['sell-seat', 'walk-up', 'open-card'] },
  unpaid: { tone: 'attention', actions: ['take-payment', 'override', 'open-card'] },
  canceled: { tone: 'refused', actions: ['open-card'] },
  revoked: { tone: 'refused', actions: ['open-card'] },
  blocked: { tone: 'refused', actions: ['open-card'] },
  wrong_product: { tone: 'refused', actions: ['sell-seat', 'open-card'] },
  rules: { tone: 'refused', actions: ['open-card'] },
  invalid_time: { tone: 'refused', actions: ['open-card'] },
  ambiguous: { tone: 'attention', actions: ['choose'] },
  unknown_code: { tone: 'refused', actions: ['search', 'find-order', 'walk-up'] },
  mistyped_code: { tone: 'attention', actions: ['search'] },
  badge_void: { tone: 'refused', actions: ['open-card'] },
  wrong_conference: { tone: 'refused', actions: [] },
  no_seat_assigned: { tone: 'attention', actions: ['name-attendee'] },
  not_permitted: { tone: 'attention', actions: ['open-card'] },
  not_found: { tone: 'refused', actions: ['search'] },
  no_seats_left: { tone: 'refused', actions: ['open-card'] },
  sold_out: { tone: 'refused', actions: ['open-card'] },
  similar_attendees: { tone: 'attention', actions: ['choose'] },
  unknown_order: { tone: 'refused', actions: ['find-order', 'walk-up'] },
  mistyped_access_code: { tone: 'attention', actions: ['find-order'] },
  stale_version: { tone: 'attention', actions: ['open-card', 'try-again'] },
  busy: { tone: 'attention', actions: ['try-again'] },
  history_pending: { tone: 'attention', actions: ['try-again'] },
  store_full: { tone: 'attention', actions: ['try-again'] },
  stopped: { tone: 'attention', actions: [] },
  retired: { tone: 'attention', actions: [] },
  locked_out: { tone: 'attention', actions: [] },
  wrong_pin: { tone: 'attention', actions: [] },
  not_signed_in: { tone: 'attention', actions: [] },
  idempotency_key_missing: { tone: 'attention', actions: [] },
  idempotency_key_invalid: { tone: 'attention', actions: [] },
  idempotency_key_reused: { tone: 'attention', actions: [] },
  malformed_json: { tone: 'attention', actions: [] },
  unknown_field: { tone: 'attention', actions: [] },
  body_too_large: { tone: 'attention', actions: [] },
  wrong_content_type: { tone: 'attention', actions: [] },
  nothing_selected: { tone: 'attention', actions: [] },
  invalid_quantity: { tone: 'attention', actions: [] },
  unknown_seat_type: { tone: 'attention', actions: [] },
  not_on_sale: { tone: 'refused', actions: ['open-card'] },
  unknown_attendee: { tone: 'refused', actions: ['search', 'walk-up'] },
  unknown_check_in: { tone: 'attention', actions: [] },
  unknown_conflict: { tone: 'attention', actions: [] },
  unknown_badge: { tone: 'refused', actions: ['search'] },
  hold_expired: { tone: 'attention', actions: [] },
  order_is: { tone: 'attention', actions: [] },
  owned_elsewhere: { tone: 'attention', actions: [] },
  wrong_amount: { tone: 'attention', actions: [] },
  payment_missing: { tone: 'attention', actions: ['take-payment'] },
  already_annulled: { tone: 'attention', actions: [] },
  already_resolved: { tone: 'attention', actions: [] },
  erased: { tone: 'attention', actions: [] },
  unknown_version: { tone: 'attention', actions: ['try-again'] },
  document_full: { tone: 'attention', actions: [] },
  has_badge: { tone: 'attention', actions: ['open-card'] },
  seat_taken: { tone: 'attention', actions: [] },
  no_such_seat: { tone: 'attention', actions: [] },
  rights_out: { tone: 'attention', actions: [] },
  hq_only: { tone: 'attention', actions: [] },
  invalid_field: { tone: 'attention', actions: [] },
  badge_not_drawn: { tone: 'attention', actions: ['open-card'] },
  needs_upgrade: { tone: 'attention', actions: [] },
  unknown_desk: { tone: 'attention', actions: [] },
  unknown_node: { tone: 'attention', actions: [] },
  if_match_invalid: { tone: 'attention', actions: [] },
  internal: { tone: 'attention', actions: ['try-again'] },
};

/** Names, times and amounts as the desk shows them; passed in so that the words can be tested without a session. */
export interface Naming {
  desk: (slug: string | undefined) => string;
  when: (ms: number) => string;
  span: (ms: number) => string;
  seatType: (slug: string | undefined) => string;
  money: (minor: number) => string;
}

/** The verdict on a check-in's outcome. */
export function verdictOf(outcome: Outcome<CheckInVerdict>, naming: Naming): Verdict {
  return outcome.ok ? admitted(outcome.value) : refused(outcome.problem, naming);
}

function admitted(value: CheckInVerdict): Verdict {
  return {
    tone: 'admitted',
    code: 'admitted',
    message: 'verdict-admitted',
    args: {},
    attendee: value.attendee,
    choices: [],
    orderId: null,
    printing: value.print_job !== null,
    actions: ['open-card'],
  };
}

function refused(problem: Problem, naming: Naming): Verdict {
  const refusal = problem.refusal ?? { code: problem.code };
  const { rule, message } = wording(problem);
  const attendee = problem.attendee ?? null;
  return {
    tone: rule.tone,
    code: refusal.code,
    message,
    args: refusalArgs(refusal, problem, naming),
    attendee,
    choices: refusal.attendees ?? [],
    orderId: refusal.order_id ?? attendee?.seats.find((seat) => !seat.paid && seat.order_id)?.order_id ?? null,
    printing: false,
    actions: rule.actions,
  };
}

/** The rule and the message for a problem; a code nobody foresaw is still met, as a decision. */
export function wording(problem: Problem): { rule: Rule; message: string } {
  const refusal = problem.refusal ?? { code: problem.code };
  const code = refusal.code === 'unknown_code' && refusal.mistyped ? 'mistyped_code' : refusal.code;
  const rule = RULES[code];
  if (rule !== undefined) return { rule, message: `problem-${code}` };
  return { rule: { tone: 'attention', actions: ['open-card'] }, message: 'problem-other' };
}

/** What the words of a refusal speak of. */
export function refusalArgs(refusal: Refusal, problem: Problem, naming: Naming): Args {
  const time = (ms: number | null | undefined) => (ms === null || ms === undefined ? '–' : naming.when(ms));
  const synced = refusal.last_synced_ms ?? problem.last_synced_ms;
  return {
    code: refusal.code,
    desk: naming.desk(refusal.desk),
    node: refusal.node ?? '–',
    at: time(refusal.at_ms ?? refusal.expired_at_ms),
    ago: refusal.seconds_ago === undefined ? '–' : naming.span(refusal.seconds_ago * 1000),
    why: refusal.why ?? problem.detail ?? '–',
    opens: time(refusal.opens_ms),
    closes: time(refusal.closes_ms),
    synced: time(synced),
    voided: time(refusal.voided_at_ms),
    local: refusal.local ?? 0,
    elsewhere: (refusal.elsewhere ?? []).map((place) => `${place.node}: ${place.remaining}`).join(', ') || '–',
    wait: naming.span(problem.retry_after_ms ?? 0),
    type: naming.seatType(refusal.seat_type),
    quantity: refusal.quantity ?? 0,
    open: naming.money(refusal.open_minor ?? 0),
    free: refusal.free ?? 0,
    state: refusal.state ?? '–',
    field: refusal.field ?? '–',
  };
}
