/** All chats this window knows, and which of them are ours. */
import type { ChatRow } from '@switchboard/protocol';
import { Chat, type ChatEvent } from './chat.svelte';
import { blankRow } from './rows';

/** The order of the list of one's own chats. */
export type Sort = 'idle' | 'activity' | 'longest';

/** Chats that are kept in memory besides one's own: a shift of looking things up must not fill it. */
const KNOWN_MAX = 400;

export class Chats {
  #known = $state.raw<ReadonlyMap<string, Chat>>(new Map());
  /** Chats of ours that ended while we had them: they stay until they were looked at and left. */
  #lingering = $state.raw<ReadonlySet<string>>(new Set());
  /** Who we are. */
  me = $state('');
  /** The chat that is open, if any. */
  openId = $state<string | null>(null);

  readonly mine = $derived([...this.#known.values()].filter((chat) => this.#isMine(chat)));
  readonly lingering = $derived(
    [...this.#lingering].map((id) => this.#known.get(id)).filter((chat) => chat !== undefined),
  );
  readonly unreadChats = $derived([...this.mine, ...this.lingering].filter((chat) => chat.unread > 0));

  get(id: string): Chat | undefined {
    return this.#known.get(id);
  }

  /** The chat of that row, known from now on. */
  put(row: ChatRow): Chat {
    const known = this.#known.get(row.id);
    if (known) {
      const running = this.#isMine(known);
      known.update(row);
      this.#noteEnd(known, running);
      return known;
    }
    const chat = new Chat(row);
    this.#known = new Map(this.#known).set(row.id, chat);
    return chat;
  }

  /** Takes an event, of a chat that may be new to us. True when it was not here already. */
  event(frame: ChatEvent): boolean {
    const chat = this.#known.get(frame.chat) ?? this.put(blankRow(frame.chat, frame.at));
    const running = this.#isMine(chat);
    const isNew = chat.add(frame);
    this.#noteEnd(chat, running);
    return isNew;
  }

  /** The server has told all chats of ours: others that we took for ours are over, or somebody else's. Their ids. */
  ours(rows: readonly ChatRow[], complete: boolean): string[] {
    for (const row of rows) this.put(row);
    if (!complete) return [];
    const told = new Set(rows.map((row) => row.id));
    return this.mine.filter((chat) => !told.has(chat.id)).map((chat) => chat.id);
  }

  /** A chat of somebody else's, which we may not see any more. True when we had seen it. */
  lose(id: string): boolean {
    const chat = this.#known.get(id);
    if (!chat || this.#isMine(chat) || this.#lingering.has(id)) return false;
    this.#known = new Map([...this.#known].filter(([known]) => known !== id));
    return true;
  }

  /** Another chat is open now, or none: what ended, was read and is left goes from the list. */
  open(id: string | null): void {
    this.openId = id;
    this.tidy();
    this.#forget();
  }

  /** Lets go of what ended, was read, and is not open. */
  tidy(): void {
    const stays = (id: string): boolean => id === this.openId || (this.#known.get(id)?.unread ?? 0) > 0;
    const staying = [...this.#lingering].filter(stays);
    if (staying.length < this.#lingering.size) this.#lingering = new Set(staying);
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#known = new Map();
    this.#lingering = new Set();
    this.openId = null;
  }

  /** Chats that were only looked up are forgotten, the ones known longest first. */
  #forget(): void {
    let over = this.#known.size - KNOWN_MAX;
    if (over <= 0) return;
    const goes = (id: string, chat: Chat): boolean =>
      id !== this.openId && !this.#isMine(chat) && !this.#lingering.has(id) && over-- > 0;
    this.#known = new Map([...this.#known].filter(([id, chat]) => !goes(id, chat)));
  }

  /** One's own, or one that one was invited to. */
  #isMine(chat: Chat): boolean {
    return chat.has(this.me);
  }

  #noteEnd(chat: Chat, wasRunning: boolean): void {
    if (wasRunning && chat.row.state === 'ended') this.#lingering = new Set(this.#lingering).add(chat.id);
  }
}

/** Own chats in the order asked for; equal ones by number, so that the order is always the same. */
export function sorted(chats: readonly Chat[], sort: Sort): Chat[] {
  const key: Record<Sort, (chat: Chat) => number> = {
    idle: (chat) => Date.parse(chat.row.idle_since ?? chat.row.assigned_at ?? chat.row.started_at),
    activity: (chat) => -chat.activeAt,
    longest: (chat) => Date.parse(chat.row.started_at),
  };
  // Keys once each: with hundreds of chats this runs for every event.
  const keyed = chats.map((chat) => ({ chat, at: key[sort](chat) }));
  return keyed.sort((a, b) => a.at - b.at || a.chat.row.number - b.chat.row.number).map(({ chat }) => chat);
}
