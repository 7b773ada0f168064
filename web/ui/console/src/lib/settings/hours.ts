/** Opening hours as people write them: times of the clock on the wall, such as `9:00`; said again at once when wrong. */
import type { Hours, Interval } from './staff';

/** Open from, until; as it is written. */
export interface Span {
  from: string;
  to: string;
}

/** A day with hours of its own; none is closed. */
export interface SpecialDay {
  date: string;
  open: Span[];
}

/** Hours in a form; `week` is Monday to Sunday. Nothing written is the account's time zone. */
export interface Week {
  zone: string;
  week: Span[][];
  holidays: SpecialDay[];
}

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
/** Spans of one day, and days with hours of their own; the server takes no more. */
export const SPANS_MAX = 8;
export const SPECIAL_DAYS_MAX = 200;
export const DAY_MINUTES = 1440;

/** What somebody begins with: office hours, by the account's clock. */
export function usualWeek(): Week {
  const open = (): Span[] => [{ from: '9:00', to: '17:00' }];
  return { zone: '', week: DAYS.map((_, day) => (day < 5 ? open() : [])), holidays: [] };
}

/** By whose clock the hours are counted. */
export function zoneOf({ zone }: Pick<Week, 'zone'>, account: string): string {
  return zone.trim() || account;
}

/** `9`, `9:30`, `930` and `0930` are times; null is none. Midnight ends a day as well as it begins one. */
export function minuteOf(text: string, ends = false): number | null {
  const [, hour, minute] = /^(\d{1,2})(?:[:.h ]?(\d{2}))?$/.exec(text.trim()) ?? [];
  if (hour === undefined) return null;
  const at = Number(hour) * 60 + Number(minute ?? 0);
  if (Number(minute ?? 0) > 59 || at > DAY_MINUTES || (!ends && at === DAY_MINUTES)) return null;
  return ends && at === 0 ? DAY_MINUTES : at;
}

/** `9:00`; the end of the day is `24:00`. */
export function timeText(minute: number): string {
  return `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`;
}

/** The minutes of a span; null while it is none. */
export function minutesOf({ from, to }: Span): Interval | null {
  const [begins, ends] = [minuteOf(from), minuteOf(to, true)];
  return begins === null || ends === null || begins >= ends ? null : { from_minute: begins, to_minute: ends };
}

export function weekOf({ zone, week, holidays }: Hours): Week {
  const spans = (open: readonly Interval[]): Span[] =>
    open.map(({ from_minute, to_minute }) => ({ from: timeText(from_minute), to: timeText(to_minute) }));
  return {
    zone: zone ?? '',
    week: week.map(spans),
    holidays: holidays.map(({ date, open }) => ({ date, open: spans(open) })),
  };
}

/** As it is sent; only for hours with which nothing is wrong. */
export function hoursOf({ zone, week, holidays }: Week): Hours {
  const spans = (open: readonly Span[]): Interval[] => open.flatMap((span) => minutesOf(span) ?? []);
  return {
    zone: zone.trim() || null,
    week: week.map(spans),
    holidays: holidays.map(({ date, open }) => ({ date, open: spans(open) })),
  };
}

/** What is said of a zone that is none. */
export const ZONE_EXPECTED = 'Expected the name of a time zone, such as Europe/Zurich';

/** What is wrong, by where it is: `hours.week.0.1` is Monday's second span. */
export function checkWeek({ zone, week, holidays }: Week): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (zone.trim() !== '' && !isZone(zone.trim())) wrong['hours.zone'] = ZONE_EXPECTED;
  week.forEach((open, day) => checkDay(open, `hours.week.${day}`, wrong));
  holidays.forEach(({ date, open }, at) => {
    if (!isDate(date)) wrong[`hours.holidays.${at}.date`] = 'Expected a date as 2026-12-31';
    else if (holidays.slice(0, at).some((other) => other.date === date))
      wrong[`hours.holidays.${at}.date`] = 'Expected each day once';
    checkDay(open, `hours.holidays.${at}.open`, wrong);
  });
  return wrong;
}

function checkDay(open: readonly Span[], field: string, wrong: Record<string, string>): void {
  open.forEach((span, at) => {
    const { from, to } = span;
    const minutes = minutesOf(span);
    if (minuteOf(from) === null || minuteOf(to, true) === null)
      wrong[`${field}.${at}`] = 'Expected two times, such as 9:00 and 17:30';
    else if (minutes === null)
      wrong[`${field}.${at}`] = 'Expected a beginning before the end; hours over midnight are set on both days';
    else {
      const crossed = open.slice(0, at).find((other) => overlap(minutesOf(other), minutes));
      if (crossed) wrong[`${field}.${at}`] = `Expected intervals that do not overlap: ${spanWords(crossed)} is there`;
    }
  });
}

function overlap(one: Interval | null, other: Interval): boolean {
  return one !== null && one.from_minute < other.to_minute && other.from_minute < one.to_minute;
}

/** `9:00 to 17:00`. */
export function spanWords(span: Span): string {
  const minutes = minutesOf(span);
  return minutes ? `${timeText(minutes.from_minute)} to ${timeText(minutes.to_minute)}` : `${span.from} to ${span.to}`;
}

/** A day in words: `9:00 to 12:00, 13:00 to 17:00`, or closed. */
export function dayWords(open: readonly Span[]): string {
  if (open.length === 0) return 'Closed';
  const all = open.length === 1 ? minutesOf(open[0] as Span) : null;
  if (all?.from_minute === 0 && all.to_minute === DAY_MINUTES) return 'Round the clock';
  return open.map(spanWords).join(', ');
}

/** Whether that is a day of the calendar, as `2026-12-31`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** Whether clocks are known there. */
export function isZone(name: string): boolean {
  try {
    // Offsets such as +02:00 are known to browsers, but are no zones: they never change to summer time.
    return /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}
