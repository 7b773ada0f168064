/** What colleagues do around a chat, in words: they are asked, come, go, and do not come. */
import type { EventKind } from '@switchboard/protocol';

/** Who reads it, and what groups are called. */
export interface Reader {
  me: string;
  group: (id: string) => string;
}

type Of<K extends EventKind['kind']> = Extract<EventKind, { kind: K }>;

/** A name in a sentence; one's own is `you`. */
export function nameOf({ id, name }: { id: string; name: string }, { me }: Reader, you = 'You'): string {
  return id === me ? you : name;
}

/** `Joe asked Bob to take the chat over: “Knows parcels”`. */
export function askedWords(event: Of<'transfer_asked' | 'invited'>, reader: Reader): string {
  const whom = event.to ? nameOf(event.to, reader, 'you') : `somebody in ${reader.group(event.group)}`;
  const who = nameOf({ id: event.operator, name: event.name }, reader);
  const words =
    event.kind === 'invited' ? `${who} invited ${whom}` : `${who} asked ${whom} to take the chat over`;
  return event.reason ? `${words}: “${event.reason}”` : words;
}

/** Why it was not taken over, or nobody came; nothing where that was no answer of anybody. */
export function deniedWords(event: Of<'transfer_denied' | 'invite_denied'>, reader: Reader): string | null {
  const { why, operator } = event;
  if (why === 'withdrawn') return null;
  const what = event.kind === 'invite_denied' ? 'the invitation' : 'the transfer';
  const who = operator ? nameOf(operator, reader) : null;
  if (why === 'declined' && who) return `${who} declined ${what}`;
  if (why === 'expired' && who) return `${who} did not answer ${what}`;
  return event.kind === 'invite_denied' ? 'Nobody accepted the invitation' : 'Nobody accepted the transfer';
}

export function transferredWords(event: Of<'transferred'>, reader: Reader): string {
  const to = nameOf({ id: event.operator, name: event.name }, reader, 'you');
  return `${nameOf(event.from, reader)} transferred the chat to ${to}`;
}

/** What the one who asked is told, wherever they look; nothing where it is not theirs to know. */
export function outcomeWords(event: EventKind, name: string, reader: Reader): string | null {
  switch (event.kind) {
    case 'transferred':
      return event.from.id === reader.me ? `${name}: transferred to ${event.name}` : null;
    case 'assigned':
      return event.by === 'taken_over' && event.operator !== reader.me ? `${name}: taken over by ${event.name}` : null;
    case 'left':
      return event.operator === reader.me ? `${name}: left to your colleague` : null;
    case 'transfer_denied':
    case 'invite_denied': {
      const words = deniedWords(event, reader);
      return words && `${name}: ${words}`;
    }
    default:
      return null;
  }
}
