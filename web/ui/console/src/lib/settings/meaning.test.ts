import { expect, test } from 'vitest';
import { besidesOf, meaningOf, span } from './meaning';
import { findSetting } from './sections';
import type { Operator } from './staff';
import { filled, unknownIn } from './texts';

const base = { offer_mode: 'single', offer_expires_after_s: '20', connection_timeout_s: '300' };
const joe: Operator = {
  id: 'joe',
  email: 'j@x',
  name: 'Joe',
  role: 'operator',
  limit: null,
  disabled: false,
  skills: {},
};
const member = (handling: string, limit = ''): object => ({ handling, limit, active: true });
const named = (id: string): string => id.charAt(0).toUpperCase() + id.slice(1);
const besides = (values: object): string[] =>
  besidesOf(
    { ...base, ...values },
    { operator: () => joe, group: named, timeZone: 'Asia/Tokyo' },
    Date.parse('2026-11-23T09:30:00Z'),
  ).map(({ title, say }) => `${title}. ${say}`);
const titles = (values: object, who: (id: string) => Operator | undefined = () => joe): string[] =>
  meaningOf({ ...base, ...values }, { operator: who, group: named, timeZone: 'UTC' }).map(({ at, title }) =>
    at ? `${at}: ${title}` : title,
  );

test('single offers ring at one after the other until the wait is over', () => {
  expect(titles({ 'member:a': member('primary'), 'member:b': member('primary') })).toEqual([
    '0 s: Offered to one of 2 primary members',
    '20 s: Offered to the next',
    '5 min: Off-line form',
  ]);
});

test('automatic chats are assigned, secondary members come after, pull members take', () => {
  const members = { 'member:a': member('primary'), 'member:b': member('secondary'), 'member:c': member('pull') };
  expect(titles({ ...members, offer_mode: 'automatic', connection_timeout_s: '90' })).toEqual([
    '0 s: Assigned to one of 1 primary member',
    'Then one of 1 secondary member',
    'any time: 1 pull member may take it',
    '90 s: Off-line form',
  ]);
});

test('a chat that rings at all is not passed on, and nobody has missed it', () => {
  const members = { 'member:a': member('primary'), 'member:b': member('primary'), 'member:c': member('secondary') };
  expect(titles({ ...members, offer_mode: 'ring_all' })).toEqual([
    '0 s: Rings at all of 2 primary members',
    '20 s: Rings again',
    'Then one of 1 secondary member',
    '5 min: Off-line form',
  ]);
});

test('members who get none, are disabled, or were removed in the form are not asked', () => {
  const waits = ['0 s: Nobody is asked', '5 min: Off-line form'];
  expect(titles({ 'member:a': member('primary', '0') })).toEqual(waits);
  expect(titles({ 'member:a': member('primary') }, () => ({ ...joe, disabled: true }))).toEqual(waits);
  expect(titles({ 'member:a': member('primary') }, () => ({ ...joe, limit: 0 }))).toEqual(waits);
  expect(titles({ 'member:a': null })).toEqual(waits);
  expect(titles({ 'member:a': { handling: 'primary', limit: '', active: false } })).toEqual(waits);
});

test('one member alone is offered the chat again, not somebody else', () => {
  expect(titles({ 'member:a': member('primary') })[1]).toBe('20 s: Offered again');
});

test('a time that is being written wrongly is left open', () => {
  expect(titles({ connection_timeout_s: 'soon' })).toEqual(['0 s: Nobody is asked', 'Off-line form']);
});

test('other groups join in, skills are given up, and the longest of the waits that ends first is the end', () => {
  const members = { 'member:a': member('primary') };
  const overflow = { after: '30', groups: ['sales', 'returns'] };
  expect(
    titles({ ...members, overflow, skill_relaxed_every_s: '25', queue_wait_max_s: '120', when_full: 'sales' }),
  ).toEqual([
    '0 s: Offered to one of 1 primary member',
    '20 s: Offered again',
    '25 s: One skill less is asked for',
    '30 s: Sales and Returns join in',
    '2 min: On to Sales',
  ]);
  expect(titles({ ...members, queue_wait_max_s: '600' }).at(-1)).toBe('5 min: Off-line form');
});

test('a greeting is a step of the path, where there is one', () => {
  expect(titles({ greeting: 'Hello', greeting_after_s: '15' })).toContain('15 s: The visitor is greeted');
  expect(titles({ greeting: ' ', greeting_after_s: '15' }).join()).not.toContain('greeted');
});

test('what is put into a text is shown by an example, and what is not is named', () => {
  expect(filled('{ahead} before you, {wait}. {name}')).toBe('2 before you, 3 min. {name}');
  expect(unknownIn('{ahead} {name} {name} {x}')).toEqual(['{name}', '{x}']);
});

test('help that comes after the end is said to be too late', () => {
  expect(titles({ overflow: { after: '300', groups: ['sales'] } })).toContain('5 min: Sales joins in: too late');
});

test('a chat waits for its own operator before others are asked', () => {
  const own = { last_operator_days: '30', last_operator_waits_s: '45', wanted_operator_waits_s: '60' };
  expect(titles(own).slice(0, 2)).toEqual([
    'first: Whom the page names, for 1 min',
    'first: Who served them last, for 45 s',
  ]);
  expect(titles({ ...own, last_operator_days: '0', wanted_operator_waits_s: '0' })[0]).toBe('0 s: Nobody is asked');
});

test('what holds besides the path is said, as it is written now', () => {
  expect(besides({})).toEqual([]);
  expect(
    besides({
      queue_length_max: '40',
      when_full: 'sales',
      expired_offers_until_away: '3',
      lost_operator: 'requeue',
      service_level_within_s: '90',
      priority: '-2',
    }),
  ).toEqual([
    'At most 40 chats may wait. Who comes then gets a place in Sales.',
    'Away after 3 missed offers in a row. The operator gets no more chats until they set themselves to online again.',
    'Lost operators’ chats wait again. After the wait that Presence sets, at the front of the queue.',
    'In time within 90 s. What reports and dashboards call answered in time; no chat is treated differently for it.',
    'Moved back. Chats rank as if they had come 2 min later.',
  ]);
  expect(besides({ queue_length_max: '0', priority: 'x', service_level_within_s: '0' })).toEqual([
    'Nobody may wait. Who comes then gets the off-line form.',
  ]);
  const hours = { zone: 'Europe/Zurich', week: [[{ from: '9', to: '17' }], [], [], [], [], [], []], holidays: [] };
  expect(besides({ hours })[0]).toMatch(/^Opening hours\. Open now, until 17:00/);
  // It is half past six in Tokyo.
  expect(besides({ hours: { ...hours, zone: '' } })[0]).toMatch(/^Opening hours\. Closed now, opens on Monday at 9:00/);
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
  expect(found('')).toEqual([
    'company: ',
    'operators: ',
    'presence: ',
    'groups: ',
    'departments: ',
    'brands: ',
    'profiles: ',
  ]);
  expect(found('time zone')).toEqual(['company: Time zone of the account', 'groups: Time zone of a group']);
  expect(found('limit GROUP')).toEqual(['operators: Limit, all groups together', 'groups: Limit in a group']);
  expect(found('priority')).toEqual([
    'groups: Priority of a group',
    'departments: Priority of a department',
    'brands: Priority of a brand',
    'brands: Priority by a variable',
  ]);
  expect(found('webhook')).toEqual([]);
});
