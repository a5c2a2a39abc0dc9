import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue, has } from '../src/lib/l10n';
import { hardCodedPart, pseudo } from '../src/lib/pseudo';

const SOURCE = join(import.meta.dirname, '../src');
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(svelte|ts)$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(SOURCE, file), 'utf8') }));
const code = files.map(({ text }) => text).join('\n');
const source = readFileSync(join(SOURCE, 'locales/en.ftl'), 'utf8');
const declared = source
  .split('\n')
  .flatMap((line) => /^([a-z][\w-]*) =/.exec(line)?.[1] ?? []);

/** Prefixes of keys that are put together from a code or a name: t(`deed-${…}`). */
const prefixes = [...code.matchAll(/`([a-z]+(?:-[a-z]+)*-)\$\{/g)].map((match) => match[1] ?? '');

describe('the catalogue', () => {
  it('has every message it declares in a form the reader understands', () => {
    expect(declared.filter((id) => !catalogue(false).hasMessage(id))).toEqual([]);
    expect(new Set(declared).size).toBe(declared.length);
  });

  it('has every message the page asks for by name', () => {
    const asked = [...code.matchAll(/\bt\(\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    expect(asked.length).toBeGreaterThan(150);
    expect(asked.filter((id) => !has(id))).toEqual([]);
  });

  it('has no message nobody asks for', () => {
    const isUsed = (id: string) => code.includes(`'${id}'`) || prefixes.some((prefix) => id.startsWith(prefix));
    expect(declared.filter((id) => !isUsed(id))).toEqual([]);
  });
});

describe('the pseudo-locale', () => {
  it('leaves no plain letter of a message', () => {
    const pseudoCatalogue = catalogue(true);
    const names = [...source.matchAll(/\$([a-z]+)/g)].map((match) => match[1] ?? '');
    const anyArguments = Object.fromEntries(names.map((name) => [name, '\u2068data\u2069']));
    for (const id of declared) {
      const message = pseudoCatalogue.getMessage(id);
      for (const pattern of [message?.value, ...Object.values(message?.attributes ?? {})]) {
        if (!pattern) continue;
        const text = pseudoCatalogue.formatPattern(pattern, anyArguments, []);
        expect(hardCodedPart(text), id).toBeNull();
      }
    }
  });

  it('lets hard-coded text be found beside arguments', () => {
    expect(hardCodedPart(pseudo('Sign in'))).toBeNull();
    expect(hardCodedPart(`${pseudo('Welcome')} \u2068Anna\u2069`)).toBeNull();
    expect(hardCodedPart(`${pseudo('Welcome')} Anna`)).toContain('Anna');
  });
});
