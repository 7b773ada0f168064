import { expect, test } from 'vitest';
import { Activity } from './activity';

test('work at the window is told at once, and then now and then', () => {
  let now = 0;
  let told = 0;
  const activity = new Activity(
    () => told++,
    () => now,
  );
  const window = new EventTarget();
  const stop = activity.watch(window);
  window.dispatchEvent(new Event('pointermove'));
  expect(told).toBe(1);
  for (now = 1_000; now < 15_000; now += 1_000) window.dispatchEvent(new Event('keydown'));
  expect(told, 'not for each key').toBe(1);
  now = 15_000;
  window.dispatchEvent(new Event('pointerdown'));
  expect(told).toBe(2);
  stop();
  now = 60_000;
  window.dispatchEvent(new Event('pointerdown'));
  expect(told, 'nobody watches any more').toBe(2);
});
