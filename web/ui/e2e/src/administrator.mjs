// The administrator at the console's settings.

import { Operator, PASSWORD } from './operator.mjs';

/** @typedef {import('playwright-core').BrowserContext} BrowserContext */

export class Administrator extends Operator {
  /** @param {BrowserContext} context */
  static async at(context) {
    const { page } = await Operator.at(context);
    return new Administrator(page);
  }

  /**
   * The demo's administrator signs in and opens the settings.
   * @param {BrowserContext} context
   */
  static async arrives(context) {
    const ada = await Administrator.at(context);
    await ada.signIn('admin@example.com', PASSWORD);
    await ada.page.getByText('No active chats').waitFor();
    await ada.openSettings();
    return ada;
  }

  /** By keys, as from everywhere in the console. */
  async openSettings() {
    await this.pressBoth('g', 's');
    await this.page.getByRole('heading', { name: 'Groups', level: 1 }).waitFor();
  }

  /** @param {'Operators' | 'Presence' | 'Groups' | 'Departments' | 'Brands' | 'Profiles'} section */
  async openSection(section) {
    await this.page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: section }).click();
  }

  /**
   * Opens one thing of a list.
   * @param {string} name
   */
  async open(name) {
    await this.page.getByRole('table').getByRole('link', { name, exact: true }).click();
    await this.page.getByRole('heading', { name, level: 1 }).waitFor();
  }

  /**
   * Opens a tab of the thing that is open.
   * @param {string} name
   */
  async openTab(name) {
    await this.page.getByRole('tab', { name, exact: true }).click();
  }

  /**
   * Tries to save by key, and stays with what is wrong.
   * @param {string} words what the bar says of it
   */
  async saveInVain(words) {
    await this.press('Control+s');
    await this.page.getByRole('status').getByText(words).waitFor();
  }

  /**
   * Saves by key; the bar that asks for it is gone once everything is.
   * @param {string} changes how many there are, as the bar says it
   */
  async save(changes) {
    await this.page.getByText(`${changes}.`, { exact: true }).waitFor();
    await this.press('Control+s');
    await this.page.getByRole('button', { name: /^Save/ }).waitFor({ state: 'detached' });
  }
}
