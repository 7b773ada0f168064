import { expect, test } from 'vitest';
import { meaningOf, span } from './meaning';
import { findSetting } from './sections';
import type { Operator } from './staff';

const base = { offer_mode: 'single', offer_expires_after_s: '20', connection_timeout_s: '300' };
const joe: Operator = { id: 'joe', email: 'j@x', name: 'Joe', role: 'operator', limit: null, disabled: false };
const member = (handling: string, limit = ''): object => ({ handling, limit });
const titles = (values: object, who: (id: string) => Operator | undefined = () => joe): string[] =>
  meaningOf({ ...base, ...values }, who).map(({ at, title }) => (at ? `${at}: ${title}` : title));

test('single offers ring at one after the other until the wait is over', () => {
  expect(titles({ 'member:a': member('primary'), 'member:b': member('primary') })).toEqual([
    '0 s: Offered to one of 2 primary members',
    '20 s: Offered to the next',
    '5 min: The wait is over',
  ]);
});

test('automatic chats are assigned, secondary members come after, pull members take', () => {
  const members = { 'member:a': member('primary'), 'member:b': member('secondary'), 'member:c': member('pull') };
  expect(titles({ ...members, offer_mode: 'automatic', connection_timeout_s: '90' })).toEqual([
    '0 s: Assigned to one of 1 primary member',
    'Then one of 1 secondary member',
    'any time: 1 pull member may take it',
    '90 s: The wait is over',
  ]);
});

test('members who get none, are disabled, or were removed in the form are not asked', () => {
  const waits = ['0 s: Nobody is asked', '5 min: The wait is over'];
  expect(titles({ 'member:a': member('primary', '0') })).toEqual(waits);
  expect(titles({ 'member:a': member('primary') }, () => ({ ...joe, disabled: true }))).toEqual(waits);
  expect(titles({ 'member:a': member('primary') }, () => ({ ...joe, limit: 0 }))).toEqual(waits);
  expect(titles({ 'member:a': null })).toEqual(waits);
});

test('one member alone is offered the chat again, not somebody else', () => {
  expect(titles({ 'member:a': member('primary') })[1]).toBe('20 s: Offered again');
});

test('a time that is being written wrongly is left open', () => {
  expect(titles({ connection_timeout_s: 'soon' })).toEqual(['0 s: Nobody is asked', 'The wait is over']);
});

test('spans are as short as is exact', () => {
  expect([20, 90, 150, 300, 3600, 5400, 86_400].map(span)).toEqual([
    '20 s',
    '90 s',
    '2 min 30 s',
    '5 min',
    '1 h',
    '1 h 30 min',
    '24 h',
  ]);
});

test('a setting is found by its words, and leads to where it is', () => {
  const found = (typed: string) => findSetting(typed).map(({ section, setting }) => `${section.id}: ${setting ?? ''}`);
  expect(found('')).toEqual(['operators: ', 'groups: ']);
  expect(found('limit GROUP')).toEqual(['operators: Limit, all groups together', 'groups: Limit in a group']);
  expect(found('webhook')).toEqual([]);
});
