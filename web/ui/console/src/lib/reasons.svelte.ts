/** Why a chat went to whom it went, and why it still waits: as the server tells it, asked again while it waits. */
import type { ChatRow } from '@switchboard/protocol';
import { type Http, Problem } from './http';
import { clockTime, duration, plural, shortTime } from './words';

/** An operator, by the name of today; none where they were removed. */
export interface Named {
  operator: string;
  name: string | null;
}

/** One time that routing chose somebody. */
export interface Decision {
  seq: number;
  at: string;
  words: string;
  chosen: Named[];
  /** The best of those who were free, best first. */
  best: Best[];
  /** Every member with the reason; none where the group is large. */
  members: (Named & { reason: string; words: string })[];
}

/** Somebody who was free, with that by which the order is. */
export interface Best extends Named {
  /** The part of the capacity in use; more than 1 where there is no limit. */
  capacity_used: number;
  chats: number;
  /** When a chat of theirs ended last; none where none has. */
  last_ended_at: string | null;
}

/** Why a chat waits. */
export interface Waiting {
  reason: string;
  words: string;
  since: string;
  /** Until when that is so at most, where it is known. */
  until?: string | null;
  /** How it stands in the groups that look for somebody too. */
  helping?: { group: string; name: string | null; words: string }[];
}

export interface Reasons {
  items: Decision[];
  waiting: Waiting | null;
  /** In words, where it waits and its queue does not say why now. */
  unanswered?: string | null;
}

/** How often is asked why a chat still waits. */
const AGAIN_AFTER = 2_000;

export class WhySource {
  /** What was told last of the chat that is looked at. */
  told = $state.raw<Reasons | null>(null);
  /** Whether that was told since this look began: after another owner what was told before says nothing of them. */
  current = $state(false);
  readonly #http: Http;
  #chat: string | null = null;
  /** Tells answers of an earlier look apart. */
  #look = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Somebody looks at this chat; while it waits the answer is kept fresh. */
  look(chat: string, waiting: boolean): void {
    this.stop();
    if (chat !== this.#chat) this.told = null;
    this.#chat = chat;
    void this.#ask(chat, waiting, this.#look);
  }

  /** Nobody looks any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#look += 1;
    this.current = false;
  }

  async #ask(chat: string, waiting: boolean, look: number): Promise<void> {
    try {
      const told = await this.#http.get<Reasons>(`/chats/${chat}/decisions`);
      if (look === this.#look) [this.told, this.current] = [told, true];
    } catch (error) {
      // What was told last stays, and is asked for again; of a chat that may not be read nothing more will be told.
      if (error instanceof Problem && (error.status === 403 || error.status === 404)) return;
    }
    if (waiting && look === this.#look) this.#timer = setTimeout(() => void this.#ask(chat, waiting, look), AGAIN_AFTER);
  }
}

/** What a name is shown as. */
export function called({ name }: Named): string {
  return name ?? 'Somebody who was removed';
}

/** The members of a decision, those first who were chosen, then by name. */
export function inOrder(members: Decision['members']): Decision['members'] {
  const rank = (member: Decision['members'][number]): number => (member.reason === 'chosen' ? 0 : 1);
  return [...members].sort((a, b) => rank(a) - rank(b) || called(a).localeCompare(called(b)));
}

/** Who was considered, and how they stood: every member, and of a large group the best of those who were free. */
export function considered({ at, best, chosen, members }: Decision): (Named & { chosen: boolean; words: string })[] {
  if (members.length > 0)
    return inOrder(members).map((member) => ({ ...member, chosen: member.reason === 'chosen' }));
  return best.map(({ operator, name, ...load }) => ({
    operator,
    name,
    chosen: chosen.some((one) => one.operator === operator),
    words: loadWords(load, Date.parse(at)),
  }));
}

/** What somebody held then: `20 % of the capacity in use, 1 chat, the last one ended 14:05`. */
function loadWords({ capacity_used, chats, last_ended_at }: Omit<Best, keyof Named>, then: number): string {
  const ended = last_ended_at ? `the last one ended ${shortTime(Date.parse(last_ended_at), then)}` : 'none ended yet';
  return `${Math.round(capacity_used * 100)} % of the capacity in use, ${plural(chats, 'chat')}, ${ended}`;
}

/** `Since 14:05, for 0:12, 0:08 more at most`. */
export function sinceWords({ since, until }: Waiting, now: number): string {
  const left = until ? Date.parse(until) - now : 0;
  const words = `Since ${clockTime(Date.parse(since))}, for ${duration(now - Date.parse(since))}`;
  return left > 0 ? `${words}, ${duration(left)} more at most` : words;
}

/** Whether the owner is not the one whom routing chose last: took the chat, or was asked by a colleague. */
export function byHand(row: ChatRow, latest: Decision | undefined): boolean {
  const owner = row.owner;
  return owner !== undefined && owner !== null && !latest?.chosen.some(({ operator }) => operator === owner.id);
}
