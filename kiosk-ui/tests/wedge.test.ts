import { describe, expect, it } from 'vitest';
import { Wedge } from '../src/lib/wedge';

function type(wedge: Wedge, text: string) {
  for (const key of text) wedge.press({ key });
}

describe('a hand scanner', () => {
  it('has its keys kept and submitted on Enter', () => {
    const wedge = new Wedge();
    type(wedge, 'lny1:AbC/9-x');
    expect(wedge.press({ key: 'Enter' })).toEqual({ kind: 'scanned', code: 'lny1:AbC/9-x' });
    expect(wedge.kept).toBe('');
  });

  it('may send its keys as slowly as it likes', async () => {
    const wedge = new Wedge();
    type(wedge, 'AB');
    await new Promise((resolve) => setTimeout(resolve, 30));
    type(wedge, 'CD');
    expect(wedge.press({ key: 'Enter' })).toEqual({ kind: 'scanned', code: 'ABCD' });
  });

  it('leaves Enter alone when nothing was typed, also when it sends Enter twice', () => {
    const wedge = new Wedge();
    type(wedge, 'A');
    expect(wedge.press({ key: 'Enter' }).kind).toBe('scanned');
    expect(wedge.press({ key: 'Enter' })).toEqual({ kind: 'ignored' });
  });

  it('is cleared by Escape', () => {
    const wedge = new Wedge();
    type(wedge, 'stray');
    expect(wedge.press({ key: 'Escape' })).toEqual({ kind: 'cleared' });
    expect(wedge.press({ key: 'Escape' })).toEqual({ kind: 'ignored' });
    expect(wedge.press({ key: 'Enter' })).toEqual({ kind: 'ignored' });
  });

  it('does not swallow function keys, shortcuts or a space that presses a button', () => {
    const wedge = new Wedge();
    expect(wedge.press({ key: 'F2' })).toEqual({ kind: 'ignored' });
    expect(wedge.press({ key: 'Shift' })).toEqual({ kind: 'ignored' });
    expect(wedge.press({ key: 'r', ctrlKey: true })).toEqual({ kind: 'ignored' });
    expect(wedge.press({ key: ' ' })).toEqual({ kind: 'ignored' });
    expect(wedge.kept).toBe('');
  });

  it('keeps a space inside a code and no more than its limit', () => {
    const wedge = new Wedge();
    type(wedge, 'A B');
    expect(wedge.kept).toBe('A B');
    type(wedge, 'x'.repeat(3000));
    expect(wedge.kept.length).toBe(1024);
  });
});
