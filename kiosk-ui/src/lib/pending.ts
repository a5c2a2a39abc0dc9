/**
 * The command that waits for its outcome.
 *
 * A command is kept, with its key, from before it is sent until a definite outcome has come back; while the node
 * is away it waits, and is then sent again with the same key. It survives a reload of the page in the tab's storage.
 */

import { NodeUnreachable, problemOf, type Answer, type Method } from './api';
import type { Problem } from './wire';

/** What a command does, for the words shown while it waits. */
export type Deed =
  | 'check-in'
  | 'annulment'
  | 'badge'
  | 'walk-up'
  | 'order'
  | 'payment'
  | 'confirmation'
  | 'cancellation'
  | 'assignment'
  | 'resolution'
  | 'document'
  | 'print-decision'
  | 'printer-choice';

export interface PendingCommand {
  key: string;
  deed: Deed;
  method: Method;
  path: string;
  body: unknown;
  /** Version of the attendee or order that was decided on; without one any will do. */
  version?: number;
  staff: string;
  desk: string;
}

/** The definite end of a command. */
export type Outcome<T> =
  | { ok: true; value: T; replayed: boolean }
  | { ok: false; problem: Problem; replayed: boolean };

/** What the surroundings provide; the page passes the real ones, a test its own. */
export interface Surroundings {
  send: (command: PendingCommand) => Promise<Answer>;
  untilConnected: () => Promise<void>;
  /** Resolves once somebody is signed in, with whether it is the command's author. */
  untilSignedIn: (staff: string) => Promise<boolean>;
  pause: (ms: number) => Promise<void>;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

const STORAGE_KEY = 'lanyard.pending';
const BUSY_ATTEMPTS = 5;
const BUSY_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

/** Sends commands one at a time and holds on to each until its outcome is known. */
export class PendingCommands {
  constructor(private readonly around: Surroundings) {}

  /** The command a reload or crash of the page left without an outcome. */
  left(): PendingCommand | null {
    const text = this.around.storage.getItem(STORAGE_KEY);
    if (text === null) return null;
    try {
      return JSON.parse(text) as PendingCommand;
    } catch {
      this.forget();
      return null;
    }
  }

  /** Drops what was left, because nobody may ask for it again. */
  forget(): void {
    this.around.storage.removeItem(STORAGE_KEY);
  }

  /** Sends the command until the node has said what became of it. */
  async carryOut<T>(command: PendingCommand): Promise<Outcome<T>> {
    this.around.storage.setItem(STORAGE_KEY, JSON.stringify(command));
    const answer = await this.definiteAnswer(command);
    this.forget();
    return outcomeOf<T>(answer);
  }

  private async definiteAnswer(command: PendingCommand): Promise<Answer> {
    let busy = 0;
    for (;;) {
      const answer = await this.attempt(command);
      if (answer === null) {
        await this.around.untilConnected();
      } else if (answer.status === 401 && problemOf(answer).code === 'not_signed_in') {
        // Nobody sends another person's command in their own name.
        if (!(await this.around.untilSignedIn(command.staff))) return answer;
      } else if (answer.status >= 500 && ++busy < BUSY_ATTEMPTS) {
        await this.around.pause(Math.min(answer.retryAfterMs ?? BUSY_PAUSE_MS, LONGEST_PAUSE_MS));
      } else {
        return answer;
      }
    }
  }

  private async attempt(command: PendingCommand): Promise<Answer | null> {
    try {
      return await this.around.send(command);
    } catch (error) {
      if (error instanceof NodeUnreachable) return null;
      throw error;
    }
  }
}

function outcomeOf<T>(answer: Answer): Outcome<T> {
  if (answer.status >= 400) return { ok: false, problem: problemOf(answer), replayed: answer.replayed };
  return { ok: true, value: answer.body as T, replayed: answer.replayed };
}
