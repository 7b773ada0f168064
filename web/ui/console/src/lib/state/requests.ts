/** Commands whose answer somebody waits for now: sent until the server has said yes or no, or the connection goes. */
import { type AckFrame, type ErrorFrame, type OperatorCommand, Outbox, newId } from '@switchboard/protocol';

/** A command that was refused, or of which nobody knows. */
export class Refused extends Error {
  constructor(readonly error: Pick<ErrorFrame, 'code' | 'message' | 'why' | 'by'>) {
    super(error.message);
  }
}

type Asked = Extract<OperatorCommand, { id: string }>;
type WithoutId<C> = C extends { id: string } ? Omit<C, 'id'> : never;
/** A command that is answered, before it has its id. */
export type Request = WithoutId<Asked>;

interface Waiting {
  resolve: (ack: AckFrame) => void;
  reject: (error: Refused) => void;
  held: (() => void) | undefined;
}

const LOST = { code: 'unavailable', message: 'There is no connection' } as const;
const FULL = { code: 'rate_limited', message: 'Too much waits for the server already' } as const;
const TOO_LARGE = { code: 'too_large', message: 'It is too long' } as const;
/** Requests at once: the subscriptions of a window that comes back, and what a person can press meanwhile. */
const REQUESTS_MAX = 200;
/** Somebody waits, so what the server cannot do now is tried again at least this often, in milliseconds. */
const AGAIN_WITHIN = 5_000;

export class Requests {
  readonly #outbox: Outbox<Asked>;
  readonly #waiting = new Map<string, Waiting>();
  #connected = false;

  constructor(send: (command: OperatorCommand) => boolean) {
    this.#outbox = new Outbox<Asked>({
      send,
      // Like the server: what an offer is answered with waits for nothing but other answers to it.
      lane: (command) => ('chat' in command && command.chat) || ('offer' in command && command.offer) || '',
      limit: REQUESTS_MAX,
      retryMax: AGAIN_WITHIN,
      onSettled: ({ command }, by) => by.type === 'ack' && this.#take(command.id)?.resolve(by),
      onFailed: ({ command }, error) => this.#take(command.id)?.reject(new Refused(error)),
      onHeld: ({ command }, error) => this.#held(command.id, error),
    });
  }

  /** Sends it; settles with the server's answer. `held` is called, once, when that takes longer than it should. */
  ask(request: Request, held?: () => void): Promise<AckFrame> {
    return this.settle({ ...request, id: newId() } as Asked, held);
  }

  /** The same with an id that somebody has chosen. */
  settle(command: Asked, held?: () => void): Promise<AckFrame> {
    return new Promise((resolve, reject) => {
      if (!this.#connected) return reject(new Refused(LOST));
      this.#waiting.set(command.id, { resolve, reject, held });
      const kept = this.#outbox.add(command);
      if (kept !== 'queued') this.#take(command.id)?.reject(new Refused(kept === 'full' ? FULL : TOO_LARGE));
    });
  }

  /** Takes an answer; true when somebody waited for it. */
  handle(frame: AckFrame | ErrorFrame): boolean {
    return this.#outbox.handle(frame);
  }

  connected(): void {
    this.#connected = true;
    this.#outbox.connected();
  }

  /** The connection is gone, and the answers with it. */
  disconnected(): void {
    this.#connected = false;
    this.#outbox.disconnected();
    this.#outbox.retain(() => false);
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new Refused(LOST));
  }

  /** Whoever is too quick waits for a moment that is not worth a word. */
  #held(id: string, { code }: ErrorFrame): void {
    const waiting = this.#waiting.get(id);
    if (!waiting || code === 'rate_limited') return;
    waiting.held?.();
    waiting.held = undefined;
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
