/** Ids made by the page. */

/** A fresh command id: 16 random bytes as 32 lowercase hex digits. */
export function newCommandKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
