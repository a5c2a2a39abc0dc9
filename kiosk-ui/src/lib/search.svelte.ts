/** Search as you type: the newest words win, older answers are dropped. */

import { ask, NodeUnreachable, ProblemError } from './api';
import type { AttendeeRow, Problem } from './wire';

const REST_MS = 120;
const ROWS = 20;

interface Found {
  rows: AttendeeRow[];
  more: boolean;
}

export class Search {
  words = $state('');
  rows = $state.raw<AttendeeRow[]>([]);
  more = $state(false);
  /** The words the rows answer. */
  answered = $state('');
  problem = $state.raw<Problem | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  /** Called for every change of the field. */
  type(words: string): void {
    this.words = words;
    clearTimeout(this.#timer);
    if (words.trim() === '') return this.clear();
    this.#timer = setTimeout(() => void this.find(), REST_MS);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.words = '';
    this.answered = '';
    this.rows = [];
    this.more = false;
    this.problem = null;
  }

  /** Asks the node at once. */
  async find(): Promise<void> {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const words = this.words.trim();
    try {
      const query = new URLSearchParams({ q: words, limit: String(ROWS) });
      const found = await ask<Found>(`/attendees?${query}`, { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.rows = found.rows;
      this.more = found.more;
      this.answered = words;
      this.problem = null;
    } catch (error) {
      if (abort.signal.aborted || error instanceof NodeUnreachable) return;
      if (!(error instanceof ProblemError)) throw error;
      this.problem = error.problem;
    }
  }
}
