/** Holds the history of chats back until it is complete, so that hundreds of chats appear at once, not event by event. */
import type { ChatEvent } from './chat.svelte';

export class Catchup {
  readonly #collected = new Map<string, ChatEvent[]>();
  readonly #done = new Set<string>();
  readonly #take: (chat: string, frames: readonly ChatEvent[]) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(take: (chat: string, frames: readonly ChatEvent[]) => void) {
    this.#take = take;
  }

  /** From now on events of the chat are collected. */
  begin(chat: string): void {
    if (!this.#collected.has(chat)) this.#collected.set(chat, []);
  }

  /** Keeps an event of a chat whose history is on its way; false when it is not. */
  collects(frame: ChatEvent): boolean {
    const frames = this.#collected.get(frame.chat);
    frames?.push(frame);
    return frames !== undefined;
  }

  /** The history is here: it is given out with that of all chats that are complete by then. */
  done(chat: string): void {
    if (!this.#collected.has(chat)) return;
    this.#done.add(chat);
    this.#timer ??= setTimeout(() => this.#flush(), 0);
  }

  /** The history does not come. */
  drop(chat: string): void {
    this.#collected.delete(chat);
    this.#done.delete(chat);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#collected.clear();
    this.#done.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    for (const chat of this.#done) {
      const frames = this.#collected.get(chat) ?? [];
      this.#collected.delete(chat);
      this.#take(chat, frames);
    }
    this.#done.clear();
  }
}
