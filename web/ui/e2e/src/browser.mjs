// Debian's Chromium, and the people in it: each with a browser of their own, as far as cookies and storage go.

import { chromium } from 'playwright-core';
import { WAIT_MS } from './eventually.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** What a browser says by itself while no server is there. */
const WHILE_DOWN = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to '\S+' failed/;
/** The console asks at its start whether somebody is signed in; the browser reports the answer "nobody" by itself. */
const NOBODY = { words: 'status of 401', address: '/api/v1/auth/me' };

/** What a browser says by itself of a refusal that the story has asked for. */
const REFUSED = 'status of 409';
const NOT_FOUND = 'status of 404';
const UNNAMED = /blocked by CORS policy|net::ERR_FAILED/;

export class Browsers {
  /** @type {import('playwright-core').Browser} */
  #browser;
  /** @type {string[]} */
  #complaints = [];
  /** While it is, connections fail, and that is no complaint. */
  serverDown = false;
  /** So often somebody has been, or is about to be, answered 409 as the story wants it: each is reported once. */
  refusals = 0;

  /** While a website bears the widget that no brand names: browsers refuse it what it asks for. */
  unnamed = false;

  /** What is gone for somebody who looked at it: a part of its address, which is answered 404. @type {string | null} */
  gone = null;

  /** @param {import('playwright-core').Browser} browser */
  constructor(browser) {
    this.#browser = browser;
  }

  static async launch() {
    const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
    return new Browsers(await chromium.launch({ executablePath, args: FLAGS, headless: true }));
  }

  /** @param {{ width: number, height: number }} viewport */
  async person(viewport) {
    // Movement would have pictures and colours taken half way.
    const context = await this.#browser.newContext({ viewport, locale: 'en-GB', reducedMotion: 'reduce', colorScheme: 'light' });
    context.setDefaultTimeout(WAIT_MS);
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`the policy forbids ${event.blockedURI || 'something inline'} by ${event.violatedDirective}`));
    });
    context.on('console', (message) => {
      if (message.type() === 'error') this.#complain(message.text(), message.location().url);
    });
    context.on('weberror', (error) => this.#complain(String(error.error().stack ?? error.error()), ''));
    return context;
  }

  /** What pages have complained of so far. */
  get complaints() {
    return this.#complaints;
  }

  async close() {
    await this.#browser.close();
  }

  /**
   * @param {string} words
   * @param {string} address
   */
  #complain(words, address) {
    if (this.serverDown && WHILE_DOWN.test(words)) return;
    if (this.unnamed && UNNAMED.test(words)) return;
    if (words.includes(NOBODY.words) && address.endsWith(NOBODY.address)) return;
    if (this.gone !== null && words.includes(NOT_FOUND) && address.includes(this.gone)) return;
    if (words.includes(REFUSED) && this.refusals > 0) {
      this.refusals -= 1;
      return;
    }
    this.#complaints.push(`${words} (${address})`);
  }
}
