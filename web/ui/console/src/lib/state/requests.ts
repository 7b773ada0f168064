/** Commands whose answer somebody waits for now: sent once, and failed when the connection is not there to answer. */
import { type AckFrame, type ErrorFrame, type OperatorCommand, newId } from '@switchboard/protocol';

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
}

const LOST = { code: 'unavailable', message: 'There is no connection' } as const;

export class Requests {
  readonly #send: (command: OperatorCommand) => boolean;
  readonly #waiting = new Map<string, Waiting>();

  constructor(send: (command: OperatorCommand) => boolean) {
    this.#send = send;
  }

  /** Sends it; settles with the server's answer. */
  ask(request: Request): Promise<AckFrame> {
    const command = { ...request, id: newId() } as Asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(command.id, { resolve, reject });
      if (!this.#send(command)) this.#take(command.id)?.reject(new Refused(LOST));
    });
  }

  /** Takes an answer; true when somebody waited for it. */
  handle(frame: AckFrame | ErrorFrame): boolean {
    const waiting = frame.id === undefined ? undefined : this.#take(frame.id);
    if (!waiting) return false;
    if (frame.type === 'ack') waiting.resolve(frame);
    else waiting.reject(new Refused(frame));
    return true;
  }

  /** The connection is gone, and the answers with it. */
  disconnected(): void {
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new Refused(LOST));
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
