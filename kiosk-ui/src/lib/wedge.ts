/**
 * Hand scanners that type like a keyboard.
 *
 * Every key pressed while no field has focus is kept, and Enter submits what was kept. There are no timing rules:
 * under load keys arrive late and a rule by time would lose characters.
 */

const LIMIT_CHARACTERS = 1_024;

export interface Stroke {
  key: string;
  ctrlKey?: boolean;
  altKey?: boolean;
  metaKey?: boolean;
}

/** What a key did. `ignored` keys keep their usual effect, the others must not have one. */
export type WedgeStep = { kind: 'ignored' } | { kind: 'kept' } | { kind: 'cleared' } | { kind: 'scanned'; code: string };

export class Wedge {
  #kept = '';

  get kept(): string {
    return this.#kept;
  }

  clear(): void {
    this.#kept = '';
  }

  press(stroke: Stroke): WedgeStep {
    if (stroke.ctrlKey || stroke.metaKey || (stroke.altKey && stroke.key.length !== 1)) return { kind: 'ignored' };
    if (stroke.key === 'Enter') return this.#submit();
    if (stroke.key === 'Escape') return this.#abandon();
    if ([...stroke.key].length !== 1) return { kind: 'ignored' };
    // A space alone still presses the focused button; inside a code it belongs to the code.
    if (stroke.key === ' ' && this.#kept === '') return { kind: 'ignored' };
    if (this.#kept.length < LIMIT_CHARACTERS) this.#kept += stroke.key;
    return { kind: 'kept' };
  }

  #submit(): WedgeStep {
    const code = this.#kept.trim();
    this.#kept = '';
    return code === '' ? { kind: 'ignored' } : { kind: 'scanned', code };
  }

  #abandon(): WedgeStep {
    if (this.#kept === '') return { kind: 'ignored' };
    this.#kept = '';
    return { kind: 'cleared' };
  }
}

/** Tells whether keys pressed now would go into a field. */
export function takesText(element: Element | null): boolean {
  if (element === null) return false;
  if (element instanceof HTMLInputElement) {
    return !['button', 'checkbox', 'radio', 'range', 'reset', 'submit'].includes(element.type);
  }
  return (
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    (element instanceof HTMLElement && element.isContentEditable)
  );
}
