import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '../src');
const SPOKEN = new Set(['alt', 'aria-label', 'aria-description', 'aria-roledescription', 'label', 'placeholder', 'title']);
const components = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte'));

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
  attributes?: Node[];
  [key: string]: unknown;
}

/** Texts and spoken attributes written into the markup. Key caps and parts marked as untranslatable are no words. */
function hardCoded(node: Node, found: string[] = []): string[] {
  if (node.type === 'Text' && /\p{L}/u.test(node.data ?? '')) found.push((node.data ?? '').trim());
  if (node.type === 'RegularElement') {
    for (const attribute of node.attributes ?? []) {
      if (SPOKEN.has(attribute.name ?? '')) spokenIn(attribute, found);
    }
    if (node.name === 'kbd' || isUntranslatable(node)) return found;
  }
  for (const key of ['fragment', 'nodes', 'consequent', 'alternate', 'body', 'fallback', 'pending', 'then', 'catch']) {
    for (const child of [node[key]].flat()) if (isNode(child)) hardCoded(child, found);
  }
  return found;
}

function spokenIn(attribute: Node, found: string[]) {
  for (const part of [attribute.value].flat()) if (isNode(part)) hardCoded(part, found);
}

function isUntranslatable(node: Node): boolean {
  return (node.attributes ?? []).some((attribute) => attribute.name === 'translate');
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

it.each(components)('%s has all its words from the catalogue', (file) => {
  const tree = parse(readFileSync(join(SOURCE, file), 'utf8'), { modern: true });
  expect(hardCoded({ ...tree.fragment } as unknown as Node)).toEqual([]);
});

it('finds text and labels that are written into the markup', () => {
  const tree = parse('<p aria-label="Hello">{#if a}<b>World</b>{:else}<kbd>Esc</kbd>{/if}</p>', { modern: true });
  expect(hardCoded({ ...tree.fragment } as unknown as Node)).toEqual(['Hello', 'World']);
});
