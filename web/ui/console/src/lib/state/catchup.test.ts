import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Catchup } from './catchup';
import { event, wrote } from './testing';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('histories are given out complete, and what comes meanwhile comes behind them', () => {
  const taken: string[] = [];
  const catchup = new Catchup((chat, frames) => taken.push(`${chat}: ${frames.map((frame) => frame.seq).join()}`));
  catchup.begin('a');
  catchup.begin('b');
  for (const seq of [1, 2]) expect(catchup.collects(event('a', seq, wrote('x')))).toBe(true);
  expect(catchup.collects(event('c', 1, wrote('x')))).toBe(false);
  vi.runAllTimers();
  expect(taken).toEqual([]);
  catchup.done('a');
  catchup.collects(event('a', 3, wrote('live')));
  catchup.done('b');
  vi.runAllTimers();
  expect(taken).toEqual(['a: 1,2,3', 'b: ']);
  expect(catchup.collects(event('a', 4, wrote('y')))).toBe(false);
});
