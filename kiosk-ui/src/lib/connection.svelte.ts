/**
 * Whether the page hears its node.
 *
 * A failed request, a broken event stream whose probe fails, or 20 seconds of silence mean "not connected". The node
 * is then asked at growing intervals; any complete answer means it is back.
 */

import { ask, NodeUnreachable, onRequests, ProblemError } from './api';
import { backoffMs, pause } from './backoff';
import { clock } from './clock.svelte';
import type { PrintJob, Status } from './wire';

const SILENCE_MS = 20_000;
const PROBE_TIMEOUT_MS = 3_000;
const WATCH_EVERY_MS = 1_000;
const REOPEN_AFTER_MS = 1_000;

export interface Changes {
  attendee: { attendee_id: string; version: number };
  order: { order_id: string; version: number };
  conflicts: { open: number };
  seats: { seat_type: string; remaining_here: number; remaining_elsewhere: number };
  document: { document: string };
  print_job: { job: PrintJob };
}

type Listener = (name: keyof Changes, data: Changes[keyof Changes]) => void;

class Connection {
  state = $state<'connecting' | 'connected' | 'lost'>('connecting');
  status = $state.raw<Status | null>(null);
  lostAtMs = $state<number | null>(null);
  /** Grows whenever what is shown may have missed changes and has to be read again. */
  generation = $state(0);
  #statusAtMs = 0;
  #heardAtMs = Date.now();
  #stream: EventSource | null = null;
  #probing = false;
  #listeners = new Set<Listener>();
  #waiting: (() => void)[] = [];

  constructor() {
    onRequests({ unreachable: () => this.#lose(), answered: () => this.#hear() });
  }

  /** The node's clock, carried on by this browser's. */
  get nodeNowMs(): number {
    const elapsed = Math.max(0, clock.nowMs - this.#statusAtMs);
    return this.status === null ? clock.nowMs : this.status.now_ms + elapsed;
  }

  /** Milliseconds since the last status came in. */
  get statusAgeMs(): number {
    return this.status === null ? 0 : Math.max(0, clock.nowMs - this.#statusAtMs);
  }

  /** Calls back for each change another desk, node or HQ made. Returns the way to stop. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once the node answers. */
  untilConnected(): Promise<void> {
    if (this.state === 'connected') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Opens the live updates of the signed-in desk. Returns the way to close them. */
  follow(): () => void {
    this.#open();
    const watch = setInterval(() => this.#watch(), WATCH_EVERY_MS);
    return () => {
      clearInterval(watch);
      this.#close();
    };
  }

  #open(): void {
    this.#close();
    const stream = new EventSource('/api/v1/updates');
    this.#stream = stream;
    this.#heardAtMs = Date.now();
    stream.onopen = () => this.#hear();
    stream.onerror = () => this.#streamBroke(stream);
    stream.addEventListener('status', (event) => this.#takeStatus(read<Status>(event)));
    stream.addEventListener('reset', () => {
      this.#hear();
      this.generation += 1;
    });
    for (const name of ['attendee', 'order', 'document', 'conflicts', 'seats', 'print_job'] as const) {
      stream.addEventListener(name, (event) => this.#takeChange(name, read(event)));
    }
  }

  #close(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #takeStatus(status: Status): void {
    this.#hear();
    this.status = status;
    this.#statusAtMs = Date.now();
  }

  #takeChange(name: keyof Changes, data: Changes[keyof Changes]): void {
    this.#hear();
    for (const listener of this.#listeners) listener(name, data);
  }

  /** The browser reopens a broken stream by itself, unless the node answered it with an error. */
  #streamBroke(stream: EventSource): void {
    if (stream !== this.#stream) return;
    void this.probe();
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => {
        if (stream !== this.#stream) return;
        this.#open();
        this.generation += 1;
      }, REOPEN_AFTER_MS);
    }
  }

  #watch(): void {
    if (Date.now() - this.#heardAtMs > SILENCE_MS) this.#lose();
  }

  #hear(): void {
    this.#heardAtMs = Date.now();
    if (this.state === 'connected') return;
    const wasLost = this.state === 'lost';
    this.state = 'connected';
    this.lostAtMs = null;
    if (wasLost) {
      this.generation += 1;
      if (this.#stream !== null) this.#open();
    }
    for (const resume of this.#waiting.splice(0)) resume();
  }

  #lose(): void {
    if (this.state !== 'lost') {
      this.state = 'lost';
      this.lostAtMs = Date.now();
    }
    void this.#probeUntilHeard();
  }

  async #probeUntilHeard(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    for (let attempt = 0; this.state === 'lost'; attempt++) {
      await pause(backoffMs(attempt));
      await this.probe();
    }
    this.#probing = false;
  }

  /** One question to the node; the request hooks note whether it was answered. */
  async probe(): Promise<void> {
    try {
      this.#takeStatus(await ask<Status>('/status', { timeoutMs: PROBE_TIMEOUT_MS }));
    } catch (error) {
      if (!(error instanceof NodeUnreachable || error instanceof ProblemError)) throw error;
    }
  }
}

function read<T>(event: Event): T {
  return JSON.parse((event as MessageEvent<string>).data) as T;
}

export const connection = new Connection();
