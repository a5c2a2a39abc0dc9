/** Every word of the page, from the Fluent catalogue. `?locale=pseudo` shows which words do not come from it. */

import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import source from '../locales/en.ftl?raw';
import { pseudo } from './pseudo';

export type Args = Record<string, FluentVariable>;

/** Builds the catalogue; in the pseudo-locale every message is transformed. */
export function catalogue(isPseudo: boolean): FluentBundle {
  const bundle = new FluentBundle('en', { useIsolating: false, ...(isPseudo ? { transform: pseudo } : {}) });
  const errors = bundle.addResource(new FluentResource(source));
  for (const error of errors) console.error('catalogue', error);
  return bundle;
}

const isPseudo = typeof location !== 'undefined' && new URLSearchParams(location.search).get('locale') === 'pseudo';
const bundle = catalogue(isPseudo);

/** The words of a message, or of one of its attributes (`message.attribute`). */
export function t(id: string, args: Args = {}): string {
  const [name = id, attribute] = id.split('.');
  const message = bundle.getMessage(name);
  const pattern = attribute === undefined ? message?.value : message?.attributes[attribute];
  if (!pattern) {
    console.error(`no message ${id}`);
    return id;
  }
  const errors: Error[] = [];
  const text = bundle.formatPattern(pattern, isolated(args), errors);
  for (const error of errors) console.error(`message ${id}`, error);
  return text;
}

/** Tells whether the catalogue has the message or attribute. */
export function has(id: string): boolean {
  const [name = id, attribute] = id.split('.');
  const message = bundle.getMessage(name);
  return attribute === undefined ? Boolean(message?.value) : message?.attributes[attribute] !== undefined;
}

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;

/**
 * Names written from right to left must not drag the punctuation of the sentence with them. The pseudo-locale isolates
 * every text, so that what comes from data can be told from what was hard-coded.
 */
function isolated(args: Args): Args {
  const isToIsolate = (value: FluentVariable) => typeof value === 'string' && (isPseudo || RIGHT_TO_LEFT.test(value));
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, isToIsolate(value) ? `\u2068${String(value)}\u2069` : value]),
  );
}
