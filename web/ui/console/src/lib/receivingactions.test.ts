import type { MyGroup } from '@switchboard/protocol';
import { expect, test } from 'vitest';
import { Http } from './http';
import { receivingActions } from './receivingactions';
import { find } from './state/palette';
import { Receiving } from './state/receiving.svelte';

const group = (id: string, name: string, change: Partial<Pick<MyGroup, 'active' | 'left_out'>> = {}): MyGroup => ({
  id,
  name,
  department: 'help',
  handling: 'primary',
  limit: null,
  waiting: 0,
  active: true,
  left_out: false,
  ...change,
});

/** An operator of three groups, with a profile that leaves the third one out. */
async function office(profile?: string) {
  const receiving = new Receiving();
  const groups = [group('support', 'Support'), group('sales', 'Sales', { active: false }), group('vip', 'VIP', { left_out: !!profile })];
  receiving.begin(groups, profile);
  const items = [{ id: 'early', name: 'the early shift', groups: ['support', 'sales', 'elsewhere'] }];
  await receiving.learn(new Http(async () => Response.json({ items })));
  const done: unknown[] = [];
  const acts = {
    setReceiving: async (id: string, active: boolean) => void done.push([id, active]),
    chooseProfile: async (id: string | null) => done.push(id) > 0,
  };
  const now = () => receivingActions({ receiving, link: { connected: true } }, acts).filter((one) => one.can());
  return { receiving, done, now, labels: () => now().map(({ label }) => label) };
}

test('the palette turns each group on or off, as it is now', async () => {
  const { receiving, done, now, labels } = await office();
  expect(labels().slice(0, 3)).toEqual(['Get no new chats from Support', 'Get new chats from Sales', 'Get no new chats from VIP']);
  const [best] = find(now(), 'chats sales');
  best?.run();
  expect(done).toEqual([['sales', true]]);
  receiving.told({ limit: null, groups: [{ group: 'sales', handling: 'primary', limit: null, active: true, left_out: false }] });
  expect(labels()).toEqual(['Get no new chats from Sales', 'Work on the early shift']);
});

test('it chooses another profile than the one there is, and has no line for groups that this one leaves out', async () => {
  const { done, now, labels } = await office('early');
  expect(labels()).toEqual(['Get no new chats from Support', 'Get new chats from Sales', 'Work on all my groups']);
  find(now(), 'all my')[0]?.run();
  expect(done).toEqual([null]);
  const other = await office();
  expect(other.labels().at(-1)).toBe('Work on the early shift');
  expect(find(other.now(), 'early')[0]?.hint, 'only what one has oneself is named').toBe('profile: Support, Sales');
});
