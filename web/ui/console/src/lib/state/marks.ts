/** Tells the server how far we have got each message: what arrived, and what a person has seen. */
import type { OperatorCommand } from '@switchboard/protocol';

type Kind = 'delivered' | 'read';

/** Marks of one chat are sent together after this time: a burst of messages is one mark. */
const GATHER = 200;

export class Marks {
  readonly #send: (command: OperatorCommand) => boolean;
  /** The farthest mark of each kind and chat that the server may not have. */
  readonly #due = new Map<string, { chat: string; kind: Kind; seq: number }>();
  readonly #told = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (command: OperatorCommand) => boolean) {
    this.#send = send;
  }

  /** All of the chat up to `seq`; a mark that does not go farther than the last is not sent. */
  mark(kind: Kind, chat: string, seq: number): void {
    const key = `${kind} ${chat}`;
    if (seq <= (this.#due.get(key)?.seq ?? this.#told.get(key) ?? 0)) return;
    this.#due.set(key, { chat, kind, seq });
    this.#timer ??= setTimeout(() => this.flush(), GATHER);
  }

  /** The server has told how far our marks are there: less than we told it, if it stopped before it kept them. */
  known(kind: Kind, chat: string, seq: number): void {
    this.#told.set(`${kind} ${chat}`, seq);
  }

  /** Sends what is due; what cannot be sent stays due. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [key, { chat, kind, seq }] of this.#due) {
      if (!this.#send({ type: kind, chat, seq })) return;
      this.#told.set(key, seq);
      this.#due.delete(key);
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due.clear();
    this.#told.clear();
  }
}
