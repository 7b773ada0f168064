import type { MyGroup, Receiving as Told } from '@switchboard/protocol';
import { expect, test } from 'vitest';
import { Http } from '../http';
import { Receiving } from './receiving.svelte';

const group = (id: string, more: Partial<MyGroup> = {}): MyGroup => ({
  id,
  name: id,
  department: 'd',
  handling: 'primary',
  limit: null,
  active: true,
  left_out: false,
  waiting: 0,
  ...more,
});

test('what another window sets is shown here, group by group', () => {
  const receiving = new Receiving();
  receiving.begin([group('support'), group('sales')], undefined);
  expect(receiving.from.map(({ id }) => id)).toEqual(['support', 'sales']);
  const groups: Told['groups'] = [
    { group: 'sales', handling: 'pull', limit: 2, active: true, left_out: true },
    { group: 'support', handling: 'primary', limit: null, active: false, left_out: false },
  ];
  receiving.told({ profile: 'early', limit: 3, groups });
  expect(receiving.from).toEqual([]);
  expect(receiving.groups.map(({ id }) => id)).toEqual(['support', 'sales']);
  expect(receiving.profile).toBe('early');
  expect(receiving.groups.map(({ handling, limit }) => [handling, limit])).toEqual([['primary', null], ['pull', 2]]);
  receiving.told({ limit: null, groups: [{ group: 'sales', handling: 'primary', limit: null, active: true, left_out: false }] });
  expect(receiving.from.map(({ id }) => id)).toEqual(['sales']);
  expect(receiving.groups.length, 'a group that is not told is none of ones own any more').toBe(1);
  expect(receiving.profile).toBe(null);
});

test('only profiles with a group of ones own are there to choose', async () => {
  const items = [
    { id: 'early', name: 'Early shift', groups: ['support'] },
    { id: 'others', name: 'Other people', groups: ['returns'] },
    { id: 'none', name: 'Nothing', groups: [] },
  ];
  const receiving = new Receiving();
  receiving.begin([group('support')], 'early');
  await receiving.learn(new Http(async () => Response.json({ items, next: null })));
  expect(receiving.profiles.map(({ id }) => id)).toEqual(['early']);
  expect(receiving.profileName('early')).toBe('Early shift');
  await receiving.learn(new Http(async () => new Response('', { status: 503 })));
  expect(receiving.profiles.map(({ id }) => id), 'what is known stays').toEqual(['early']);
});
