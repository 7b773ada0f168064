import { expect, test } from 'vitest';
import { Chat, operatorName } from './chat.svelte';
import { blankRow } from './rows';
import { assigned, at, ended, event, NOON, queued, running, said, started, SUE, wrote } from './testing';

function served(): Chat {
  const chat = new Chat(blankRow('a', at(0)));
  for (const [index, kind] of [started, queued, wrote('Is the lamp in stock?'), assigned()].entries())
    chat.add(event('a', index + 1, kind));
  return chat;
}

test('an event that comes twice is shown once', () => {
  const chat = served();
  expect(chat.add(event('a', 3, wrote('Is the lamp in stock?')))).toBe(false);
  expect(chat.events.map((frame) => frame.seq)).toEqual([1, 2, 3, 4]);
  expect(chat.row.messages).toBe(1);
});

test('a chat that is only known by its events has the row the server would give', () => {
  const chat = served();
  expect(chat.row).toMatchObject({
    state: 'active',
    group: 'support',
    visitor: { name: 'Clara Wendt' },
    owner: { id: SUE, name: 'Sue Tanaka' },
    question: 'Is the lamp in stock?',
    seq: 4,
  });
  expect(chat.name).toBe('Clara Wendt');
  expect(chat.page).toBe('https://shop.example/lamp');
});

test('what the site has signed stands in the place of what its page says', () => {
  const chat = new Chat(blankRow('a', at(0)));
  const said = { tier: 'gold', constructor: 'full' };
  chat.add(event('a', 1, { ...started, variables: said, verified: { tier: 'silver' } } as typeof started));
  expect([chat.verified, chat.variables]).toEqual([[['tier', 'silver']], [['constructor', 'full']]]);
});

test('history that is in the row already is not counted again', () => {
  const chat = new Chat(running('a', { seq: 4, messages: 1, question: 'Is the lamp in stock?' }));
  for (const [index, kind] of [started, queued, wrote('Is the lamp in stock?'), assigned()].entries())
    chat.add(event('a', index + 1, kind));
  expect(chat.row.messages).toBe(1);
  chat.add(event('a', 5, wrote('Hello?')));
  expect(chat.row.messages).toBe(2);
});

test('only what the visitor wrote after my mark is unread', () => {
  const chat = served();
  expect(chat.unread).toBe(1);
  chat.add(event('a', 5, said('One moment')));
  chat.add(event('a', 6, wrote('Thanks')));
  chat.add(event('a', 7, wrote('Take your time')));
  expect(chat.unread).toBe(3);
  chat.myMarks({ read: 6 });
  expect(chat.unread).toBe(1);
  chat.myMarks({ read: 3 });
  expect(chat.unread).toBe(1);
});

test('the idle time begins anew when I write, not when the visitor does', () => {
  const chat = served();
  expect(chat.row.idle_since).toBe(at(4));
  chat.add(event('a', 5, wrote('Hello?'), 60));
  expect(chat.row.idle_since).toBe(at(4));
  chat.add(event('a', 6, said('Yes, it is'), 90));
  expect(chat.row.idle_since).toBe(at(90));
});

test('a stored message stays on screen until its event is here, and is never there twice', () => {
  const chat = served();
  chat.settled({ id: 'c1', text: 'Yes', at: NOON, seq: 5 });
  expect(chat.sent.map((sent) => sent.id)).toEqual(['c1']);
  chat.add(event('a', 5, said('Yes'), 9, 'c1'));
  expect(chat.sent).toEqual([]);
  chat.settled({ id: 'c1', text: 'Yes', at: NOON, seq: 5 });
  expect(chat.sent).toEqual([]);
});

test('a refused message stays until it is taken away', () => {
  const chat = served();
  chat.settled({ id: 'c1', text: 'Yes', at: NOON, refused: 'the chat is over' });
  chat.add(event('a', 5, ended));
  expect(chat.sent.map((sent) => sent.refused)).toEqual(['the chat is over']);
  chat.drop('c1');
  expect(chat.sent).toEqual([]);
});

test('an older row from the server takes nothing back', () => {
  const chat = served();
  chat.visitorMarks({ delivered: 4, read: 3 });
  chat.update({ ...running('a', { seq: 2, state: 'waiting', number: 91 }), visitor_marks: { delivered: 2, read: 2 } });
  expect(chat.row).toMatchObject({ state: 'active', seq: 4, number: 91, visitor_marks: { delivered: 4, read: 3 } });
});

test('whoever sent what they typed types no more', () => {
  const chat = served();
  chat.visitorTypes(true, 'Thank y', NOON);
  expect(chat.typing?.preview).toBe('Thank y');
  chat.add(event('a', 5, wrote('Thank you')));
  expect(chat.typing).toBeNull();
});

test('a chat that a manager ended does not say that I did', () => {
  const chat = served();
  chat.add(event('a', 5, { kind: 'ended', by: 'operator', why: 'closed', operator: 'op-mona' }));
  expect(operatorName(chat.endedBy, chat.row, SUE)).toBeUndefined();
  const other = served();
  other.add(event('a', 5, { kind: 'ended', by: 'operator', why: 'closed', operator: SUE }));
  expect([operatorName(other.endedBy, other.row, SUE), operatorName(other.endedBy, other.row, 'op-mona')]).toEqual([
    'You',
    'Sue Tanaka',
  ]);
});

test('a chat that came back to a former owner is theirs, whoever had it between', () => {
  const [joined, left] = (['joined', 'left'] as const).map(
    (kind) => (operator: string, name: string) => ({ kind, operator, name, group: 'support' }) as never,
  ) as [(operator: string, name: string) => never, (operator: string, name: string) => never];
  const transferred = { kind: 'transferred', operator: SUE, name: 'Sue Tanaka', group: 'support' } as never;
  const since = [joined('op-joe', 'Joe'), left(SUE, 'Sue Tanaka'), transferred, joined('op-joe', 'Joe')];
  const heard = served();
  since.slice(0, 2).forEach((kind, index) => heard.add(event('a', 5 + index, kind)));
  expect([heard.row.owner, heard.guests]).toEqual([{ id: 'op-joe', name: 'Joe' }, []]);
  since.slice(2).forEach((kind, index) => heard.add(event('a', 7 + index, kind)));
  // Whoever opens it later has the row first, and the events behind it.
  const read = new Chat(running('a', { seq: 8, messages: 1, owner: { id: SUE, name: 'Sue Tanaka' } }));
  for (const [index, kind] of [started, queued, wrote('Is the lamp in stock?'), assigned(), ...since].entries())
    read.add(event('a', index + 1, kind));
  for (const chat of [heard, read]) {
    expect(chat.row.owner).toEqual({ id: SUE, name: 'Sue Tanaka' });
    expect(chat.guests.map(({ id }) => id)).toEqual(['op-joe']);
  }
});
