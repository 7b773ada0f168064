import type { ChatRow } from '@switchboard/protocol';
import { expect, test } from 'vitest';
import type { Desk } from './desk.svelte';
import { Directory } from './directory.svelte';
import type { Http } from './http';
import { takes } from './takes';

const WAITS_SINCE = '2026-01-01T12:00:00.000Z';
const row = (group: string, state: ChatRow['state'] = 'waiting') =>
  ({ id: 'one', group, state, queued_at: WAITS_SINCE }) as ChatRow;

async function seen(waitedS: number, rights: string[]) {
  const directory = new Directory();
  directory.setOwn([{ id: 'experts', name: 'Experts' } as never]);
  const items = [
    { id: 'sales', name: 'Sales', overflow: { after_s: 60, groups: ['experts'] } },
    { id: 'billing', name: 'Billing', overflow: { after_s: 0, groups: ['sales'] } },
    { id: 'support', name: 'Support', overflow: null },
  ];
  await directory.learn({ get: () => Promise.resolve({ items }) } as unknown as Http);
  const clock = { now: Date.parse(WAITS_SINCE) + waitedS * 1000 };
  return { directory, clock, session: { may: (right: string) => rights.includes(right) } } as unknown as Desk;
}

test('who sees all chats takes those of their groups, and those that their groups help by now', async () => {
  const early = await seen(59, ['answer', 'read_all_chats']);
  const late = await seen(60, ['answer', 'read_all_chats']);
  expect(takes(early, row('experts'))).toBe(true);
  expect(takes(early, row('experts', 'active'))).toBe(false);
  expect(takes(early, row('sales'))).toBe(false);
  expect(takes(late, row('sales'))).toBe(true);
  expect(takes(late, row('billing'))).toBe(false);
  expect(takes(late, row('support'))).toBe(false);
});

test('who sees only what concerns them may take what of it waits, and nobody without the right to answer', async () => {
  expect(takes(await seen(0, ['answer']), row('sales'))).toBe(true);
  expect(takes(await seen(600, ['read_all_chats']), row('sales'))).toBe(false);
});
