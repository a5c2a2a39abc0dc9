import { describe, expect, it } from 'vitest';
import { NodeUnreachable, type Answer } from '../src/lib/api';
import { PendingCommands, type PendingCommand } from '../src/lib/pending';

const COMMAND: PendingCommand = {
  key: '00112233445566778899aabbccddeeff',
  deed: 'check-in',
  method: 'POST',
  path: '/check-ins',
  body: { code: 'T1', list: 'main' },
  staff: 'ana',
  desk: 'north-1',
};

function answer(status: number, body: unknown = {}, retryAfterMs: number | null = null): Answer {
  return { status, body, replayed: false, retryAfterMs };
}

/** A desk whose node answers as scripted; `null` means the line broke. */
function desk(script: (Answer | null)[], sameStaff = true) {
  const kept = new Map<string, string>();
  const sent: PendingCommand[] = [];
  const waited: string[] = [];
  const keptWhileSending: boolean[] = [];
  const commands = new PendingCommands({
    send: (command) => {
      sent.push(command);
      keptWhileSending.push(kept.size === 1);
      const next = script.shift();
      if (next === undefined) throw new Error('the script is over');
      return next === null ? Promise.reject(new NodeUnreachable()) : Promise.resolve(next);
    },
    untilConnected: () => Promise.resolve(void waited.push('connected')),
    untilSignedIn: () => {
      waited.push('signed in');
      return Promise.resolve(sameStaff);
    },
    pause: (ms) => Promise.resolve(void waited.push(`${ms} ms`)),
    storage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    },
  });
  return { commands, sent, waited, kept, keptWhileSending };
}

describe('a command', () => {
  it('is kept while it is sent and forgotten with its outcome', async () => {
    const { commands, kept, keptWhileSending } = desk([answer(201, { verdict: 'admitted' })]);
    expect(await commands.carryOut(COMMAND)).toEqual({ ok: true, value: { verdict: 'admitted' }, replayed: false });
    expect(keptWhileSending).toEqual([true]);
    expect(kept.size).toBe(0);
  });

  it('is sent again with the same key when the node is back', async () => {
    const { commands, sent, waited } = desk([null, null, answer(201)]);
    await commands.carryOut(COMMAND);
    expect(sent.map((command) => command.key)).toEqual([COMMAND.key, COMMAND.key, COMMAND.key]);
    expect(waited).toEqual(['connected', 'connected']);
  });

  it('ends with a refusal as with a success', async () => {
    const { commands, kept } = desk([answer(409, { code: 'unpaid' })]);
    const outcome = await commands.carryOut(COMMAND);
    expect(outcome).toEqual({ ok: false, problem: { code: 'unpaid', status: 409 }, replayed: false });
    expect(kept.size).toBe(0);
  });

  it('waits as long as a busy node asks, but not for ever', async () => {
    const busy = () => answer(503, { code: 'busy' }, 2_000);
    const { commands, sent, waited } = desk([busy(), busy(), busy(), busy(), busy()]);
    const outcome = await commands.carryOut(COMMAND);
    expect(outcome.ok).toBe(false);
    expect(sent.length).toBe(5);
    expect(waited).toEqual(['2000 ms', '2000 ms', '2000 ms', '2000 ms']);
  });

  it('goes on after its author signed in again', async () => {
    const { commands, sent, waited } = desk([answer(401, { code: 'not_signed_in' }), answer(201)]);
    expect((await commands.carryOut(COMMAND)).ok).toBe(true);
    expect(sent.length).toBe(2);
    expect(waited).toEqual(['signed in']);
  });

  it('is not sent in the name of another person', async () => {
    const { commands, sent } = desk([answer(401, { code: 'not_signed_in' })], false);
    const outcome = await commands.carryOut(COMMAND);
    expect(outcome.ok ? 'ok' : outcome.problem.code).toBe('not_signed_in');
    expect(sent.length).toBe(1);
  });

  it('is found again after a reload', async () => {
    const { commands, kept } = desk([answer(201)]);
    kept.set('lanyard.pending', JSON.stringify(COMMAND));
    expect(commands.left()).toEqual(COMMAND);
    await commands.carryOut(COMMAND);
    expect(commands.left()).toBeNull();
  });
});
