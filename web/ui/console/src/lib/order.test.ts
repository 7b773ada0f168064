import { expect, test } from 'vitest';
import { byName } from './order';

test('names stand where people look for them: by numbers, and without regard to accents', () => {
  const names = ['Group 10', 'Zoë', 'Überländer', 'Group 2', 'group 3', 'Ueda', 'Ulla'].map((name) => ({ name }));
  expect(names.sort(byName).map(({ name }) => name)).toEqual([
    'Group 2',
    'group 3',
    'Group 10',
    'Überländer',
    'Ueda',
    'Ulla',
    'Zoë',
  ]);
});
