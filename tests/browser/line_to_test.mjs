/**
 * The line between a scenario and its test: facts come in first, then each thing asked for is answered by one line.
 * Standard output belongs to this; what a person should read goes to standard error.
 */

import { createInterface } from 'node:readline';

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The next line of the test. */
export async function hear() {
  const { value, done } = await answers.next();
  if (done) throw new Error('the test that started this scenario is gone');
  return JSON.parse(value);
}

/** Says something to the test. */
export function tell(what, details = {}) {
  process.stdout.write(`${JSON.stringify({ ask: what, ...details })}\n`);
}

/** Asks for something that happens around the page and resolves when it has happened. */
export async function ask(what, details = {}) {
  tell(what, details);
  return hear();
}
