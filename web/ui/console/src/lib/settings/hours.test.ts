import { expect, test } from 'vitest';
import { changesWords, clockChanges, clockWords, nowWords, wallAt } from './clocks';
import { checkWeek, dayWords, hoursOf, minuteOf, type Span, usualWeek, type Week, weekOf } from './hours';
import type { Hours } from './staff';

const days = (monday: Span[], rest: Span[] = []): Span[][] => [monday, rest, rest, rest, rest, rest, rest];
const week = (monday: Span[], part: Partial<Week> = {}): Week => ({
  zone: 'Europe/Zurich',
  week: days(monday),
  holidays: [],
  ...part,
});
const span = (from: string, to: string): Span => ({ from, to });

test('times are taken as people write them, and nothing else is', () => {
  expect(['9', '9:30', '930', '0930', '17.05', '23:59'].map((text) => minuteOf(text))).toEqual([
    540, 570, 570, 570, 1025, 1439,
  ]);
  expect(['', 'soon', '24:00', '9:60', '25', '-1', '9:5'].map((text) => minuteOf(text))).toEqual(Array(7).fill(null));
});

test('midnight ends a day, written as 0:00 or as 24:00', () => {
  expect([minuteOf('0:00', true), minuteOf('24:00', true), minuteOf('24:01', true)]).toEqual([1440, 1440, null]);
});

test('what is loaded and saved unchanged is the same', () => {
  const hours: Hours = {
    zone: 'Asia/Kolkata',
    week: [[{ from_minute: 0, to_minute: 1440 }], [], [], [], [], [], []],
    holidays: [{ date: '2026-12-25', open: [{ from_minute: 600, to_minute: 725 }] }],
  };
  expect(hoursOf(weekOf(hours))).toEqual(hours);
  expect(checkWeek(weekOf(hours))).toEqual({});
});

test('hours that cross each other are said at the later one, with what they cross', () => {
  expect(checkWeek(week([span('9:00', '12:00'), span('11:30', '17:00')]))).toEqual({
    'hours.week.0.1': 'Expected intervals that do not overlap: 9:00 to 12:00 is there',
  });
  expect(checkWeek(week([span('9:00', '12:00'), span('12:00', '17:00')]))).toEqual({});
});

test('each wrong part of the hours is named', () => {
  const wrong = checkWeek(
    week([span('22:00', '6:00'), span('soon', '9:00')], {
      zone: 'Europe/Nowhere',
      holidays: [
        { date: '2026-02-30', open: [] },
        { date: '2026-12-25', open: [] },
        { date: '2026-12-25', open: [] },
      ],
    }),
  );
  expect(wrong).toEqual({
    'hours.zone': 'Expected the name of a time zone, such as Europe/Zurich',
    'hours.week.0.0': 'Expected a beginning before the end; hours over midnight are set on both days',
    'hours.week.0.1': 'Expected two times, such as 9:00 and 17:30',
    'hours.holidays.0.date': 'Expected a date as 2026-12-31',
    'hours.holidays.2.date': 'Expected each day once',
  });
});

test('a day in words', () => {
  expect(dayWords([])).toBe('Closed');
  expect(dayWords([span('0', '24')])).toBe('Round the clock');
  expect(dayWords([span('9', '12'), span('13', '17:30')])).toBe('9:00 to 12:00, 13:00 to 17:30');
  expect(checkWeek(usualWeek())).toEqual({});
});

test('the wall shows what the clocks there do', () => {
  expect(wallAt('Asia/Kolkata', Date.parse('2026-12-31T20:00:00Z'))).toEqual({
    date: '2027-01-01',
    weekday: 4,
    minute: 90,
  });
});

test('the clocks of Zurich go ahead in spring and back in autumn, those of Tokyo never do', () => {
  const now = Date.parse('2026-11-21T09:00:00Z');
  expect(clockChanges('Europe/Zurich', now).map(({ at }) => new Date(at).toISOString())).toEqual([
    '2027-03-28T01:00:00.000Z',
    '2027-10-31T01:00:00.000Z',
  ]);
  expect(changesWords('Europe/Zurich', now)).toEqual([
    'On Sunday 28 March 2027 clocks go from 2:00 to 3:00: that hour is not there, and hours that begin in it begin at 3:00.',
    'On Sunday 31 October 2027 clocks go back from 3:00 to 2:00: that hour comes twice, and is open, or closed, both times.',
  ]);
  expect(changesWords('Asia/Tokyo', now)).toEqual(['The clocks in Asia/Tokyo are not changed.']);
});

test('whether it is open now, and until when or from when on', () => {
  const hours = week([span('9:00', '12:00'), span('12:00', '13:00'), span('14:00', '17:00')], {
    holidays: [{ date: '2026-11-30', open: [] }],
  });
  const at = (utc: string): string => nowWords(hours, 'UTC', Date.parse(utc));
  expect(at('2026-11-23T09:30:00Z')).toBe('Open now, until 13:00. It is 10:30 there.');
  expect(at('2026-11-23T12:30:00Z')).toBe('Closed now, opens today at 14:00. It is 13:30 there.');
  expect(at('2026-11-22T12:30:00Z')).toBe('Closed now, opens tomorrow at 9:00. It is 13:30 there.');
  // The next Monday is a holiday: the one after it.
  expect(at('2026-11-23T17:00:00Z')).toBe('Closed now, opens on Monday at 9:00. It is 18:00 there.');
  expect(nowWords(week([]), 'UTC', Date.now())).toMatch(/^Closed, also in the next two weeks\./);
});

test('hours without a zone are those of the account’s clock, and said so to the server', () => {
  const hours = week([span('9:00', '17:00')], { zone: '' });
  const monday = Date.parse('2026-11-23T09:30:00Z');
  expect(checkWeek(hours)).toEqual({});
  expect(hoursOf(hours).zone).toBe(null);
  expect(weekOf(hoursOf(hours)).zone).toBe('');
  expect(nowWords(hours, 'Europe/Zurich', monday)).toBe('Open now, until 17:00. It is 10:30 there.');
  expect(nowWords(hours, 'America/New_York', monday)).toBe('Closed now, opens today at 9:00. It is 4:30 there.');
  expect(nowWords({ ...hours, zone: 'Asia/Tokyo' }, 'Europe/Zurich', monday)).toMatch(/It is 18:30 there/);
  expect(clockWords('Europe/Atlantis', monday)).toBe('');
});
