// What every screen of the window has in common.

import type { Client } from '../client';
import type { Translate } from '../texts';

/** What screens are given: the state, the words, and the few things they may ask for. */
export interface Context {
  readonly client: Client;
  readonly t: Translate;
  readonly language: string;
  /** Kept for this tab: what is being written. */
  readonly drafts: Drafts;
  /** Shows the conversation of a chat that has ended, or its end again. */
  review(on: boolean): void;
  readonly reviewing: boolean;
  /** From the off-line form to the welcome form, although something is written. */
  chatNow(): void;
}

export interface Screen {
  readonly element: HTMLElement;
  /** The state is another one. */
  update(): void;
  /** Puts the focus where the visitor goes on. */
  focus(): void;
  /** The screen is about to go. */
  leave?(): void;
}

/** What is being written, kept for this tab and this brand until it is sent. */
export class Drafts {
  constructor(
    private readonly storage: Storage | null,
    private readonly brand: string,
  ) {}

  get(name: DraftName): string {
    return this.storage?.getItem(this.#key(name)) ?? '';
  }

  set(name: DraftName, text: string): void {
    if (text) this.storage?.setItem(this.#key(name), text);
    else this.storage?.removeItem(this.#key(name));
  }

  forget(): void {
    this.set('message', '');
    this.set('question', '');
  }

  #key(name: DraftName): string {
    return `switchboard.${this.brand}.draft.${name}`;
  }
}

type DraftName = 'message' | 'question';

/** Storage may be forbidden altogether: then nothing is kept. */
export function storageOf(open: () => Storage): Storage | null {
  try {
    return open();
  } catch {
    return null;
  }
}
