// A story: its steps are timed, its pages looked at, and it fails when a page has complained or axe has found something.

import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Browsers } from './browser.mjs';
import { Looks } from './look.mjs';
import * as server from './server.mjs';

/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {import('playwright-core').Page} Page */

/** Longest step: each of its waits has a limit, but not what is asked of a page that hangs. */
const STEP_MS = 180_000;
/** A page that does not answer is not waited for: what matters has happened. */
const SHOWN_WITHIN_MS = 5_000;
/** Characters of a page that are shown when a story fails. */
const SHOWN_MAX = 4_000;

export class Story {
  /** @type {BrowserContext[]} */
  #people = [];
  #kept = process.env['SWITCHBOARD_TEST_PICTURES'];
  #folder;

  /**
   * @param {string} name
   * @param {Browsers} browsers
   */
  constructor(name, browsers) {
    this.#folder = this.#kept ? join(this.#kept, name) : mkdtempSync(join(tmpdir(), 'switchboard-pictures-'));
    mkdirSync(this.#folder, { recursive: true });
    this.browsers = browsers;
    this.looks = new Looks(this.#folder);
  }

  /** @param {string} name */
  static async begin(name) {
    return new Story(name, await Browsers.launch());
  }

  /**
   * Somebody with a browser of their own.
   * @param {number} width
   * @param {number} height
   */
  async person(width, height) {
    const context = await this.browsers.person({ width, height });
    this.#people.push(context);
    return context;
  }

  /**
   * @template T
   * @param {string} what
   * @param {() => Promise<T>} act
   */
  async step(what, act) {
    const from = Date.now();
    const limit = new AbortController();
    const late = async () => {
      await pause(STEP_MS, undefined, { signal: limit.signal });
      throw new Error(`it was not over within ${STEP_MS} ms`);
    };
    try {
      return await Promise.race([act(), late()]);
    } catch (error) {
      throw new Error(`while ${what}`, { cause: error });
    } finally {
      limit.abort();
      console.error(`${String(Date.now() - from).padStart(6)} ms  ${what}`);
    }
  }

  /**
   * Tells it to its end, whatever that is.
   * @param {() => Promise<void>} story
   */
  async tell(story) {
    const begun = Date.now();
    const { browsers, looks } = this;
    try {
      await story();
      if (looks.findings.length > 0) throw new Error('axe has found something serious');
      if (browsers.complaints.length > 0) throw new Error('a page has complained');
      console.error(`the whole story took ${Date.now() - begun} ms`);
      // Nobody asked for them; those of a failure stay.
      if (!this.#kept) rmSync(this.#folder, { recursive: true });
    } catch (error) {
      process.exitCode = 1;
      console.error(error);
      for (const complaint of browsers.complaints) console.error('a page complained:', complaint);
      for (const finding of looks.findings) console.error('axe found:', finding);
      for (const [at, page] of this.#people.flatMap((one) => one.pages()).entries()) await this.#shown(at, page);
      console.error(`the pictures are in ${this.#folder}`);
    } finally {
      await browsers.close();
      server.done();
    }
  }

  /**
   * Says what a page shows as the story fails, for whoever has nothing but its output, and takes a picture of it.
   * @param {number} at
   * @param {Page} page
   */
  async #shown(at, page) {
    console.error(`---- page ${at}, ${page.url()}`);
    for (const frame of page.frames()) {
      const words = await frame.locator('body').innerText({ timeout: SHOWN_WITHIN_MS }).catch((error) => `(nothing: ${error.message})`);
      console.error(words.replace(/\s*\n\s*/g, '\n').slice(0, SHOWN_MAX));
    }
    await page.screenshot({ path: join(this.#folder, `failed-${at}.png`), timeout: SHOWN_WITHIN_MS }).catch(() => {});
  }
}
