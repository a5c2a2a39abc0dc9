import { afterEach, expect, it, vi } from 'vitest';
import { tell } from '../src/lib/api';

afterEach(() => vi.unstubAllGlobals());

it('sends the version a command was decided on, and none without one', async () => {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    sent.push(init.headers as Record<string, string>);
    return Promise.resolve(new Response('{}', { status: 201 }));
  });
  await tell('/orders/1/cancellation', { reason: 'asked' }, 'k1', 'POST', 12);
  await tell('/check-ins', { code: 'T1' }, 'k2');
  expect(sent.map((headers) => headers['If-Match'])).toEqual(['"12"', undefined]);
  expect(sent.map((headers) => headers['Idempotency-Key'])).toEqual(['k1', 'k2']);
});
