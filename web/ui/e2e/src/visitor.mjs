// The visitor: a person on the shop's page, with the chat's launcher in its corner.

import { URL_OF_SERVER } from './server.mjs';

/** @typedef {import('playwright-core').BrowserContext} BrowserContext */
/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').WebSocketRoute} WebSocketRoute */

/** A client comes back after it. */
const TRY_AGAIN = { code: 1013, reason: 'the line is cut' };

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

  /**
   * Others who ask at the same moment; they wait as long as this page is open.
   * @param {number} count
   */
  async crowd(count) {
    await this.page.evaluate(async (count) => {
      const asks = (/** @type {number} */ number) => new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws/visitor`, 'switchboard.v1');
        const send = (/** @type {object} */ frame) => socket.send(JSON.stringify(frame));
        socket.onopen = () => send({ type: 'hello', brand: 'demo' });
        socket.onerror = reject;
        socket.onmessage = ({ data }) => {
          const { type } = JSON.parse(data);
          if (type === 'welcome') send({ type: 'start', id: 'start', name: `Guest ${number}`, department: 'support', question: 'And for me?' });
          if (type === 'ack') resolve(undefined);
          if (type === 'error') reject(new Error(data));
        };
      });
      await Promise.all(Array.from({ length: count }, (_, number) => asks(number + 1)));
    }, count);
  }

  /** From the next load of the page on its chat speaks through a line that can be cut. */
  async line() {
    const line = new Line();
    await this.page.routeWebSocket('**/ws/visitor', (socket) => line.passes(socket));
    return line;
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

/** What lies between a chat's window and the server. */
class Line {
  /** So often the window has tried in vain. */
  refused = 0;
  #isCut = false;
  /** @type {WebSocketRoute[]} */
  #ends = [];

  /** @param {WebSocketRoute} socket */
  passes(socket) {
    if (this.#isCut) {
      this.refused += 1;
      void socket.close(TRY_AGAIN);
    } else this.#ends.push(socket, socket.connectToServer());
  }

  async cut() {
    this.#isCut = true;
    await Promise.all(this.#ends.splice(0).map((end) => end.close(TRY_AGAIN)));
  }

  mend() {
    this.#isCut = false;
  }
}
