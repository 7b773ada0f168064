// What the window keeps where its browser lets a page within another keep nothing (third parties blocked, a private
// window): the page keeps it, and gives it back with its first message.

import type { Shelf } from '@switchboard/protocol';
import type { Kept, ToPage } from '../bridge';

/** Characters of all that a page is given to keep: what an outbox and a handful of names need. */
const CHARS_MAX = 1_000_000;

export function pageShelf(kept: unknown, tell: (message: ToPage) => void): Shelf {
  const map = new Map(Object.entries(readKept(kept)));
  const others = (key: string): number => [...map].reduce((sum, [name, value]) => sum + (name === key ? 0 : value.length), 0);
  return {
    read: (key) => map.get(key) ?? null,
    write(key, value) {
      if (others(key) + value.length > CHARS_MAX) return false;
      map.set(key, value);
      tell({ switchboard: 'keep', name: key, value });
      return true;
    },
    remove(key) {
      if (map.delete(key)) tell({ switchboard: 'keep', name: key, value: null });
    },
    keys: (prefix) => [...map.keys()].filter((key) => key.startsWith(prefix)),
  };
}

function readKept(kept: unknown): Kept {
  const all = kept !== null && typeof kept === 'object' ? Object.entries(kept) : [];
  return Object.fromEntries(all.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
