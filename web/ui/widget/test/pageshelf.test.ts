import { expect, it } from 'vitest';
import type { ToPage } from '../src/bridge';
import { pageShelf } from '../src/window/pageshelf';

it('is a shelf of which the page hears every change', () => {
  const told: ToPage[] = [];
  const shelf = pageShelf({ a: '1', 'x.b': '2', odd: 7 }, (message) => told.push(message));
  expect([shelf.read('a'), shelf.read('odd'), shelf.keys('x.')]).toEqual(['1', null, ['x.b']]);
  expect(shelf.write('a', '3')).toBe(true);
  shelf.remove('x.b');
  shelf.remove('x.b');
  expect(told).toEqual([
    { switchboard: 'keep', name: 'a', value: '3' },
    { switchboard: 'keep', name: 'x.b', value: null },
  ]);
  expect([shelf.read('a'), shelf.keys('')]).toEqual(['3', ['a']]);
});

it('begins empty where the page kept nothing that can be read', () => {
  for (const kept of [undefined, null, 'text', 7, []]) expect(pageShelf(kept, () => {}).keys('')).toEqual([]);
});

it('takes no more than a page has room for, and keeps what it has', () => {
  const told: ToPage[] = [];
  const shelf = pageShelf({}, (message) => told.push(message));
  expect(shelf.write('much', 'x'.repeat(900_000))).toBe(true);
  expect(shelf.write('more', 'x'.repeat(200_000))).toBe(false);
  expect(shelf.write('much', 'x'.repeat(950_000))).toBe(true);
  expect([shelf.keys('').length, told.length]).toEqual([1, 2]);
});
