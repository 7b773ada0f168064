import type { MyGroup } from '@switchboard/protocol';
import { expect, test } from 'vitest';
import { Queue } from './queue.svelte';
import { NOON } from './testing';

const group = (id: string, name: string, waiting: number): MyGroup => ({
  id,
  name,
  department: 'support',
  handling: 'primary',
  limit: null,
  active: true,
  left_out: false,
  waiting,
});

test('the queues of my groups add up, and the longest wait names its group', () => {
  const queue = new Queue();
  queue.replace([group('a', 'Level 2', 3), group('b', 'Returns', 2)]);
  expect([queue.waiting, queue.longest]).toEqual([5, null]);
  queue.hint('a', 4, 30, NOON);
  queue.hint('b', 1, 252, NOON);
  expect(queue.waiting).toBe(5);
  expect(queue.longest).toEqual({ name: 'Returns', since: NOON - 252_000 });
  queue.hint('b', 0, 0, NOON);
  expect(queue.longest?.name).toBe('Level 2');
});

test('a group that is not mine does not count', () => {
  const queue = new Queue();
  queue.replace([group('a', 'Level 2', 1)]);
  queue.hint('z', 40, 900, NOON);
  expect(queue.waiting).toBe(1);
});
