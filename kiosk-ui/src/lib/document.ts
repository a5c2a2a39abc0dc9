/** A document that several desks may edit at once: what it says, and what an edit sends. */

import type { DocumentCard, DocumentField, DocumentValue } from './wire';

/** Fields that are printed on the badge, in order of the badge. */
export const BADGE_FIELDS: readonly DocumentField[] = ['badge_name', 'company', 'pronouns'];

/** All fields of an attendee, in the order they are shown. */
export const ATTENDEE_FIELDS: readonly DocumentField[] = [...BADGE_FIELDS, 'access_needs', 'text'];

/** Longest texts, in characters; the node refuses more. */
export const CHARS_MOST: Record<DocumentField, number> = { badge_name: 100, company: 100, pronouns: 100, access_needs: 500, text: 4000 };

/** The fields as somebody types them, and what they looked at when they began. */
export interface Draft {
  seen: string;
  before: Partial<Record<DocumentField, string>>;
  texts: Partial<Record<DocumentField, string>>;
}

/** What a field says; the value that is used where there are several. */
export function textOf(card: DocumentCard, field: DocumentField): string {
  return card.fields[field]?.[0]?.text ?? '';
}

/** The values of a field that were written unseen by each other; none where there is at most one. */
export function contested(card: DocumentCard, field: DocumentField): DocumentValue[] {
  const values = card.fields[field] ?? [];
  return values.length > 1 ? values : [];
}

/** Begins to edit what is shown; what others write meanwhile is kept beside it. */
export function draftOf(card: DocumentCard, fields: readonly DocumentField[]): Draft {
  const texts = Object.fromEntries(fields.map((field) => [field, textOf(card, field)]));
  return { seen: card.version, before: texts, texts: { ...texts } };
}

/** The body of the edit: only what was changed; null where nothing was. */
export function editOf(draft: Draft): { seen: string; fields: Partial<Record<DocumentField, string>> } | null {
  const changed = Object.entries(draft.texts).filter(([field, text]) => text.trim() !== draft.before[field as DocumentField]);
  if (changed.length === 0) return null;
  return { seen: draft.seen, fields: Object.fromEntries(changed.map(([field, text]) => [field, text.trim()])) };
}

/** The body that chooses one of several values over all that are shown. */
export function choiceOf(card: DocumentCard, field: DocumentField, text: string): { seen: string; fields: Partial<Record<DocumentField, string>> } {
  return { seen: card.version, fields: { [field]: text } };
}
