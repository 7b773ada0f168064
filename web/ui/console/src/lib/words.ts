/** Times, spans and names as the console writes them. All spans are in milliseconds. */
import type { ChatRow, EndedBy, EndedWhy, Offer, RowVisitor } from '@switchboard/protocol';

const MINUTE = 60_000;
/** Nobody counts the seconds before. */
const JUST_NOW = 10_000;
const HOUR = 60 * MINUTE;

const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });
const dayYearFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const shortDayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `0:48` under an hour, then `1 h 05 min`; never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} min`;
}

/** `just now`, then `0:42 ago`. */
export function ago(ms: number): string {
  return ms < JUST_NOW ? 'just now' : `${duration(ms)} ago`;
}

/** Minutes only, for what changes slowly: `12 min`, `2 h 14 min`. */
export function minutes(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / MINUTE));
  return whole < 60 ? `${whole} min` : `${Math.floor(whole / 60)} h ${String(whole % 60).padStart(2, '0')} min`;
}

/** `14:05`. */
export function clockTime(at: number): string {
  return clockFormat.format(at);
}

/** `14:05` today, else `12 Oct`. */
export function shortTime(at: number, now: number): string {
  return sameDay(at, now) ? clockTime(at) : shortDayFormat.format(at);
}

/** `Today, Friday 20 November`. */
export function dayName(at: number, now: number): string {
  const name =
    new Date(at).getFullYear() === new Date(now).getFullYear() ? dayFormat.format(at) : dayYearFormat.format(at);
  const plain = name.replace(',', '');
  if (sameDay(at, now)) return `Today, ${plain}`;
  if (sameDay(at, now - 24 * HOUR)) return `Yesterday, ${plain}`;
  return plain;
}

/** Whether both are on one day where the operator is. */
export function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** `181 204`: three figures at a time, with spaces where no line breaks. */
export function figure(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
}

/** What a chat's visitor is called; one without a name is a guest with the chat's number. */
export function visitorName(visitor: RowVisitor, number?: number): string {
  return visitor.name?.trim() || (number ? `Guest ${number}` : 'Guest');
}

/** The name to speak of somebody in a sentence. */
export function firstName(name: string): string {
  return /^Guest( \d+)?$/.test(name) ? name : (name.split(/\s+/)[0] ?? name);
}

/** Why nothing can be taken. */
export const FULL_WORDS = 'You hold as many chats as you may';

/** What rings. */
export const OFFER_WORDS: Record<Offer['kind'], string> = {
  new: 'New chat',
  transfer: 'Transfer',
  invite: 'Invitation',
};

/** One thing or many. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** How a chat ended, as a sentence without its end; `who` is the operator's name, where it is known. */
export function endedWords(by: EndedBy | undefined, why: EndedWhy | undefined, who?: string): string {
  switch (why) {
    case 'left':
      return 'Visitor left while waiting';
    case 'timed_out':
      return 'Nobody answered in time';
    case 'sent_to_form':
      return 'Sent to the contact form';
    case 'offline':
      return 'The group went off-line';
    case 'group_deleted':
      return 'The group was deleted';
    case 'blocked':
      return 'The visitor was blocked';
    default:
      if (by === 'visitor') return 'Visitor ended the chat';
      if (by === 'operator') return `${who ?? 'The team'} ended the chat`;
      return 'The chat ended';
  }
}

/** How long the visitor was in the queue: until assigned, ended, or now. */
export function queuedFor(row: ChatRow, now: number): number {
  const until = row.assigned_at ?? row.ended_at;
  return (until ? Date.parse(until) : now) - Date.parse(row.queued_at);
}

/** A page's address without what goes without saying: the website too where it is this server. The whole of what is no address. */
export function pageName(url: string, own = location.origin): string {
  try {
    const { origin, host, pathname, search } = new URL(url);
    return (origin === own ? '' : host) + pathname + search;
  } catch {
    return url;
  }
}
