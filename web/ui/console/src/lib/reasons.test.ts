import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Http } from './http';
import {
  byHand,
  called,
  considered,
  type Decision,
  inOrder,
  type Reasons,
  sinceWords,
  WhySource,
} from './reasons.svelte';
import { blankRow } from './state/rows';
import { clockTime } from './words';

/** A server that answers with what it is told to, and counts the questions. */
function server() {
  const asked: string[] = [];
  const answers: { next: Reasons | 'away' | null } = { next: null };
  const http = new Http(async (path) => {
    asked.push(path.replace('/api/v1', ''));
    const { next } = answers;
    if (next === 'away') return Response.json({ code: 'unavailable', detail: 'not now' }, { status: 503 });
    return next ? Response.json(next) : Response.json({ code: 'not_found', detail: 'no such chat' }, { status: 404 });
  });
  return { http, asked, answers };
}

const waits = (reason: string): Reasons => ({
  items: [],
  waiting: { reason, words: `Waiting: ${reason}.`, since: '2026-11-21T09:00:00Z' },
});
const decision = (chosen: string[], members: [string, string][] = []): Decision => ({
  seq: 4,
  at: '2026-11-21T09:00:00Z',
  words: 'Rang at Joe, who was next.',
  chosen: chosen.map((operator) => ({ operator, name: operator })),
  best: [],
  members: members.map(([operator, reason]) => ({ operator, name: operator, reason, words: reason })),
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('while a chat waits the reason on screen follows the server, and the asking ends with the look', async () => {
  const { http, asked, answers } = server();
  const source = new WhySource(http);
  answers.next = waits('all_full');
  source.look('c1', true);
  await vi.advanceTimersByTimeAsync(0);
  expect([asked, source.told?.waiting?.reason]).toEqual([['/chats/c1/decisions'], 'all_full']);
  answers.next = waits('nobody_receives');
  await vi.advanceTimersByTimeAsync(2_000);
  expect([asked.length, source.told?.waiting?.reason]).toEqual([2, 'nobody_receives']);
  source.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.length).toBe(2);
});

test('of a chat that may not be seen any more nothing is asked again', async () => {
  const { http, asked, answers } = server();
  const source = new WhySource(http);
  answers.next = waits('all_full');
  source.look('c1', true);
  await vi.advanceTimersByTimeAsync(0);
  answers.next = null;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked.length, source.told?.waiting?.reason]).toEqual([2, 'all_full']);
});

test('a chat that does not wait is asked about once', async () => {
  const { http, asked, answers } = server();
  const source = new WhySource(http);
  answers.next = { items: [decision(['joe'])], waiting: null };
  source.look('c1', false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([asked.length, source.told?.items.length]).toEqual([1, 1]);
});

test('what was told before there was another owner is shown on, and is not taken for what is told of them', async () => {
  const { http, answers } = server();
  const source = new WhySource(http);
  answers.next = { items: [decision(['joe'])], waiting: null };
  source.look('c1', true);
  await vi.advanceTimersByTimeAsync(0);
  expect([source.current, source.told?.items.length]).toEqual([true, 1]);
  source.look('c1', false);
  expect([source.current, source.told?.items.length]).toEqual([false, 1]);
  await vi.advanceTimersByTimeAsync(0);
  expect(source.current).toBe(true);
  source.stop();
  expect(source.current).toBe(false);
});

test('another chat never shows the reasons of the one before, however late they come', async () => {
  const late: ((response: Response) => void)[] = [];
  const source = new WhySource(new Http(() => new Promise((answer) => late.push(answer))));
  source.look('c1', true);
  source.look('c2', true);
  expect(source.told).toBe(null);
  late[1]?.(Response.json(waits('let_go')));
  await vi.advanceTimersByTimeAsync(0);
  late[0]?.(Response.json(waits('all_full')));
  await vi.advanceTimersByTimeAsync(0);
  expect(source.told?.waiting?.reason).toBe('let_go');
});

test('a server that is away leaves what was told, and is asked again', async () => {
  const { http, asked, answers } = server();
  const source = new WhySource(http);
  answers.next = waits('all_full');
  source.look('c1', true);
  await vi.advanceTimersByTimeAsync(0);
  answers.next = 'away';
  await vi.advanceTimersByTimeAsync(2_000);
  expect([asked.length, source.told?.waiting?.reason]).toEqual([2, 'all_full']);
  answers.next = waits('ringing');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(source.told?.waiting?.reason).toBe('ringing');
});

test('members are listed with the chosen ones first, and who took a chat by hand is told apart', () => {
  const members = inOrder(decision([], [['zoe', 'full'], ['joe', 'chosen'], ['bob', 'let_go']]).members);
  expect(members.map(called)).toEqual(['joe', 'bob', 'zoe']);
  expect(called({ operator: 'gone', name: null })).toBe('Somebody who was removed');
  const row = { ...blankRow('c1', '2026-11-21T09:00:00Z'), owner: { id: 'joe', name: 'Joe' } };
  expect([byHand(row, decision(['joe'])), byHand(row, decision(['bob'])), byHand(row, undefined)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(byHand(blankRow('c1', '2026-11-21T09:00:00Z'), undefined)).toBe(false);
});

test('of a large group the best of those who were free are listed, with that by which they are in order', () => {
  const best = [
    { operator: 'joe', name: 'joe', capacity_used: 0.2, chats: 1, last_ended_at: null },
    { operator: 'bob', name: null, capacity_used: 2 / 3, chats: 2, last_ended_at: '2026-11-21T08:55:00Z' },
  ];
  const ended = clockTime(Date.parse('2026-11-21T08:55:00Z'));
  expect(considered({ ...decision(['joe']), best })).toEqual([
    { operator: 'joe', name: 'joe', chosen: true, words: '20 % of the capacity in use, 1 chat, none ended yet' },
    {
      operator: 'bob',
      name: null,
      chosen: false,
      words: `67 % of the capacity in use, 2 chats, the last one ended ${ended}`,
    },
  ]);
  const small = { ...decision(['joe'], [['bob', 'full'], ['joe', 'chosen']]), best };
  expect(considered(small).map(({ operator, chosen, words }) => [operator, chosen, words])).toEqual([
    ['joe', true, 'chosen'],
    ['bob', false, 'full'],
  ]);
});

test('how long it has waited is told, and how long it does at most while that is to come', () => {
  const now = Date.parse('2026-11-21T09:01:05Z');
  const since = { reason: 'let_go', words: '', since: '2026-11-21T09:01:00Z' };
  const at = clockTime(Date.parse(since.since));
  expect(sinceWords(since, now)).toBe(`Since ${at}, for 0:05`);
  expect(sinceWords({ ...since, until: '2026-11-21T09:01:15Z' }, now)).toBe(`Since ${at}, for 0:05, 0:10 more at most`);
  expect(sinceWords({ ...since, until: '2026-11-21T09:01:05Z' }, now)).toBe(`Since ${at}, for 0:05`);
});
