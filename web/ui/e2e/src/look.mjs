// Looks at a page as it stands: a picture in light and one in dark, and what axe finds in each.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Frame} Frame */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const SERIOUS = ['serious', 'critical'];
const PHONE = { width: 390, height: 844 };
const SCHEMES = /** @type {const} */ (['light', 'dark']);

export class Looks {
  /** What was found, and where: much of a page is on the next one too. @type {Map<string, string[]>} */
  #findings = new Map();
  #folder;
  #count = 0;

  /** @param {string} folder where the pictures go */
  constructor(folder) {
    this.#folder = folder;
  }

  /** What axe has found so far, in words. */
  get findings() {
    return [...this.#findings].map(([finding, places]) => `${finding}\n  in ${places.join('; ')}`);
  }

  /**
   * Takes pictures of the page, and asks axe about it, or about the frame of it that is meant.
   * @param {string} name
   * @param {Page} page
   * @param {Frame} [frame]
   */
  async look(name, page, frame = page.mainFrame()) {
    await this.#each(name, page, () => this.#audit(name, frame));
  }

  /**
   * Looks at the page as it is on this screen, and on a phone's.
   * @param {string} name
   * @param {Page} page
   * @param {() => Promise<void>} [turn] what brings it into view where there is room for one pane, and out again
   */
  async everywhere(name, page, turn = async () => {}) {
    await this.look(name, page);
    const screen = page.viewportSize();
    await page.setViewportSize(PHONE);
    await turn();
    await this.look(`${name}-phone`, page);
    await turn();
    if (screen) await page.setViewportSize(screen);
  }

  /**
   * Takes pictures only.
   * @param {string} name
   * @param {Page} page
   */
  async picture(name, page) {
    await this.#each(name, page, async () => []);
  }

  /**
   * @param {string} name
   * @param {Page} page
   * @param {() => Promise<string[]>} audit
   */
  async #each(name, page, audit) {
    const number = String((this.#count += 1)).padStart(2, '0');
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => document.fonts.ready.then(() => {}));
      await page.screenshot({ path: join(this.#folder, `${number}-${name}-${colorScheme}.png`) });
      for (const finding of await audit()) {
        this.#findings.set(finding, [...(this.#findings.get(finding) ?? []), `${name} (${colorScheme})`]);
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  /**
   * @param {string} name
   * @param {Frame} frame
   */
  async #audit(name, frame) {
    if (!(await frame.evaluate(() => 'axe' in window))) await frame.evaluate(AXE);
    const result = await frame.evaluate(async (rules) => {
      const { axe } = /** @type {{ axe: typeof import('axe-core') }} */ (/** @type {unknown} */ (window));
      // Frames are looked at by themselves.
      const { violations, passes } = await axe.run(document, { runOnly: rules, iframes: false, resultTypes: ['violations'] });
      const found = violations.map(({ id, impact, help, nodes }) =>
        ({ id, impact: impact ?? 'minor', help, nodes: nodes.map((node) => `${node.html}\n      ${node.failureSummary}`) }));
      return { found, passed: passes.length };
    }, RULES);
    if (result.passed === 0) throw new Error(`axe has looked at nothing of ${name}`);
    const serious = result.found.filter(({ impact }) => SERIOUS.includes(impact));
    return serious.flatMap(({ id, impact, help, nodes }) => nodes.map((node) => `${impact} ${id}: ${help}\n    ${node}`));
  }
}
