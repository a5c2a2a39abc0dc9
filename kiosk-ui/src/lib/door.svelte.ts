/** The door: codes come in, verdicts are shown, one at a time. */

import { commands } from './commands.svelte';
import { connection } from './connection.svelte';
import { naming } from './naming';
import { SameScan, type ScanSource } from './same_scan';
import { session } from './session.svelte';
import { play } from './sounds';
import { verdictOf, type Verdict } from './verdicts';
import type { CheckInVerdict } from './wire';

const RECENT_MOST = 6;
/** How long a code must be out of the camera's view before a verdict closed by hand may open again. */
const OUT_OF_VIEW_MS = 1_500;

interface Asked {
  code?: string;
  attendee_id?: string;
  list: string;
  override?: { reason: string };
}

export interface Shown {
  verdict: Verdict;
  sameScan: boolean;
  asked: Asked;
  /** Grows with every showing, so that the time to return begins anew. */
  showing: number;
}

export interface Recent {
  id: number;
  atMs: number;
  verdict: Verdict;
}

class Door {
  shown = $state.raw<Shown | null>(null);
  recent = $state.raw<Recent[]>([]);
  /** A scan came in while another still waited for its answer. */
  tooSoon = $state(false);
  #asking: string | null = null;
  #memory = new SameScan<Shown>();
  #showings = 0;
  #closedByHand: { code: string; lastSeenMs: number } | null = null;

  constructor() {
    commands.onSuccess(() => this.#memory.forget());
  }

  /** A code was presented. */
  async scan(code: string, source: ScanSource): Promise<void> {
    const list = session.list;
    if (this.#stillInViewAfterClosing(code, source)) return;
    if (this.#asking === code) return;
    const known = this.#memory.recall(code, list, source, Date.now());
    if (known !== null) return this.#repeat(known, source);
    await this.#ask(code, { code, list });
  }

  /** A person was chosen instead of a code. */
  async checkIn(attendeeId: string, override?: { reason: string }): Promise<void> {
    await this.#ask(attendeeId, { attendee_id: attendeeId, list: session.list, ...(override ? { override } : {}) });
  }

  /** Asks once more, by somebody who may, for what was refused. */
  async override(shown: Shown, reason: string): Promise<void> {
    const { code, attendee_id, list } = shown.asked;
    const subject = code === undefined ? { attendee_id } : { code };
    await this.#ask(code ?? attendee_id ?? '', { ...subject, list, override: { reason } } as Asked);
  }

  /** Asks again after a problem that was no decision. */
  async tryAgain(shown: Shown): Promise<void> {
    await this.#ask(shown.asked.code ?? shown.asked.attendee_id ?? '', shown.asked);
  }

  /** Shows the outcome of a check-in that a reload had interrupted. */
  show(verdict: Verdict, asked: Asked): void {
    this.#present(verdict, asked);
  }

  dismiss(byHand: boolean): void {
    const code = this.shown?.asked.code;
    if (byHand && code !== undefined) this.#closedByHand = { code, lastSeenMs: Date.now() };
    this.shown = null;
  }

  async #ask(subject: string, asked: Asked): Promise<void> {
    if (this.#asking !== null || connection.state === 'lost') {
      this.tooSoon = true;
      play('attention');
      return;
    }
    this.#asking = subject;
    this.tooSoon = false;
    try {
      const outcome = await commands.give<CheckInVerdict>('check-in', '/check-ins', asked);
      this.#present(verdictOf(outcome, naming), asked);
    } finally {
      this.#asking = null;
      this.tooSoon = false;
    }
  }

  #present(verdict: Verdict, asked: Asked): void {
    const shown: Shown = { verdict, sameScan: false, asked, showing: ++this.#showings };
    this.shown = shown;
    this.#closedByHand = null;
    this.recent = [{ id: shown.showing, atMs: connection.nodeNowMs, verdict }, ...this.recent].slice(0, RECENT_MOST);
    const undecided = verdict.actions.includes('try-again');
    if (asked.code !== undefined && !undecided) this.#memory.remember(asked.code, asked.list, shown, Date.now());
    play(verdict.tone);
  }

  #repeat(known: Shown, source: ScanSource): void {
    if (source !== 'camera') play(known.verdict.tone);
    this.shown = { ...known, sameScan: true, showing: ++this.#showings };
  }

  #stillInViewAfterClosing(code: string, source: ScanSource): boolean {
    const closed = this.#closedByHand;
    if (source !== 'camera' || closed === null || closed.code !== code) return false;
    const gap = Date.now() - closed.lastSeenMs;
    closed.lastSeenMs = Date.now();
    if (gap < OUT_OF_VIEW_MS) return true;
    this.#closedByHand = null;
    return false;
  }
}

export const door = new Door();
