/**
 * The memory that keeps a verdict from turning.
 *
 * The same code at the same list within five seconds repeats its verdict and sends nothing. A camera reads a held-up
 * code ten times a second, so its sightings prolong the memory for as long as the code stays in view; a hand scanner's
 * do not, because pulling the trigger again is a new presentation.
 */

export const SAME_SCAN_MS = 5_000;

export type ScanSource = 'wedge' | 'camera' | 'typed';

export class SameScan<V> {
  #remembered: { code: string; list: string; untilMs: number; verdict: V } | null = null;

  remember(code: string, list: string, verdict: V, nowMs: number): void {
    this.#remembered = { code, list, verdict, untilMs: nowMs + SAME_SCAN_MS };
  }

  /** The verdict to repeat, or null when the code has to be asked about. */
  recall(code: string, list: string, source: ScanSource, nowMs: number): V | null {
    const known = this.#remembered;
    if (known === null || known.code !== code || known.list !== list || nowMs >= known.untilMs) return null;
    if (source === 'camera') known.untilMs = nowMs + SAME_SCAN_MS;
    return known.verdict;
  }

  /** Called after anything else was changed, for the verdict may not stand after that. */
  forget(): void {
    this.#remembered = null;
  }
}
