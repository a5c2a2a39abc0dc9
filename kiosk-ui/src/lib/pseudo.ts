/** The pseudo-locale: readable, longer, and without one plain Latin letter, so that hard-coded text stands out. */

const FROM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TO = 'àƀçđéƒĝĥîĵķļɱñôþǫŕšţûṽŵẋýžÀƁÇĐÉƑĜĤÎĴĶĻṀÑÔÞǪŔŠŢÛṼŴẊÝŽ';
const LETTERS = new Map([...FROM].map((letter, index) => [letter, [...TO][index] ?? letter]));

export function pseudo(text: string): string {
  return [...text].map((letter) => LETTERS.get(letter) ?? letter).join('');
}

/** What of a text does not come from the catalogue: plain letters outside isolated arguments. */
export function hardCodedPart(text: string): string | null {
  const own = text.replace(/\u2068[^\u2069]*\u2069/gu, '');
  return /[A-Za-z]/.test(own) ? own.trim() : null;
}
