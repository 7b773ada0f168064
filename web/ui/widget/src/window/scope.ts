// Whose words wait in the outbox: each belongs to one chat of one visitor, and waits for both.

import type { Command, Entry } from '@switchboard/protocol';
import { PARKED_LASTS, PARKED_MAX } from './limits';

/** The mark of what is written in that chat by the visitor of that slot. */
export function scopeOf(slot: string, chat: string | undefined): string {
  return `${slot} ${chat ?? ''}`;
}

/**
 * What stays, now that the visitor of the slot is here with the chat of the scope. What belongs to no chat yet stays;
 * another chat of theirs is over, and so are words for it. Those of a visitor who is not here now, for instance
 * because their identity has run out, are parked: the last of them, for a time.
 */
export function worthKeeping<C extends Command>(
  entries: readonly Entry<C>[],
  slot: string,
  scope: string,
): (entry: Entry<C>) => boolean {
  const since = Date.now() - PARKED_LASTS;
  const parked = entries.filter((entry) => entry.scope !== '' && !entry.scope.startsWith(scopeOf(slot, '')) && entry.at > since);
  const last = new Set(parked.slice(-PARKED_MAX));
  return (entry) => entry.scope === '' || entry.scope === scope || last.has(entry);
}
