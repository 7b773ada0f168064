// What an administrator sets over HTTP, where a story is not about the screens for it.

import { URL_OF_SERVER } from './server.mjs';

/** @typedef {import('playwright-core').APIRequestContext} Requests */

export class Rules {
  #requests;
  #csrf;

  /**
   * @param {Requests} requests
   * @param {string} csrf
   */
  constructor(requests, csrf) {
    this.#requests = requests;
    this.#csrf = csrf;
  }

  /**
   * @param {Requests} requests
   * @param {{ email: string, password: string }} who
   */
  static async signIn(requests, who) {
    const answer = await requests.post(`${URL_OF_SERVER}/api/v1/auth/login`, { data: who });
    if (!answer.ok()) throw new Error(`not signed in: ${await answer.text()}`);
    return new Rules(requests, (await answer.json()).csrf_token);
  }

  /**
   * @param {string} id
   * @param {object} data
   */
  async group(id, data) {
    const headers = { 'x-csrf-token': this.#csrf };
    const answer = await this.#requests.patch(`${URL_OF_SERVER}/api/v1/groups/${id}`, { data, headers });
    if (!answer.ok()) throw new Error(`the group ${id} did not change: ${await answer.text()}`);
  }
}
