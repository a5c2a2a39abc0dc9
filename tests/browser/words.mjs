/** The pseudo-locale of the page, as `kiosk-ui/src/lib/pseudo.ts` has it: no plain letter of the catalogue is left. */

const FROM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TO = 'àƀçđéƒĝĥîĵķļɱñôþǫŕšţûṽŵẋýžÀƁÇĐÉƑĜĤÎĴĶĻṀÑÔÞǪŔŠŢÛṼŴẊÝŽ';
const LETTERS = new Map([...FROM].map((letter, index) => [letter, [...TO][index]]));

export function pseudo(text) {
  return [...text].map((letter) => LETTERS.get(letter) ?? letter).join('');
}
