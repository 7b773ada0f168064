// The operator at the console.

import { URL_OF_SERVER } from './server.mjs';

/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {import('playwright-core').Page} Page */

/** Of everybody in the demo. */
export const PASSWORD = 'switchboard-demo';

export class Operator {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.requests = page.getByRole('region', { name: 'Requests' });
    this.box = page.getByRole('textbox', { name: /^Message to / });
    this.lines = page.locator('.thread .bub');
    this.strip = page.locator('.strip');
    this.status = page.getByRole('button', { name: /^Your status: / });
    this.messages = page.locator('.thread .m');
  }

  /** @param {BrowserContext} context */
  static async at(context) {
    const page = await context.newPage();
    await page.addInitScript(listen);
    await page.goto(URL_OF_SERVER);
    return new Operator(page);
  }

  /** The notes that the page has played so far, in hertz. @returns {Promise<number[]>} */
  async notes() {
    return await this.page.evaluate(() => /** @type {{ notes?: number[] }} */ (/** @type {unknown} */ (window)).notes ?? []);
  }

  /**
   * Somebody of the demo signs in and is ready for chats.
   * @param {BrowserContext} context
   * @param {string} name as it stands before the `@`
   */
  static async comes(context, name) {
    const one = await Operator.at(context);
    await one.signIn(`${name}@example.com`, PASSWORD);
    await one.page.getByText('No active chats').waitFor();
    await one.setStatus('Online');
    await one.page.getByText(/You are online in 1 group/).waitFor();
    return one;
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  async signIn(email, password) {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** @param {string} status */
  async setStatus(status) {
    await this.status.click();
    await this.page.getByRole('menuitemradio', { name: new RegExp(`^${status}`) }).click();
  }

  /** @param {string} name */
  request(name) {
    return this.requests.getByRole('article', { name: `Request of ${name}` });
  }

  /** @param {string} keys */
  async press(keys) {
    await this.page.keyboard.press(keys);
  }

  /**
   * Two keys, one after the other: a pause between them, on a busy machine, would be two keys that mean nothing.
   * @param {string} first
   * @param {string} second
   */
  async pressBoth(first, second) {
    await Promise.all([this.press(first), this.press(second)]);
  }

  /** The dialog that asks colleagues. */
  get ask() {
    return this.page.getByRole('dialog');
  }

  /**
   * In the dialog: whom, by typing, and why.
   * @param {'Operators' | 'Groups' | 'Brands'} kind
   * @param {string} whom
   * @param {string} [reason]
   */
  async choose(kind, whom, reason) {
    await this.ask.getByRole('radio', { name: kind }).check({ force: true });
    const search = this.ask.getByRole('combobox');
    await search.fill(whom.slice(0, 2));
    await this.ask.getByRole('option', { name: whom, selected: true }).waitFor();
    await search.press('Enter');
    if (reason) await this.ask.getByLabel(/^Reason/).fill(reason);
  }

  /** @param {string} text */
  async say(text) {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  /**
   * The mark at a message of the operator's own.
   * @param {string} text
   */
  markAt(text) {
    return this.messages.filter({ hasText: text }).locator('.by').getByRole('img');
  }
}

/** Runs in the page before its own scripts: notes down what it plays, which no test can hear. */
function listen() {
  /** @type {number[]} */
  const notes = [];
  Object.assign(window, { notes });
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (/** @type {number | undefined} */ when) {
    notes.push(Math.round(this.frequency.value));
    start.call(this, when);
  };
}
