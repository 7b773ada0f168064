/** What was written and not sent, chat by chat; it survives a reload. */
import type { Shelf } from '@switchboard/protocol';
import { SvelteMap } from 'svelte/reactivity';

const KEY = 'switchboard.drafts';
/** Drafts that are kept; the oldest go first. */
const DRAFTS_MAX = 100;

export class Drafts {
  readonly #texts = new SvelteMap<string, string>();
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
    try {
      const kept = JSON.parse(shelf.read(KEY) ?? '[]') as unknown;
      if (Array.isArray(kept))
        for (const pair of kept as unknown[])
          if (Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string')
            this.#texts.set(pair[0], pair[1]);
    } catch {
      // What was kept is not ours: begin with nothing.
    }
  }

  of(chat: string): string {
    return this.#texts.get(chat) ?? '';
  }

  write(chat: string, text: string): void {
    this.#texts.delete(chat);
    if (text !== '') this.#texts.set(chat, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= DRAFTS_MAX) break;
      this.#texts.delete(oldest);
    }
    this.#shelf.write(KEY, JSON.stringify([...this.#texts]));
  }
}
