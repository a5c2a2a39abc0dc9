/** Access codes as people type them. */

/** Folds case, blanks and dashes, O with 0, I and L with 1, as the node does. */
export function foldAccessCode(typed: string): string {
  return typed
    .replace(/[\s-]/gu, '')
    .toUpperCase()
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
}

/** Groups a code for reading aloud: ABC DEF GHJ. */
export function groupAccessCode(code: string): string {
  return code.replace(/(.{3})(?=.)/gu, '$1 ');
}
