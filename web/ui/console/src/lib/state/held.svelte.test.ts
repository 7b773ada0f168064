import { expect, test } from 'vitest';
import { HeldList } from './held.svelte';

function list(ids: string) {
  let items = $state.raw(ids.split('').map((id) => ({ id })));
  const held = new HeldList(() => items);
  const show = () => held.lines.map((line) => line.id + (line.gone ? '!' : '')).join('');
  return { held, show, set: (next: string) => (items = next.split('').map((id) => ({ id }))) };
}

test('a list nobody points at follows its order', () => {
  const { show, set } = list('abc');
  expect(show()).toBe('abc');
  set('dca');
  expect(show()).toBe('dca');
});

test('a list under the pointer keeps its places: what is new waits, what went is marked', () => {
  const { held, show, set } = list('abc');
  expect(show()).toBe('abc');
  held.held = true;
  set('dcab');
  expect(show()).toBe('abc');
  expect(held.waiting).toBe(1);
  set('eda');
  expect(show()).toBe('ab!c!');
  expect(held.waiting).toBe(2);
});

test('what waits is shown on demand, and the places hold again from there', () => {
  const { held, show, set } = list('abc');
  void show();
  held.held = true;
  set('dcab');
  void show();
  held.show();
  expect(show()).toBe('dcab');
  set('abcd');
  expect(show()).toBe('dcab');
  held.held = false;
  expect(show()).toBe('abcd');
});
