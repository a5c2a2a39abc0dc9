/** The keys of the page. Plain letters and digits belong to scanners, so shortcuts are function keys, `/` and Escape. */

import type { View } from './navigation.svelte';

export const VIEW_KEYS: Record<string, View> = {
  F2: 'scan',
  F3: 'walk-up',
  F4: 'orders',
  F7: 'conflicts',
  F8: 'printing',
  F10: 'texts',
};
export const HELP_KEY = 'F1';
export const MAIN_ACTION_KEY = 'F9';
export const SEARCH_KEY = '/';

/** Each key with the message that says what it does, for the list shown on F1. */
export const EXPLAINED: [string, string][] = [
  ['F1', 'key-help'],
  ['F2', 'key-scan'],
  ['/', 'key-search'],
  ['F3', 'key-walk-up'],
  ['F4', 'key-orders'],
  ['F7', 'key-conflicts'],
  ['F8', 'key-printing'],
  ['F9', 'key-main-action'],
  ['F10', 'key-texts'],
  ['Esc', 'key-back'],
];

/** Presses the main action of whatever is on top. Returns whether there was one. */
export function pressMainAction(root: ParentNode): boolean {
  const scope = root.querySelector('dialog[open]') ?? root.querySelector('[role=alertdialog]') ?? root;
  const button = scope.querySelector<HTMLButtonElement>('button[data-main-action]:not(:disabled)');
  button?.click();
  return button !== null;
}
