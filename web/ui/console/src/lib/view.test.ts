import { expect, test } from 'vitest';
import { Chat } from './state/chat.svelte';
import { event, running } from './state/testing';
import { View } from './view.svelte';

function looking() {
  const done: [string, boolean][] = [];
  return { done, view: new View((chat, form) => done.push([chat.id, form])) };
}

test('a chat is ended at once when its visitor is away, and with a question while they are there', () => {
  const { done, view } = looking();
  const chat = new Chat(running('a'));
  view.askToEnd(chat);
  expect([done, view.ending]).toEqual([[], { chat, form: false }]);
  view.ending = null;
  chat.add(event('a', 1, { kind: 'visitor_away' }));
  view.askToEnd(chat);
  expect([done, view.ending]).toEqual([[['a', false]], null]);
});

test('a visitor who has come back is asked about again', () => {
  const { done, view } = looking();
  const chat = new Chat(running('a', { visitor_away: true }));
  chat.add(event('a', 1, { kind: 'visitor_back' }));
  view.askToEnd(chat);
  expect([done.length, view.ending?.chat.id]).toEqual([0, 'a']);
  view.end();
  expect([done, view.ending], 'the answer was yes').toEqual([[['a', false]], null]);
  view.end();
  expect(done, 'it ends once').toHaveLength(1);
});

test('what waits is sent to the form at once, what runs with a question, though its visitor is away', () => {
  const { done, view } = looking();
  view.askToSendToForm(new Chat(running('waits', { state: 'waiting', owner: undefined })));
  view.askToSendToForm(new Chat(running('runs', { visitor_away: true })));
  expect([done, view.ending?.chat.id, view.ending?.form]).toEqual([[['waits', true]], 'runs', true]);
});
