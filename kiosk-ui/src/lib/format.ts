/** Times, spans and money in the form people read them. */

import { t } from './l10n';

const LOCALE = 'en-GB';
let timeZone: string | undefined;
let currency = 'EUR';

/** Sets the conference's time zone and currency, in which everything is shown. */
export function useConference(conference: { time_zone: string; currency: string }): void {
  timeZone = conference.time_zone;
  currency = conference.currency;
}

/** The conference's currency. */
export function conferenceCurrency(): string {
  return currency;
}

function format(options: Intl.DateTimeFormatOptions, ms: number): string {
  const full = timeZone === undefined ? options : { ...options, timeZone };
  return new Intl.DateTimeFormat(LOCALE, full).format(ms);
}

/** 14:05, or 14:05:09 with seconds. */
export function clockTime(ms: number, seconds = false): string {
  return format({ hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) }, ms);
}

/** 21 Nov, 14:05. */
export function dayAndTime(ms: number): string {
  return format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }, ms);
}

/** The time alone when it is today, else with its day. */
export function when(ms: number, nowMs: number): string {
  const day = (at: number) => format({ year: 'numeric', month: '2-digit', day: '2-digit' }, at);
  return day(ms) === day(nowMs) ? clockTime(ms) : dayAndTime(ms);
}

/** 21–23 November 2026. */
export function dates(startMs: number, endMs: number): string {
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'long', year: 'numeric' };
  const full = timeZone === undefined ? options : { ...options, timeZone };
  return new Intl.DateTimeFormat(LOCALE, full).formatRange(startMs, endMs);
}

/** A span in its largest unit: 4 s, 12 min, 3 h, 2 d. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return t('span-seconds', { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('span-minutes', { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t('span-hours', { n: hours });
  return t('span-days', { n: Math.floor(hours / 24) });
}

/** A countdown: 14:59. Never below 0:00. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** An amount of minor units with its currency. */
export function money(minor: number, of: string = currency): string {
  const digits = minorDigits(of);
  return new Intl.NumberFormat(LOCALE, { style: 'currency', currency: of }).format(minor / 10 ** digits);
}

/** Minor units of a typed amount (12, 12.5, 12,50), or null when it is no amount. */
export function parseMoney(typed: string, of: string = currency): number | null {
  const digits = minorDigits(of);
  const match = /^(\d{1,9})(?:[.,](\d+))?$/.exec(typed.trim());
  if (!match) return null;
  const fraction = match[2] ?? '';
  if (fraction.length > digits) return null;
  return Number(match[1]) * 10 ** digits + Number(fraction.padEnd(digits, '0') || '0');
}

function minorDigits(of: string): number {
  return new Intl.NumberFormat(LOCALE, { style: 'currency', currency: of }).resolvedOptions().maximumFractionDigits ?? 2;
}
