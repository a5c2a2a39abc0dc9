/** The shapes the venue node sends and takes under /api/v1. Times are Unix milliseconds UTC, money is minor units. */

export type Role = 'event_planner' | 'volunteer' | 'cashier' | 'supervisor' | 'administrator';

export interface Me {
  staff: string;
  name: string;
  role: Role;
  desk: string;
  may: string[];
}

export interface Desk {
  desk: string;
  name: string;
  place: string | null;
  printer: string | null;
  lists: string[];
}

export interface CheckInList {
  list: string;
  name: string;
  re_entry: boolean;
}

export interface SeatType {
  seat_type: string;
  name: string;
  price_minor: number;
  tax_percent: number;
  quota: number;
  grants_admission: boolean;
  extra: boolean;
  on_sale: boolean;
  remaining_here: number;
  remaining_elsewhere: number;
  elsewhere: { node: string; remaining: number }[];
}

export interface Conference {
  slug: string;
  name: string;
  starts_ms: number;
  ends_ms: number;
  time_zone: string;
  currency: string;
  lists: CheckInList[];
  seat_types: SeatType[];
}

export type LineState = 'online' | 'connecting' | 'offline' | 'denied';
export type PrinterState = 'ready' | 'printing' | 'attention' | 'off';

export interface PrinterStatus {
  printer: string;
  name: string;
  state: PrinterState;
  reason: string | null;
  queued: number;
  oldest_job_ms?: number | null;
}

export interface Arrivals {
  in: number;
  expected: number;
}

export interface Status {
  node: { name: string; id: string };
  conference: { slug: string; name: string };
  now_ms: number;
  position: number;
  hq: {
    state: LineState;
    last_contact_ms: number | null;
    knowledge_age_ms: number | null;
    problem: string | null;
  };
  siblings: { name: string; state: string; last_contact_ms: number | null }[];
  unsent_entries: number;
  oldest_unsent_ms: number | null;
  arrivals: Arrivals;
  open_conflicts: number;
  seat_types: { seat_type: string; remaining_here: number; remaining_elsewhere: number }[];
  printers: PrinterStatus[];
  store: { state: 'ok' | 'low' | 'full' | 'stopped'; damage: string | null };
  /** How much of the older log a new node has; null once all of it is there. */
  history: { fetched: number; of: number; pending: number; all_pending: boolean } | null;
  /** Attendees and orders that are still to be indexed: a search finds them and takes longer. */
  unindexed: number;
}

export type AttendeeState = 'expected' | 'in' | 'out' | 'canceled' | 'unpaid';

export interface AttendeeRow {
  attendee_id: string;
  name: string;
  company: string | null;
  masked_email: string | null;
  seat_types: string[];
  state: AttendeeState;
  checked_in_at_ms: number | null;
  badge_printed: boolean;
}

export type SeatState = 'held' | 'sold' | 'released' | 'cancelled';

export interface AttendeeSeat {
  seat_type: string;
  name: string;
  state: SeatState;
  paid: boolean;
  order_id: string | null;
}

export interface CheckIn {
  dot: string;
  list: string;
  desk: string;
  node: string;
  at_ms: number;
  effective: boolean;
  annulled: { by: string; at_ms: number; reason: string } | null;
}

export interface Badge {
  badge_code: string;
  state: 'active' | 'void';
  flagged: boolean;
  printed_at_ms: number | null;
  entitlements: string[];
}

export interface HistoryLine {
  dot: string;
  at_ms: number;
  what: string;
  desk: string | null;
  place: string | null;
  actor: string | null;
  words: string;
}

export interface ConflictSide {
  dot: string;
  what: string;
  node: string;
  desk: string | null;
  actor: string | null;
  at_ms: number;
  corrected_at_ms: number;
  effective: boolean;
}

/** What staff decide on a conflict. */
export type Decision = { decision: 'annul'; dot: string } | { decision: 'accept' };

