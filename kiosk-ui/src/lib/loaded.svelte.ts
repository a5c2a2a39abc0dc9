/** Something read from the node and shown, read again when it changed. */

import { untrack } from 'svelte';
import { NodeUnreachable, ProblemError } from './api';
import { connection, type Changes } from './connection.svelte';
import type { Problem } from './wire';

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  #latest = 0;

  constructor(private readonly read: () => Promise<T>) {}

  /** Reads it; an answer that a later reading overtook is dropped. While the node is away nothing changes. */
  async refresh(): Promise<void> {
    const mine = ++this.#latest;
    try {
      const value = await this.read();
      if (mine !== this.#latest) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (error instanceof NodeUnreachable) return;
      if (!(error instanceof ProblemError)) throw error;
      if (mine === this.#latest) this.problem = error.problem;
    }
  }

  /** Reads it at once, again after each reconnection, and whenever `concerns` says a change touches it. */
  follow(concerns: (name: keyof Changes, data: Changes[keyof Changes]) => boolean): void {
    $effect(() => {
      void connection.generation;
      untrack(() => void this.refresh());
    });
    $effect(() =>
      connection.onChange((name, data) => {
        if (concerns(name, data)) void this.refresh();
      }),
    );
  }
}
