// What is to become true on a page, waited for.

import { deepStrictEqual } from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Longest wait for anything: a debug build on a machine that does much else, and a connection that is tried again every few seconds. */
export const WAIT_MS = 60_000;
const AGAIN_MS = 50;

/**
 * Waits until it reads so; says the last difference when it never does.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} read
 * @param {T} wanted
 */
export async function eventually(what, read, wanted) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const found = await read();
    try {
      deepStrictEqual(found, wanted);
      return;
    } catch (difference) {
      if (Date.now() > deadline) throw new Error(`${what}: ${/** @type {Error} */ (difference).message}`);
    }
    await pause(AGAIN_MS);
  }
}
