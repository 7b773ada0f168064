import { expect, test } from 'vitest';
import { keptWords } from './lost';

test('what becomes of status and chats is said as the groups have it', () => {
  expect(keptWords(42, 3, 0)).toBe('Your chats are kept for you, your status for 42 s more.');
  expect(keptWords(0, 3, 0)).toBe('Your chats are kept for you. You are shown as offline.');
  expect(keptWords(42, 2, 2)).toBe('Your status is kept for 42 s more; then your chats go back to the queue.');
  expect(keptWords(42, 3, 1)).toBe('Your status is kept for 42 s more; then 1 of your 3 chats goes back to the queue.');
  expect(keptWords(42, 3, 2)).toBe('Your status is kept for 42 s more; then 2 of your 3 chats go back to the queue.');
  expect(keptWords(0, 2, 2)).toBe('You are shown as offline. Your chats go back to the queue.');
  expect(keptWords(-5, 3, 1)).toBe(
    'You are shown as offline. 1 chat of yours goes back to the queue, the others are kept for you.',
  );
});
