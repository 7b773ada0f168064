// What the browser keeps for one brand: who the visitor is, and what is not finished.

import type { Shelf } from '@switchboard/protocol';
import { VERIFIED_MAX } from './limits';
import { NOBODY } from './who';

/**
 * Names of what is kept. `token` is the visitor; whoever has it has the chat. `verified` are those for whom the site
 * vouches: each is good only together with that, so they are kept by themselves.
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

  /** How the brand's window looked last. */
  get look(): { name: string; color: string } {
    const [color = '', name = ''] = (this.get('look') ?? '').split(/ (.*)/s);
    return { name, color };
  }

  set look({ name, color }: { name: string; color: string }) {
    this.set('look', `${color} ${name}`);
  }

  /** Up to where the chat was read in this browser. */
  readIn(chat: string): number {
    const [of, seq] = (this.get('read') ?? '').split(' ');
    return of === chat ? Number(seq) || 0 : 0;
  }

  tokenOf(slot: string): string | null {
    if (slot === NOBODY) return this.get('token');
    return this.#verified().find(([other]) => other === slot)?.[1] ?? null;
  }

  /** Of those for whom the site vouches the last few are known: who has not come for longest is forgotten. */
  keepToken(slot: string, token: string | null): void {
    if (slot === NOBODY) return this.set('token', token);
    const others = this.#verified().filter(([other]) => other !== slot);
    const all = token ? [[slot, token], ...others].slice(0, VERIFIED_MAX) : others;
    this.set('verified', all.length > 0 ? JSON.stringify(all) : null);
  }

  key(item: Item | 'outbox'): string {
    return `switchboard.${this.brand}.${item}`;
  }

  /** Forgets the visitor and everything that was theirs. */
  forget(): void {
    for (const key of this.shelf.keys(`switchboard.${this.brand}.`)) this.shelf.remove(key);
  }
  /** Slots and tokens, the latest first. */
  #verified(): [string, string][] {
    try {
      const all: unknown = JSON.parse(this.get('verified') ?? '[]');
      return Array.isArray(all) ? all.filter(isPair) : [];
    } catch {
      return [];
    }
  }
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
