/** Commands of this desk: one at a time, each with its key, each held until its outcome is known. */

import { tell, type Method } from './api';
import { pause } from './backoff';
import { connection } from './connection.svelte';
import { newCommandKey } from './ids';
import { isNoNews } from './meanwhile';
import { PendingCommands, type Deed, type Outcome, type PendingCommand } from './pending';
import { session } from './session.svelte';

const pending = new PendingCommands({
  send: (command) => tell(command.path, command.body, command.key, command.method, command.version),
  untilConnected: () => connection.untilConnected(),
  untilSignedIn: async (staff) => {
    await session.untilSignedIn();
    return session.me?.staff === staff;
  },
  pause,
  storage: sessionStorage,
});

/** How often a decision is sent again because of what changes nothing about it. */
const ATTEMPTS_MOST = 3;

class Commands {
  /** The command whose outcome is awaited. */
  inFlight = $state.raw<PendingCommand | null>(null);
  #queue: Promise<unknown> = Promise.resolve();
  #settled = new Set<(deed: Deed) => void>();

  /** Calls back after each command that changed something. */
  onSuccess(listener: (deed: Deed) => void): void {
    this.#settled.add(listener);
  }

  /** Gives a command and resolves with its definite outcome, however long the node is away. */
  give<T>(deed: Deed, path: string, body: unknown, method: Method = 'POST'): Promise<Outcome<T>> {
    return this.#enqueue({ ...this.#drawn(deed, path, body), method });
  }

  /**
   * Gives a command about what a card shows, on the version somebody decided on. Where something came between that
   * they should know of, nothing is done and the outcome's problem says what.
   */
  async decide<T>(deed: Deed, path: string, body: unknown, version: number): Promise<Outcome<T>> {
    let outcome = await this.#enqueue<T>({ ...this.#drawn(deed, path, body), version });
    for (let attempt = 1; attempt < ATTEMPTS_MOST && isNoNews(outcome, deed); attempt++) {
      const present = outcome.problem.version;
      if (present === undefined) break;
      outcome = await this.#enqueue<T>({ ...this.#drawn(deed, path, body), version: present });
    }
    return outcome;
  }

  #drawn(deed: Deed, path: string, body: unknown): PendingCommand {
    const { staff = '', desk = '' } = session.me ?? {};
    return { key: newCommandKey(), deed, method: 'POST', path, body, staff, desk };
  }

  /** The command that a reload of the page interrupted, if this person may ask for its outcome. */
  leftBehind(): { command: PendingCommand; mine: boolean } | null {
    const command = pending.left();
    if (command === null) return null;
    const mine = command.staff === session.me?.staff && command.desk === session.me.desk;
    return { command, mine };
  }

  /** Asks again, with the same key, for the outcome of an interrupted command. */
  resume<T>(command: PendingCommand): Promise<Outcome<T>> {
    return this.#enqueue(command);
  }

  forgetLeftBehind(): void {
    pending.forget();
  }

  #enqueue<T>(command: PendingCommand): Promise<Outcome<T>> {
    const run = this.#queue.then(() => this.#carryOut<T>(command));
    this.#queue = run.catch(() => {});
    return run;
  }

  async #carryOut<T>(command: PendingCommand): Promise<Outcome<T>> {
    this.inFlight = command;
    try {
      const outcome = await pending.carryOut<T>(command);
      if (outcome.ok) for (const listener of this.#settled) listener(command.deed);
      return outcome;
    } finally {
      this.inFlight = null;
    }
  }
}

export const commands = new Commands();
