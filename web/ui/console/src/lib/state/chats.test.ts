import { expect, test } from 'vitest';
import { Chats, sorted } from './chats.svelte';
import { assigned, at, ended, event, queued, running, started, SUE, wrote } from './testing';

function desk(): Chats {
  const chats = new Chats();
  chats.me = SUE;
  return chats;
}

test('a chat that is assigned to me is mine before the server lists it', () => {
  const chats = desk();
  for (const [index, kind] of [started, queued, assigned()].entries()) chats.event(event('a', index + 1, kind));
  expect(chats.mine.map((chat) => chat.id)).toEqual(['a']);
});

test('a chat of a colleague is not mine', () => {
  const chats = desk();
  for (const [index, kind] of [started, queued, assigned('op-joe')].entries()) chats.event(event('a', index + 1, kind));
  expect(chats.mine).toEqual([]);
});

test('a chat the visitor ended stays until I have seen it and left', () => {
  const chats = desk();
  chats.put(running('a'));
  chats.put(running('b'));
  chats.event(event('a', 1, wrote('Bye')));
  chats.event(event('a', 2, ended));
  expect(chats.mine.map((chat) => chat.id)).toEqual(['b']);
  expect(chats.lingering.map((chat) => chat.id)).toEqual(['a']);
  chats.open('b');
  expect(chats.lingering.map((chat) => chat.id)).toEqual(['a']);
  chats.open('a');
  chats.get('a')?.myMarks({ read: 2 });
  expect(chats.lingering.map((chat) => chat.id)).toEqual(['a']);
  chats.open('b');
  expect(chats.lingering).toEqual([]);
});

test('history of an ended chat that I look up does not make it one of my running ones', () => {
  const chats = desk();
  chats.put(running('a', { state: 'ended', seq: 4 }));
  expect(chats.mine).toEqual([]);
  expect(chats.lingering).toEqual([]);
});

test('after a restart of the server, chats it no longer gives me are asked about', () => {
  const chats = desk();
  chats.put(running('a'));
  chats.put(running('b'));
  expect(chats.ours([running('b')], true)).toEqual(['a']);
  expect(chats.ours([running('b')], false)).toEqual([]);
});

test('the list can be sorted by idle time, by activity and by age', () => {
  const chats = desk();
  chats.put(running('a', { number: 1, idle_since: at(50), started_at: at(10) }));
  chats.put(running('b', { number: 2, idle_since: at(20), started_at: at(30) }));
  chats.put(running('c', { number: 3, idle_since: at(20), started_at: at(5) }));
  chats.event(event('b', 1, wrote('Hello'), 99));
  const ids = (sort: 'idle' | 'activity' | 'longest') => sorted(chats.mine, sort).map((chat) => chat.id);
  expect(ids('idle')).toEqual(['b', 'c', 'a']);
  expect(ids('activity')[0]).toBe('b');
  expect(ids('longest')).toEqual(['c', 'a', 'b']);
});

test('the counter on the window counts chats, not messages', () => {
  const chats = desk();
  chats.put(running('a'));
  chats.put(running('b'));
  chats.event(event('a', 1, wrote('One')));
  chats.event(event('a', 2, wrote('Two')));
  expect(chats.unreadChats.map((chat) => [chat.id, chat.unread])).toEqual([['a', 2]]);
});

test('chats that I only looked up are forgotten some day, my own never', () => {
  const chats = desk();
  chats.put(running('mine'));
  for (let at = 0; at < 500; at++) {
    chats.put(running(`old${at}`, { state: 'ended' }));
    chats.open(`old${at}`);
  }
  expect(chats.get('old0')).toBeUndefined();
  expect(chats.get('old499')).toBeDefined();
  expect(chats.get('mine')).toBeDefined();
});
