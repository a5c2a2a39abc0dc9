/** How long to wait before the next attempt. */

const FIRST_MS = 500;
const CAP_MS = 5_000;

/** Doubles from half a second to five, with jitter so that desks do not knock in step. */
export function backoffMs(attempt: number, jitter: number = Math.random()): number {
  const full = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + jitter / 2));
}

/** Resolves after the given time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
