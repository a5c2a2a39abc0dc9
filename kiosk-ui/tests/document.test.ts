import { describe, expect, it } from 'vitest';
import { ATTENDEE_FIELDS, choiceOf, contested, draftOf, editOf, textOf } from '../src/lib/document';
import type { DocumentCard } from '../src/lib/wire';

const value = (text: string, node: string) => ({ text, by: 'susi', place: 'Door', node, at_ms: 1 });
const card: DocumentCard = {
  version: 'aa',
  fields: { company: [value('North', 'north'), value('South', 'south')], text: [value('Came late.', 'north')] },
  waiting: 0,
};

describe('a document', () => {
  it('reads as its first value, and as nothing where nobody wrote', () => {
    expect(textOf(card, 'company')).toBe('North');
    expect(textOf(card, 'badge_name')).toBe('');
  });

  it('shows all values of a field that has several', () => {
    expect(contested(card, 'company').map((known) => known.text)).toEqual(['North', 'South']);
    expect(contested(card, 'text')).toEqual([]);
    expect(contested(card, 'pronouns')).toEqual([]);
  });
});

describe('an edit', () => {
  it('sends what was changed and what was seen', () => {
    const draft = draftOf(card, ATTENDEE_FIELDS);
    expect(editOf(draft)).toBeNull();
    draft.texts.badge_name = ' Ada ';
    draft.texts.text = 'Came late. Left early.';
    expect(editOf(draft)).toEqual({ seen: 'aa', fields: { badge_name: 'Ada', text: 'Came late. Left early.' } });
  });

  it('takes a text away by an empty one', () => {
    const draft = draftOf(card, ['text']);
    draft.texts.text = '';
    expect(editOf(draft)).toEqual({ seen: 'aa', fields: { text: '' } });
  });

  it('keeps what was seen when it began, whatever the card says later', () => {
    const draft = draftOf(card, ['text']);
    const later: DocumentCard = { ...card, version: 'bb' };
    draft.texts.text = 'x';
    expect(editOf(draft)?.seen).toBe('aa');
    expect(draftOf(later, ['text']).seen).toBe('bb');
  });

  it('chooses the value that is used as well as the other one', () => {
    expect(choiceOf(card, 'company', 'North')).toEqual({ seen: 'aa', fields: { company: 'North' } });
  });
});
