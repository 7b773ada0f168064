/** What the tests of the state classes share: events and rows as the server would send them. */
import type { ChatRow, EventKind, Offer } from '@switchboard/protocol';
import type { ChatEvent } from './chat.svelte';
import { blankRow } from './rows';

export const NOON = Date.parse('2026-11-20T12:00:00.000Z');
export const SUE = 'op-sue';

export const at = (seconds: number): string => new Date(NOON + seconds * 1000).toISOString();

export function event(chat: string, seq: number, kind: EventKind, seconds = seq, command?: string): ChatEvent {
  return { type: 'event', chat, seq, at: at(seconds), event: kind, ...(command ? { command } : {}) };
}

export const wrote = (text: string): EventKind => ({
  kind: 'message',
  id: text,
  from: { role: 'visitor', name: 'Clara Wendt' },
  text,
  files: [],
  to: 'everyone',
});

export const said = (text: string, operator = SUE): EventKind => ({
  kind: 'message',
  id: text,
  from: { role: 'operator', id: operator, name: operator === SUE ? 'Sue Tanaka' : 'Joe Abara' },
  text,
  files: [],
  to: 'everyone',
});

export const started: EventKind = {
  kind: 'started',
  brand: 'demo',
  name: 'Clara Wendt',
  page: 'https://shop.example/lamp',
};
export const queued: EventKind = { kind: 'queued', group: 'support' };
export const assigned = (operator = SUE): EventKind => ({
  kind: 'assigned',
  operator,
  name: operator === SUE ? 'Sue Tanaka' : 'Joe Abara',
  group: 'support',
  by: 'accepted',
});
export const ended: EventKind = { kind: 'ended', by: 'visitor', why: 'closed' };

/** A running chat of Sue's, of which no event is known yet. */
export function running(id: string, change: Partial<ChatRow> = {}): ChatRow {
  return {
    ...blankRow(id, at(0)),
    number: 7,
    state: 'active',
    group: 'support',
    owner: { id: SUE, name: 'Sue Tanaka' },
    assigned_at: at(0),
    idle_since: at(0),
    ...change,
  };
}

export function offer(id: string, expiresIn: number | null): Offer {
  return {
    offer: id,
    chat: `chat of ${id}`,
    group: 'support',
    visitor: { name: 'Aisha Rahman' },
    kind: 'new',
    queued_at: at(-20),
    ...(expiresIn === null ? {} : { expires_at: at(expiresIn) }),
  };
}
