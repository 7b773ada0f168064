import type { ChatRow } from '@switchboard/protocol';
import { expect, test } from 'vitest';
import type { Link } from '../state/link.svelte';
import { blankRow } from '../state/rows';
import { Loads } from './load.svelte';

interface Hint {
  type: string;
  id: string;
  filter?: object;
  subscription?: string;
}

function looking() {
  const hints: Hint[] = [];
  const loads = new Loads();
  loads.connected({ subscribe: (hint: Hint) => hints.push(hint) } as unknown as Link);
  return { loads, hints };
}

const row = (id: string, owner: string, group: string): ChatRow => ({
  ...blankRow(id, '2026-11-21T09:00:00Z'),
  owner: { id: owner, name: owner },
  group,
});
const rows = (subscription: string, all: ChatRow[], total = all.length) =>
  ({ type: 'rows', topic: 'chats', subscription, total, rows: all }) as const;

test('the chats of a group are counted by operator, those of an operator by group', () => {
  const { loads, hints } = looking();
  loads.look({ of: 'group', id: 'support' });
  expect(hints.map(({ type, filter }) => [type, filter])).toEqual([
    ['subscribe', { state: 'active', group: 'support' }],
  ]);
  const chats = [row('a', 'joe', 'support'), row('b', 'joe', 'support'), row('c', 'sue', 'support')];
  loads.rows(rows(hints[0]?.id ?? '', chats));
  expect([...(loads.held ?? [])]).toEqual([
    ['joe', 2],
    ['sue', 1],
  ]);
  loads.look({ of: 'operator', id: 'joe' });
  expect(loads.held).toBe(null);
  loads.rows(rows(hints[0]?.id ?? '', chats));
  expect(loads.held).toBe(null);
  loads.rows(rows(hints[2]?.id ?? '', [row('a', 'joe', 'support'), row('d', 'joe', 'sales')]));
  expect([...(loads.held ?? [])]).toEqual([
    ['support', 1],
    ['sales', 1],
  ]);
  expect(hints[1]).toMatchObject({ type: 'unsubscribe', subscription: hints[0]?.id });
});

test('more chats than are told are not counted, for the count would be wrong', () => {
  const { loads, hints } = looking();
  loads.look({ of: 'group', id: 'support' });
  loads.rows(rows(hints[0]?.id ?? '', [row('a', 'joe', 'support')], 201));
  expect(loads.held).toBe(null);
});

test('after a lost connection it is asked for anew, and nothing when nobody looks', () => {
  const { loads, hints } = looking();
  loads.look({ of: 'group', id: 'support' });
  const again: Hint[] = [];
  loads.connected({ subscribe: (hint: Hint) => again.push(hint) } as unknown as Link);
  expect([hints.length, again.map(({ type }) => type)]).toEqual([1, ['subscribe']]);
  loads.look(null);
  expect(again.map(({ type }) => type)).toEqual(['subscribe', 'unsubscribe']);
});
