import type { EventKind } from '@switchboard/protocol';
import { expect, test } from 'vitest';
import { Chat } from './chat.svelte';
import { blankRow } from './rows';
import { assigned, at, ended, event, NOON, queued, said, started, SUE, wrote } from './testing';
import { threadOf, type ThreadItem } from './thread';

function thread(chat: Chat, change: Partial<Parameters<typeof threadOf>[0]> = {}): ThreadItem[] {
  const { row, name, events, sent } = chat;
  return threadOf({ row, name, events, sent, outgoing: [], me: SUE, group: (id) => `the group ${id}`, now: NOON, readAt: null, ...change });
}

function chat(): Chat {
  const one = new Chat(blankRow('a', at(0)));
  const kinds = [started, queued, wrote('Is the lamp in stock?'), assigned(), said('Yes, it is')];
  for (const [index, kind] of kinds.entries()) one.add(event('a', index + 1, kind));
  return one;
}

test('a conversation reads as it happened', () => {
  const lines = thread(chat()).map((item) =>
    item.kind === 'message' ? `${item.by}: ${item.text}` : item.kind === 'line' ? item.text : item.kind,
  );
  expect(lines).toEqual([
    'day',
    'Clara started the chat',
    'Clara: Is the lamp in stock?',
    'Waited 0:02, accepted by you',
    'You: Yes, it is',
  ]);
});

test('my message shows how far it has got', () => {
  const one = chat();
  const mark = () => {
    const last = thread(one).at(-1);
    return last?.kind === 'message' ? last.mark : undefined;
  };
  expect(mark()).toBe('stored');
  one.visitorMarks({ delivered: 5 });
  expect(mark()).toBe('delivered');
  one.visitorMarks({ read: 5 });
  expect(mark()).toBe('read');
});

test('what waits for the connection stands at the end with a clock, in the order it was written', () => {
  const outgoing = [
    { id: 'x', text: 'One', at: NOON },
    { id: 'y', text: 'Two', at: NOON },
  ];
  const last = thread(chat(), { outgoing }).slice(-2);
  expect(last.map((item) => item.kind === 'message' && [item.text, item.mark])).toEqual([
    ['One', 'waiting'],
    ['Two', 'waiting'],
  ]);
});

test('a stored message keeps its key when its event takes its place, so that it does not flash', () => {
  const one = chat();
  one.settled({ id: 'c1', text: 'In red, too', at: NOON, seq: 6 });
  const before = thread(one).at(-1)?.key;
  one.add(event('a', 6, said('In red, too'), 9, 'c1'));
  expect(thread(one).at(-1)?.key).toBe(before);
});

test('a line says where the new begins', () => {
  const one = chat();
  one.add(event('a', 6, wrote('Thanks')));
  one.add(event('a', 7, wrote('Bye')));
  const kinds = thread(one, { readAt: 5 }).map((item) => item.kind);
  expect(kinds.slice(-3)).toEqual(['new', 'message', 'message']);
});

test('each day has its name', () => {
  const one = chat();
  one.add(event('a', 6, wrote('Still there?'), 24 * 3600 + 5));
  const days = thread(one, { now: NOON + 24 * 3600_000 }).filter((item) => item.kind === 'day');
  expect(days.map((day) => day.text)).toEqual(['Yesterday, Friday 20 November', 'Today, Saturday 21 November']);
});

test('a chat that rang at several says who declined, and that nobody missed it', () => {
  const one = chat();
  const others = [
    { id: 'op-sue', name: 'Sue Tanaka' },
    { id: 'op-ann', name: 'Ann Holm' },
  ];
  one.add(
    event('a', 6, {
      kind: 'offered',
      offer: 'o',
      operator: 'op-bob',
      name: 'Bob Marsh',
      others,
      group: 'support',
      offer_kind: 'new',
      expires_at: at(30),
    }),
  );
  one.add(event('a', 7, { kind: 'declined', offer: 'o', operator: 'op-ann' }));
  one.add(event('a', 8, { kind: 'expired', offer: 'o', operator: 'op-bob', why: 'expired' }));
  const lines = thread(one).flatMap((item) => (item.kind === 'line' ? [item.text] : []));
  expect(lines.slice(-2)).toEqual(['Ann Holm declined', 'Nobody answered']);
});

test('what only operators see is a quiet line, and an unknown kind of event is none at all', () => {
  const one = chat();
  one.add(
    event('a', 6, {
      kind: 'offered',
      offer: 'o',
      operator: 'op-bob',
      name: 'Bob Marsh',
      group: 'support',
      offer_kind: 'new',
      expires_at: at(30),
    }),
  );
  one.add(event('a', 7, { kind: 'declined', offer: 'o', operator: 'op-bob' }));
  one.add(event('a', 8, { kind: 'invented_later' } as never));
  one.add(event('a', 9, ended));
  const lines = thread(one).flatMap((item) => (item.kind === 'line' ? [item.text] : []));
  expect(lines.slice(-2)).toEqual(['Bob Marsh declined', 'Visitor ended the chat']);
});

test('what colleagues do around a chat is told with their names and the names of groups', () => {
  const one = chat();
  const joe = { id: 'op-joe', name: 'Joe Abara' };
  const asked = { operator: SUE, name: 'Sue Tanaka', group: 'support', reason: 'Knows lamps', until: at(60) };
  const kinds: EventKind[] = [
    { kind: 'transfer_asked', ...asked, to: joe },
    { kind: 'declined', offer: 'o', operator: joe.id },
    { kind: 'transfer_denied', operator: joe, why: 'declined' },
    { kind: 'transfer_asked', ...asked },
    { kind: 'transfer_denied', why: 'expired' },
    { kind: 'invited', ...asked, stay: true, to: joe },
    { kind: 'invite_denied', operator: joe, why: 'expired' },
    { kind: 'queued', group: 'sales' },
  ];
  for (const kind of kinds) one.add(event('a', one.last + 1, kind));
  const lines = thread(one).flatMap((item) => (item.kind === 'line' ? [item.text] : []));
  expect(lines.slice(2)).toEqual([
    'You asked Joe Abara to take the chat over: “Knows lamps”',
    'Joe Abara declined the transfer',
    'You asked somebody in the group support to take the chat over: “Knows lamps”',
    'Nobody accepted the transfer',
    'You invited Joe Abara: “Knows lamps”',
    'Joe Abara did not answer the invitation',
    'Waits again, in the group sales',
  ]);
});
