import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Http } from './http';
import { byHand, called, type Decision, inOrder, type Reasons, WhySource } from './reasons.svelte';
import { blankRow } from './state/rows';

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
  words: 'Went to Joe, who was next.',
  chosen: chosen.map((operator) => ({ operator, name: operator })),
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
