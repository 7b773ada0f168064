import { expect, test } from 'vitest';
import { ground, initials } from './person';

test('two letters stand for a name', () => {
  expect(initials('Clara Wendt')).toBe('CW');
  expect(initials('  maria de la cruz ')).toBe('MC');
  expect(initials('Guest')).toBe('GU');
  expect(initials('å')).toBe('Å');
  expect(initials('')).toBe('?');
});

test('a letter outside the basic plane is not cut in two', () => {
  expect(initials('𝒜da 𝓛ove')).toBe('𝒜𝓛');
});

test('the same person always has the same ground, guests the grey one', () => {
  expect(ground('Clara Wendt')).toBe(ground('clara wendt '));
  expect(ground(undefined)).toBe(6);
  const used = new Set(['Ann', 'Bob', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gus', 'Hana', 'Ivo', 'Jo'].map(ground));
  expect(used.size).toBeGreaterThan(2);
  expect(used.has(6)).toBe(false);
});
