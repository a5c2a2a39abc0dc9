/** Where the keyboard is. */

/** Takes the focus when nothing has it, as after a part of the page that had it was replaced. */
export function takeIdleFocus(element: HTMLElement): void {
  if (document.activeElement === document.body || document.activeElement === null) element.focus();
}
