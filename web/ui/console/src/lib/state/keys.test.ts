import { expect, test } from 'vitest';
import { type Action, Keys, type Press } from './keys';

function desk() {
  const done: string[] = [];
  let able = true;
  const action = (keys: string): Action => ({
    id: keys,
    label: keys,
    section: '',
    keys,
    can: () => able,
    run: () => done.push(keys),
  });
  const keys = new Keys(() => ['Alt+A', 'Alt+1', 'T', 'G C', '?', 'Ctrl+K'].map(action));
  const press = (key: string, change: Partial<Press> = {}, now = 0): boolean =>
    keys.press(
      {
        key,
        code: `Key${key.toUpperCase()}`,
        altKey: false,
        ctrlKey: false,
        metaKey: false,
        shiftKey: false,
        inText: false,
        ...change,
      },
      now,
    );
  return { done, press, unable: () => (able = false) };
}

test('Alt works everywhere, by the place of the letter', () => {
  const { done, press } = desk();
  expect(press('å', { code: 'KeyA', altKey: true, inText: true })).toBe(true);
  expect(press('1', { code: 'Digit1', altKey: true })).toBe(true);
  expect(press('k', { ctrlKey: true, inText: true })).toBe(true);
  expect(done).toEqual(['Alt+A', 'Alt+1', 'Ctrl+K']);
});

test('a letter in a text field is a letter', () => {
  const { done, press } = desk();
  expect(press('t', { inText: true })).toBe(false);
  expect(press('?', { inText: true, code: 'Slash' })).toBe(false);
  expect(done).toEqual([]);
  expect(press('t')).toBe(true);
  expect(done).toEqual(['T']);
});

test('G and then C goes to the chats, but not after a pause', () => {
  const { done, press } = desk();
  press('g', {}, 0);
  expect(press('c', {}, 500)).toBe(true);
  press('g', {}, 5_000);
  expect(press('c', {}, 9_000)).toBe(false);
  expect(done).toEqual(['G C']);
});

test('AltGr writes, it commands nothing', () => {
  const { done, press } = desk();
  expect(press('a', { altKey: true, ctrlKey: true })).toBe(false);
  expect(done).toEqual([]);
});

test('what cannot be done now leaves the key alone', () => {
  const { done, press, unable } = desk();
  unable();
  expect(press('t')).toBe(false);
  expect(done).toEqual([]);
});
