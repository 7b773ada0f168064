/** Why a chat went to whom it went, and why it still waits: as the server tells it, asked again while it waits. */
import type { ChatRow } from '@switchboard/protocol';
import { type Http, Problem } from './http';

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
  /** Every member with the reason; none where the group is large. */
  members: (Named & { reason: string; words: string })[];
}

export interface Reasons {
  items: Decision[];
  waiting: { reason: string; words: string; since: string } | null;
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

/** Whether the owner is not the one whom routing chose last: took the chat, or was asked by a colleague. */
export function byHand(row: ChatRow, latest: Decision | undefined): boolean {
  const owner = row.owner;
  return owner !== undefined && owner !== null && !latest?.chosen.some(({ operator }) => operator === owner.id);
}
