// What the browser keeps for one brand: who the visitor is, and what is not finished.

import type { Shelf } from '@switchboard/protocol';

/**
 * Names of what is kept. `token` is the visitor; whoever has it has the chat. `verified` is the one for whom the site
 * vouches: it is good only together with that, so the other one is kept beside it.
 */
export type Item = 'token' | 'verified' | 'dismissed' | 'read' | 'name' | 'email' | 'department' | 'look';

export class Memory {
  constructor(
    readonly shelf: Shelf,
    readonly brand: string,
  ) {}

  get(item: Item): string | null {
    return this.shelf.read(this.key(item));
  }

  set(item: Item, value: string | null): void {
    if (value) this.shelf.write(this.key(item), value);
    else this.shelf.remove(this.key(item));
  }

  key(item: Item | 'outbox'): string {
    return `switchboard.${this.brand}.${item}`;
  }

  /** Forgets the visitor and everything that was theirs. */
  forget(): void {
    for (const key of this.shelf.keys(`switchboard.${this.brand}.`)) this.shelf.remove(key);
  }
}
