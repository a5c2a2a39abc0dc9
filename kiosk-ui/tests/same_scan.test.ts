import { describe, expect, it } from 'vitest';
import { SameScan, SAME_SCAN_MS } from '../src/lib/same_scan';

describe('the memory of the last verdict', () => {
  it('repeats it for the same code at the same list within five seconds', () => {
    const memory = new SameScan<string>();
    memory.remember('A', 'main', 'green', 1_000);
    expect(memory.recall('A', 'main', 'wedge', 1_000 + SAME_SCAN_MS - 1)).toBe('green');
    expect(memory.recall('A', 'main', 'wedge', 1_000 + SAME_SCAN_MS)).toBeNull();
  });

  it('does not know another code or another list', () => {
    const memory = new SameScan<string>();
    memory.remember('A', 'main', 'green', 0);
    expect(memory.recall('B', 'main', 'wedge', 1)).toBeNull();
    expect(memory.recall('A', 'workshop', 'wedge', 1)).toBeNull();
  });

  it('lasts for as long as a camera keeps seeing the code', () => {
    const memory = new SameScan<string>();
    memory.remember('A', 'main', 'green', 0);
    for (let at = 100; at <= 20_000; at += 100) expect(memory.recall('A', 'main', 'camera', at)).toBe('green');
    expect(memory.recall('A', 'main', 'camera', 20_000 + SAME_SCAN_MS)).toBeNull();
  });

  it('is not prolonged by a hand scanner', () => {
    const memory = new SameScan<string>();
    memory.remember('A', 'main', 'green', 0);
    expect(memory.recall('A', 'main', 'wedge', 4_000)).toBe('green');
    expect(memory.recall('A', 'main', 'wedge', 6_000)).toBeNull();
  });

  it('is gone after something was changed', () => {
    const memory = new SameScan<string>();
    memory.remember('A', 'main', 'green', 0);
    memory.forget();
    expect(memory.recall('A', 'main', 'wedge', 1)).toBeNull();
  });
});
