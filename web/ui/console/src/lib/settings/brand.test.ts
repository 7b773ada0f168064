import { expect, test } from 'vitest';
import { checkBrand, namesIn, originOf } from './brand';

const fine = { name: 'Shop', origins: '', priority: '0', trusted_variables: '', variable_priorities: [] };

test('names of variables are told apart by commas and spaces, each once', () => {
  expect(namesIn(' tier, plan;tier  visits')).toEqual(['tier', 'plan', 'visits']);
  expect(namesIn('')).toEqual([]);
});

test('websites are told by the origin that browsers send', () => {
  expect(originOf('https://Shop.example/')).toBe('https://shop.example');
  expect(originOf('http://127.0.0.1:3000')).toBe('http://127.0.0.1:3000');
  for (const odd of ['shop.example', '*', 'ftp://shop.example', 'https://shop.example/a', 'https://a@shop.example'])
    expect(originOf(odd)).toBe(null);
  expect(checkBrand({ ...fine, origins: 'https://a.example, https://b.example' })).toEqual({});
  expect(Object.keys(checkBrand({ ...fine, origins: 'https://a.example shop' }))).toEqual(['origins']);
});

test('what a brand cannot be set to is said at its field', () => {
  expect(checkBrand(fine)).toEqual({});
  const rule = { variable: 'tier', value: 'gold', steps: '5' };
  const of = (rows: object[]) => Object.keys(checkBrand({ ...fine, variable_priorities: rows }));
  expect(of([rule, { ...rule, value: 'silver' }])).toEqual([]);
  expect(of([rule, { ...rule, value: ' gold ' }])).toEqual(['variable_priorities.1']);
  for (const odd of [{ variable: 'my tier' }, { value: ' ' }, { steps: '1.5' }, { steps: '91' }])
    expect(of([{ ...rule, ...odd }])).toEqual(['variable_priorities.0']);
  expect(Object.keys(checkBrand({ ...fine, name: '', priority: '-91', trusted_variables: 'a b$' }))).toEqual([
    'name',
    'priority',
    'trusted_variables',
  ]);
});
