/** Requests to the node: bounded in time, parsed once, failing in two ways only (unreachable, or a problem). */

import type { Problem } from './wire';

const PREFIX = '/api/v1';
export const READ_TIMEOUT_MS = 5_000;
export const COMMAND_TIMEOUT_MS = 5_000;

/** The node gave no complete answer: what became of the request is unknown. */
export class NodeUnreachable extends Error {
  override name = 'NodeUnreachable';
}

/** The node answered that it will not do what was asked. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

/** A complete answer of the node, whatever its status. */
export interface Answer {
  status: number;
  body: unknown;
  replayed: boolean;
  retryAfterMs: number | null;
}

export type Method = 'POST' | 'PUT' | 'DELETE';

interface Hooks {
  unreachable: () => void;
  answered: () => void;
  signedOut: () => void;
}

const hooks: Hooks = { unreachable: () => {}, answered: () => {}, signedOut: () => {} };

/** Registers what is to happen when requests fail, succeed, or meet an ended session. */
export function onRequests(given: Partial<Hooks>): void {
  Object.assign(hooks, given);
}

/** Reads a resource. Throws `NodeUnreachable`, `ProblemError`, or an `AbortError` when the caller's signal fires. */
export async function ask<T>(path: string, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<T> {
  const answer = await exchange(path, { method: 'GET' }, options.timeoutMs ?? READ_TIMEOUT_MS, options.signal);
  if (answer.status >= 400) throw new ProblemError(problemOf(answer));
  return answer.body as T;
}

/** Sends a body. The answer is returned whatever its status; only `NodeUnreachable` is thrown. */
export async function tell(
  path: string,
  body: unknown,
  key: string | null,
  method: Method = 'POST',
  version?: number,
): Promise<Answer> {
  const headers: Record<string, string> = {};
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  if (key !== null) headers['Idempotency-Key'] = key;
  if (version !== undefined) headers['If-Match'] = `"${version}"`;
  return exchange(path, init, COMMAND_TIMEOUT_MS);
}

/** The problem an answer carries; an answer that is no problem document becomes one. */
export function problemOf(answer: Answer): Problem {
  const body = answer.body;
  const read = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const problem: Problem = { ...read, code: read.code ?? 'internal', status: answer.status };
  if (problem.retry_after_ms === undefined && answer.retryAfterMs !== null) {
    problem.retry_after_ms = answer.retryAfterMs;
  }
  return problem;
}

async function exchange(path: string, init: RequestInit, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(PREFIX + path, {
      ...init,
      cache: 'no-store',
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    // The body belongs to the answer: a line that breaks inside it leaves the outcome unknown.
    const text = await response.text();
    const answer: Answer = {
      status: response.status,
      body: text === '' ? null : JSON.parse(text),
      replayed: response.headers.get('Idempotent-Replay') === 'true',
      retryAfterMs: retryAfter(response.headers.get('Retry-After')),
    };
    hooks.answered();
    if (answer.status === 401 && problemOf(answer).code === 'not_signed_in') hooks.signedOut();
    return answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    hooks.unreachable();
    throw new NodeUnreachable('no complete answer', { cause: error });
  }
}

function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}

/** Reads a picture, or null when there is none to be had. */
export async function askPicture(path: string): Promise<Blob | null> {
  try {
    const response = await fetch(PREFIX + path, {
      cache: 'no-store',
      credentials: 'same-origin',
      signal: AbortSignal.timeout(READ_TIMEOUT_MS),
    });
    return response.ok ? await response.blob() : null;
  } catch {
    // A picture is no proof of the connection; the event stream watches that.
    return null;
  }
}
