// Who the page says its visitor is, how far the server believes it, and under what such a visitor is kept.

import { subjectOf } from './given';

/** The slot of the visitor for whom nobody vouches. */
export const NOBODY = 'nobody';

export class Who {
  #sent: string | undefined;
  #refused: string | undefined;

  /** The identity that the last greeting bore. */
  get is(): string | undefined {
    return this.#sent;
  }

  /** The visitor of the last greeting. */
  get slot(): string {
    return slotOf(this.#sent);
  }

  /** What the page says, unless the server did not believe it. */
  believed(given: string | undefined): string | undefined {
    return given === this.#refused ? undefined : given;
  }

  /** With what to greet now. Who is bound stays who they are, and may still come with a fresh identity. */
  greets(given: string | undefined, bound: boolean): string | undefined {
    const now = this.believed(given);
    if (!bound || slotOf(now) === this.slot) this.#sent = now;
    return this.#sent;
  }

  /** The last greeting was not believed. */
  refuse(): void {
    this.#refused = this.#sent;
  }
}

/** Under what a visitor is kept: of those for whom the site vouches it is a digest, so that no names lie about. */
export function slotOf(identity: string | undefined): string {
  const subject = subjectOf(identity);
  return subject === null ? NOBODY : digest(subject);
}

/** Tells subjects apart; who had the digest of another would only be met as somebody new. */
function digest(subject: string): string {
  const bytes = new TextEncoder().encode(subject);
  const half = (seed: number): string => {
    const hash = bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x0100_0193), seed);
    return (hash >>> 0).toString(16).padStart(8, '0');
  };
  return half(0x811c_9dc5 | 0) + half(0x2545_f491);
}
