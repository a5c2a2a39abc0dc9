/** Who works at this desk, and at which desk the browser stands. */

import { ask, onRequests, problemOf, ProblemError, tell } from './api';
import { useConference } from './format';
import type { CheckInList, Conference, Desk, Me, Problem } from './wire';

const DESK_KEY = 'lanyard.desk';
const LIST_KEY = 'lanyard.list';

class Session {
  state = $state<'unknown' | 'signed-out' | 'signed-in'>('unknown');
  me = $state.raw<Me | null>(null);
  conference = $state.raw<Conference | null>(null);
  desks = $state.raw<Desk[]>([]);
  #chosenList = $state(localStorage.getItem(LIST_KEY));
  #waiting: (() => void)[] = [];

  constructor() {
    onRequests({ signedOut: () => this.#ended() });
  }

  get desk(): Desk | null {
    return this.desks.find((desk) => desk.desk === this.me?.desk) ?? null;
  }

  /** The desk this browser last signed in at. */
  get rememberedDesk(): string | null {
    return localStorage.getItem(DESK_KEY);
  }

  /** The lists this desk checks in at, its usual one first. */
  get lists(): CheckInList[] {
    const all = this.conference?.lists ?? [];
    const own = (this.desk?.lists ?? []).flatMap((slug) => all.filter((list) => list.list === slug));
    return own.length > 0 ? own : all;
  }

  /** The list scans are checked against. */
  get list(): string {
    const chosen = this.lists.find((list) => list.list === this.#chosenList);
    return chosen?.list ?? this.lists[0]?.list ?? 'main';
  }

  set list(list: string) {
    this.#chosenList = list;
    localStorage.setItem(LIST_KEY, list);
  }

  /** Tells whether the signed-in role may give a command. */
  may(command: string): boolean {
    return this.me?.may.some((allowed) => plain(allowed) === plain(command)) ?? false;
  }

  /** The name of a desk, for desks of other nodes their slug. */
  deskName(slug: string | null | undefined): string {
    return this.desks.find((desk) => desk.desk === slug)?.name ?? slug ?? '';
  }

  listName(slug: string): string {
    return this.conference?.lists.find((list) => list.list === slug)?.name ?? slug;
  }

  /** Reads what the first page needs; finds out whether a session goes on. */
  async begin(): Promise<void> {
    await this.#readPlace();
    try {
      this.#signedIn(await ask<Me>('/me'));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.state = 'signed-out';
    }
  }

  /** Signs in at a desk; returns the problem when the node refuses. */
  async signIn(staff: string, pin: string, desk: string): Promise<Problem | null> {
    const answer = await tell('/sign-ins', { staff, pin, desk }, null);
    if (answer.status >= 400) return problemOf(answer);
    localStorage.setItem(DESK_KEY, desk);
    this.#signedIn(answer.body as Me);
    return null;
  }

  async signOut(): Promise<void> {
    await tell('/sign-ins/current', undefined, null, 'DELETE');
    this.#ended();
  }

  /** Reads the desks again, after one got another printer. */
  async refreshDesks(): Promise<void> {
    this.desks = await ask<Desk[]>('/desks');
  }

  untilSignedIn(): Promise<void> {
    if (this.state === 'signed-in') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async #readPlace(): Promise<void> {
    const [conference, desks] = await Promise.all([ask<Conference>('/conference'), ask<Desk[]>('/desks')]);
    useConference(conference);
    this.conference = conference;
    this.desks = desks;
  }

  #signedIn(me: Me): void {
    this.me = me;
    this.state = 'signed-in';
    for (const resume of this.#waiting.splice(0)) resume();
  }

  #ended(): void {
    this.me = null;
    this.state = 'signed-out';
  }
}

function plain(command: string): string {
  return command.toLowerCase().replace(/[^a-z]/g, '');
}

export const session = new Session();
