// Tells the server how far the visitor is: what has arrived, and what they have seen.

import type { MarkPair } from '@switchboard/protocol';

type Mark = keyof MarkPair;

export class Marks {
  /** What the server knows, as far as we know. It is not what is shown here: that never goes back. */
  #told: MarkPair = { delivered: 0, read: 0 };
  readonly #send: (mark: Mark, seq: number) => boolean;

  constructor(send: (mark: Mark, seq: number) => boolean) {
    this.#send = send;
  }

  /** The server has told how far it knows us to be: less than we told it, where it stopped before it kept that. */
  known(told: MarkPair): void {
    this.#told = { ...told };
  }

  /** Tells what the server does not know; what cannot be told now is told the next time. */
  tell(now: MarkPair): void {
    for (const mark of ['delivered', 'read'] as const) {
      if (now[mark] > this.#told[mark] && this.#send(mark, now[mark])) this.#told[mark] = now[mark];
    }
  }
}