export interface Conflict {
  conflict_id: string;
  kind: 'double_entry' | 'admitted_before_notice';
  attendee_id: string;
  attendee_name: string;
  /** The attendee's version: what a decision is made on. */
  version: number;
  opened_at_ms: number;
  sides: ConflictSide[];
  delay_ms: number | null;
  state: 'open' | 'resolved';
  resolution: {
    decision: 'annul' | 'accept';
    annulled: string | null;
    by: string;
    node: string;
    at_ms: number;
    reason: string;
    overruled: boolean;
  } | null;
}

export type DocumentField = 'badge_name' | 'company' | 'pronouns' | 'access_needs' | 'text';

/** A value of a field, and who wrote it; an empty one sets nothing. */
export interface DocumentValue {
  text: string;
  by: string;
  place: string;
  node: string;
  at_ms: number;
}

/** Text that several desks may edit at once. */
export interface DocumentCard {
  /** What an edit of it has seen. */
  version: string;
  /** Several values of a field were written unseen by each other; the first is used until one is chosen. */
  fields: Partial<Record<DocumentField, DocumentValue[]>>;
  /** Edits that wait for others that are not here. */
  waiting: number;
}

export interface AttendeeCard extends AttendeeRow {
  version: number;
  first_name: string;
  last_name: string;
  email: string | null;
  access_code: string | null;
  language: string | null;
  seats: AttendeeSeat[];
  check_ins: CheckIn[];
  badges: Badge[];
  history: HistoryLine[];
  document: DocumentCard;
  conflicts: Conflict[];
  pending: boolean;
  read_only: boolean;
}

export interface PrintJob {
  job_id: string;
  attendee_id: string;
  attendee_name: string;
  badge_code: string;
  printer: string;
  state: 'queued' | 'printing' | 'done' | 'waiting' | 'failed' | 'discarded';
  reason: string | null;
  question: 'did_it_print' | 'print_or_discard' | null;
  queued_at_ms: number;
  done_at_ms: number | null;
}

export interface CheckInVerdict {
  verdict: 'admitted';
  check_in: string;
  attendee: AttendeeCard;
  print_job: PrintJob | null;
  arrivals: Arrivals;
}

export interface OrderLine {
  seat_type: string;
  name: string;
  wanted: number;
  held: number;
  price_minor: number;
}

export interface OrderSeat {
  /** Position, from 0. */
  n: number;
  seat_type: string;
  attendee_id: string | null;
  state: SeatState;
}

export interface Order {
  order_id: string;
  version: number;
  access_code: string;
  state: 'placed' | 'confirmed' | 'cancelled' | 'expired';
  attendee_id: string | null;
  registrant: { name: string; email: string | null } | null;
  lines: OrderLine[];
  complete: boolean;
  total_minor: number;
  paid_minor: number;
  open_minor: number;
  refund_due_minor: number;
  currency: string;
  expires_ms: number | null;
  owner_node: string;
  seats: OrderSeat[];
}

/** A refusal of the domain: a stable code and the facts that belong to it. */
export interface Refusal {
  code: string;
  at_ms?: number;
  desk?: string;
  node?: string;
  seconds_ago?: number;
  why?: string;
  opens_ms?: number | null;
  closes_ms?: number | null;
  attendees?: AttendeeRow[];
  mistyped?: boolean;
  last_synced_ms?: number | null;
  voided_at_ms?: number | null;
  order_id?: string;
  seats?: unknown[];
  seat_type?: string;
  local?: number;
  quantity?: number;
  expired_at_ms?: number;
  open_minor?: number;
  free?: number;
  state?: string;
  field?: string;
  elsewhere?: { node: string; remaining: number }[];
}

/** An `application/problem+json` answer. */
export interface Problem {
  code: string;
  status: number;
  title?: string;
  detail?: string;
  refusal?: Refusal;
  attendee?: AttendeeCard;
  retry_after_ms?: number;
  last_synced_ms?: number | null;
  /** With a stale version: the present one, and what came between. */
  version?: number;
  events_between?: HistoryLine[];
}
