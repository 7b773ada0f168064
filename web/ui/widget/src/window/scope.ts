// Whose words wait in the outbox: each belongs to one chat of one visitor, and waits for both.

import type { Command, Entry } from '@switchboard/protocol';
import { PARKED_LASTS, PARKED_MAX, START_LASTS } from './limits';

/** The mark of what is written in that chat by the visitor of that slot. */
export function scopeOf(slot: string, chat: string | undefined): string {
  return `${slot} ${chat ?? ''}`;
}

/** The mark of what the visitor of that slot has sent and belongs to no chat yet: nobody else may send it again. */
export function scopeOfAsked(slot: string): string {
  return scopeOf(slot, undefined);
}

/** Whether it may be sent by the visitor of the slot who is in the chat of the scope. */
export function isHere(entry: { readonly scope: string }, slot: string, scope: string): boolean {
  return entry.scope === '' || entry.scope === scope || entry.scope === scopeOfAsked(slot);
}

/** Whether what an earlier page could not send is still wanted: a chat asked for long ago is expected by nobody. */
export function isWanted({ command, at }: Entry<Command>): boolean {
  return command.type !== 'start' || Date.now() - at < START_LASTS;
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
  const isTheirs = ({ scope }: Entry<C>): boolean => scope === '' || scope.startsWith(scopeOf(slot, ''));
  const parked = entries.filter((entry) => !isTheirs(entry) && entry.at > since && isWanted(entry));
  const last = new Set(parked.slice(-PARKED_MAX));
  return (entry) => isHere(entry, slot, scope) || last.has(entry);
}
