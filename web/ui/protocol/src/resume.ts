// Which events of each chat are known: gives out every event once and in order, and asks for what is missing.

import { Backoff } from './backoff';
import type { ErrorFrame, EventFrame, Resume, ResumedFrame } from './types';

export interface PositionsOptions<Event> {
  /** Sends `resume`. */
  ask: (resume: Resume) => void;
  /** Called once for every event of a chat, in order; kinds that are not known too, since their number counts. */
  onEvent: (frame: EventFrame<Event>) => void;
  /** A chat has caught up with the server. */
  onCaughtUp?: (chat: string) => void;
  random?: () => number;
}

interface Position {
  /** All up to here were given out. */
  last: number;
  /** The `after` of the question that is under way, or that is asked again soon. */
  asked: number | null;
  /** It was asked for on this connection: what happened before it is here, or on its way. */
  here: boolean;
  /** Asks again what could not be answered. */
  again?: ReturnType<typeof setTimeout> | undefined;
}

/** What a server could not answer at the moment; everything else it will never answer. */
const FOR_NOW: readonly ErrorFrame['code'][] = ['rate_limited', 'unavailable', 'internal'];
/** The shortest wait before the same is asked again. */
const AGAIN_MIN = 100;
/** Chats that one `hello` may name; the server refuses more. */
const HELLO_MAX = 512;

export class Positions<Event> {
  readonly #chats = new Map<string, Position>();
  readonly #options: PositionsOptions<Event>;
  readonly #backoff: Backoff;

  constructor(options: PositionsOptions<Event>) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  /** The last event of the chat that was given out; 0 for none. */
  last(chat: string): number {
    return this.#chats.get(chat)?.last ?? 0;
  }

  /** Whether the chat waits for history. */
  catchingUp(chat: string): boolean {
    return this.#chats.get(chat)?.asked != null;
  }

  /** Asks for all of a chat after what is known, or after `after`; nothing where this connection was asked already. */
  follow(chat: string, after = 0): void {
    const position = this.#chats.get(chat) ?? { last: after, asked: null, here: false };
    if (position.here) return;
    this.#chats.set(chat, position);
    this.#ask(chat, position);
  }

  /** Forgets the chat; its next event would begin it anew. */
  forget(chat: string): void {
    clearTimeout(this.#chats.get(chat)?.again);
    this.#chats.delete(chat);
  }

  /** The connection is gone, and with it the answers that were under way. */
  disconnected(): void {
    for (const position of this.#chats.values()) {
      clearTimeout(position.again);
      position.asked = null;
      position.here = false;
    }
  }

  /**
   * For `hello`: where to go on, in as many chats as it may name. These count as asked, so use it only in a `hello`
   * that is sent; the others are to be followed once the server has answered.
   */
  forHello(chats: Iterable<string> = this.#chats.keys()): Resume[] {
    const resumes: Resume[] = [];
    for (const chat of chats) {
      const position = this.#chats.get(chat);
      if (!position) continue;
      if (resumes.length === HELLO_MAX) break;
      position.asked = position.last;
      position.here = true;
      resumes.push({ chat, after: position.last });
    }
    return resumes;
  }

  /** Takes an event: gives it out when it is the next one, ignores a doubled one, asks when some are missing. */
  event(frame: EventFrame<Event>): void {
    let position = this.#chats.get(frame.chat);
    if (!position) this.#chats.set(frame.chat, (position = { last: 0, asked: null, here: false }));
    if (frame.seq <= position.last) return;
    if (frame.seq > position.last + 1) {
      if (position.asked === null) this.#ask(frame.chat, position);
      return; // it comes again with what was missing
    }
    position.last = frame.seq;
    this.#options.onEvent(frame);
  }

  /** Takes the end of a page: asks for the next one, or is done. */
  resumed(frame: ResumedFrame<unknown>): void {
    const position = this.#chats.get(frame.chat);
    if (!position) return;
    const asked = position.asked ?? -1;
    this.#backoff.reset();
    // A page that brought nothing new, though it should have, would be asked for for ever: believe its numbers.
    if (position.last <= asked) position.last = Math.max(position.last, frame.through);
    position.asked = null;
    if (position.last < frame.last && position.last > asked) this.#ask(frame.chat, position);
    else this.#options.onCaughtUp?.(frame.chat);
  }

  /** Takes the error that a question was answered with. True where that helps: then it is asked again after a while. */
  refused(error: ErrorFrame): boolean {
    if (error.id !== undefined || error.chat === undefined) return false;
    const { chat } = error;
    const position = this.#chats.get(chat);
    if (!position || position.asked === null) return false;
    clearTimeout(position.again);
    if (!FOR_NOW.includes(error.code)) {
      position.asked = null;
      position.here = false;
      this.#options.onCaughtUp?.(chat); // there is no more to be had
      return false;
    }
    const wait = Math.max(AGAIN_MIN, error.retry_after_ms ?? this.#backoff.next());
    position.again = setTimeout(() => this.#ask(chat, position), wait);
    return true;
  }

  #ask(chat: string, position: Position): void {
    position.asked = position.last;
    position.here = true;
    this.#options.ask({ chat, after: position.last });
  }
}
