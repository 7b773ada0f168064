import { expect, test } from 'vitest';
import { severityOf, urgency } from './idle';
import { at, NOON, running } from './testing';

test('a running chat gets urgent after three and six minutes', () => {
  expect([0, 10, 179, 180, 359, 360].map((s) => severityOf(s * 1000, false))).toEqual([
    'none',
    'normal',
    'normal',
    'warning',
    'warning',
    'high',
  ]);
});

test('a visitor in the queue gets urgent sooner', () => {
  expect([5, 59, 60, 180].map((s) => severityOf(s * 1000, true))).toEqual(['none', 'normal', 'warning', 'high']);
});

test('idle counts from my last word, waiting from the queue, and an ended chat not at all', () => {
  const row = running('a', { idle_since: at(10), queued_at: at(-40) });
  expect(urgency(row, NOON + 50_000)?.ms).toBe(40_000);
  expect(urgency({ ...row, state: 'waiting' }, NOON)?.ms).toBe(40_000);
  expect(urgency({ ...row, state: 'ended' }, NOON)).toBeNull();
});

test('a clock that is a little behind shows no negative time', () => {
  expect(urgency(running('a', { idle_since: at(3) }), NOON)).toEqual({ severity: 'none', ms: 0 });
});
