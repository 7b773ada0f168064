// The visitor: a person on the shop's page, with the chat's launcher in its corner.

import { URL_OF_SERVER } from './server.mjs';

/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {import('playwright-core').Page} Page */

export class Visitor {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.launcher = page.getByRole('button', { name: /Chat with us|We are off-line|All busy/ });
    this.window = page.frameLocator('iframe');
    this.box = this.window.getByLabel('Message', { exact: true });
    this.lines = this.window.locator('.lines .message > div > p');
  }

  /**
   * A new tab with the shop.
   * @param {BrowserContext} context
   */
  static async at(context) {
    const page = await context.newPage();
    await page.goto(`${URL_OF_SERVER}/demo`);
    return new Visitor(page);
  }

  /** The document of the chat's window. */
  async frame() {
    const frame = await (await this.page.locator('iframe').elementHandle())?.contentFrame();
    if (!frame) throw new Error('the chat window is not there');
    return frame;
  }

  async openChat() {
    await this.launcher.click();
  }

  async minimise() {
    await this.window.getByRole('button', { name: 'Minimise' }).click();
  }

  /** @param {string} text */
  text(text) {
    return this.window.getByText(text, { exact: true });
  }

  /** @param {{ name: string, email: string, question: string }} form */
  async start({ name, email, question }) {
    await this.window.getByLabel('Name').fill(name);
    await this.window.getByLabel('E-mail').fill(email);
    await this.window.getByLabel('Department').selectOption('support');
    await this.window.getByLabel('Your question').fill(question);
    await this.window.getByRole('button', { name: 'Start the chat' }).click();
  }

  /** @param {{ name: string, email: string, text: string }} letter */
  async leaveMessage({ name, email, text }) {
    await this.window.getByLabel('Name').fill(name);
    await this.window.getByLabel('E-mail').fill(email);
    await this.window.getByLabel('Department').selectOption('support');
    await this.window.getByLabel('Your message').fill(text);
    await this.window.getByRole('button', { name: 'Send the message' }).click();
  }

  /** @param {string} text */
  async write(text) {
    await this.box.pressSequentially(text);
  }

  /** @param {string} text */
  async say(text) {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  /**
   * The mark at a message of the visitor's own.
   * @param {string} text
   */
  markAt(text) {
    const message = this.window.locator('.message.mine').filter({ hasText: text });
    return message.locator('small');
  }
}
