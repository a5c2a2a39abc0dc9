/** The hand scanner of this desk. What it has typed so far can be seen and cleared, so that stray keys do no harm. */

import { Wedge, type Stroke, type WedgeStep } from './wedge';

class HandScanner {
  kept = $state('');
  #wedge = new Wedge();

  press(stroke: Stroke): WedgeStep {
    const step = this.#wedge.press(stroke);
    this.kept = this.#wedge.kept;
    return step;
  }

  clear(): void {
    this.#wedge.clear();
    this.kept = '';
  }
}

export const handScanner = new HandScanner();
