/** What the clock on the wall shows in a time zone, when it is changed, and whether somebody is open by it. */
import { DAY_MINUTES, DAYS, isZone, minutesOf, type Span, timeText, type Week, zoneOf } from './hours';
import type { Interval } from './staff';

const MINUTE = 60_000;
const DAY = DAY_MINUTES * MINUTE;
/** Clocks that are not changed in that time are never changed. */
const LOOK_AHEAD_DAYS = 400;

/** One change of the clocks: how many minutes ahead of UTC they were, and are. */
export interface ClockChange {
  at: number;
  before: number;
  after: number;
}

/** A moment by the wall: the day as `2026-12-31`, of the week from Monday, and the minute of the day. */
export interface Wall {
  date: string;
  weekday: number;
  minute: number;
}

/** How many minutes the clocks there are ahead of UTC. */
export function offsetAt(zone: string, at: number): number {
  return (wallMs(zone, at) - Math.floor(at / MINUTE) * MINUTE) / MINUTE;
}

export function wallAt(zone: string, at: number): Wall {
  const ms = wallMs(zone, at);
  return { ...dayOf(ms), minute: Math.floor((ms % DAY) / MINUTE) };
}

/** The changes of the next year and a bit, at most two. */
export function clockChanges(zone: string, now: number): ClockChange[] {
  const found: ClockChange[] = [];
  let [from, before] = [now, offsetAt(zone, now)];
  for (let day = 1; day <= LOOK_AHEAD_DAYS && found.length < 2; day += 1) {
    const to = now + day * DAY;
    const after = offsetAt(zone, to);
    if (after !== before) {
      let [low, high] = [from, to];
      while (high - low > MINUTE) {
        const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
        if (offsetAt(zone, middle) === before) low = middle;
        else high = middle;
      }
      found.push({ at: Math.floor(high / MINUTE) * MINUTE, before, after });
      before = after;
    }
    from = to;
  }
  return found;
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });

/** What changing the clocks does to the hours there, in sentences. */
export function changesWords(zone: string, now: number): string[] {
  if (!isZone(zone)) return [];
  const changes = clockChanges(zone, now);
  if (changes.length === 0) return [`The clocks in ${zone} are not changed.`];
  return changes.map(({ at, before, after }) => {
    const [was, is] = [at + before * MINUTE, at + after * MINUTE];
    const [from, to] = [was, is].map((ms) => timeText(Math.floor((ms % DAY) / MINUTE)));
    const day = `${DAYS[dayOf(is).weekday]} ${dayFormat.format(is)}`;
    return after > before
      ? `On ${day} clocks go from ${from} to ${to}: that hour is not there, and hours that begin in it begin at ${to}.`
      : `On ${day} clocks go back from ${from} to ${to}: that hour comes twice, and is open, or closed, both times.`;
  });
}

/** What the wall shows there now: `It is 9:05 there.`; empty for what is no zone. */
export function clockWords(zone: string, now: number): string {
  return isZone(zone) ? `It is ${timeText(wallAt(zone, now).minute)} there.` : '';
}

/** `Open now, until 17:00`, or when it opens next; by the clocks there. Empty while the hours are not right. */
export function nowWords(week: Week, account: string, now: number): string {
  const zone = zoneOf(week, account);
  if (!isZone(zone)) return '';
  const here = wallAt(zone, now);
  const begins = Date.parse(`${here.date}T00:00:00Z`);
  const clock = clockWords(zone, now);
  const open = (spans: readonly Span[]): Interval[] =>
    spans.flatMap((span) => minutesOf(span) ?? []).sort((a, b) => a.from_minute - b.from_minute);
  const today = open(spansOf(week, here));
  const current = today.find((span) => span.from_minute <= here.minute && here.minute < span.to_minute);
  if (current) {
    let until = current.to_minute;
    for (const span of today) if (span.from_minute === until) until = span.to_minute;
    return `Open now, until ${timeText(until)}. ${clock}`;
  }
  for (let ahead = 0; ahead <= 14; ahead += 1) {
    const day = dayOf(begins + ahead * DAY);
    const next = open(spansOf(week, day)).find((span) => ahead > 0 || span.from_minute > here.minute);
    if (!next) continue;
    const when = ahead === 0 ? 'today' : ahead === 1 ? 'tomorrow' : `on ${DAYS[day.weekday]}`;
    return `Closed now, opens ${when} at ${timeText(next.from_minute)}. ${clock}`;
  }
  return `Closed, also in the next two weeks. ${clock}`;
}

/** The hours that hold on a day. */
export function spansOf(week: Week, { date, weekday }: Pick<Wall, 'date' | 'weekday'>): readonly Span[] {
  return week.holidays.find((day) => day.date === date)?.open ?? week.week[weekday] ?? [];
}

function dayOf(wall: number): { date: string; weekday: number } {
  const at = new Date(wall);
  return { date: at.toISOString().slice(0, 10), weekday: (at.getUTCDay() + 6) % 7 };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the wall shows, as if it were in Greenwich. */
function wallMs(zone: string, at: number): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute);
}
