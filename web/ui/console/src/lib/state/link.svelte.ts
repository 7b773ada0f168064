/** The socket as the console sees it: whether it is there, frames by kind, and an outbox that loses nothing. */
import {
  type Command,
  Connection,
  type Entry,
  type ErrorFrame,
  type EventFrame,
  type EventKind,
  type Holder,
  type OperatorCommand,
  type OperatorFrame,
  Outbox,
  Positions,
  type Shelf,
  type Socket,
} from '@switchboard/protocol';
import { Marks } from './marks';
import { type Refused, Requests } from './requests';

type Kept = Extract<OperatorCommand, { type: 'say' | 'end' }>;
/** What this window wants to be told, or no more. */
export type Subscription = Extract<OperatorCommand, { type: 'subscribe' | 'unsubscribe' }>;
/** A `say` or `end` on its way. */
export type Outgoing = Entry<Kept & Command>;

/** What the link tells; everything in the order the server sent it. */
export interface LinkEvents {
  frame: (frame: OperatorFrame) => void;
  /** The next event of a chat, once. */
  event: (frame: EventFrame<EventKind>) => void;
  settled: (entry: Outgoing, seq: number | undefined) => void;
  failed: (entry: Outgoing, error: ErrorFrame) => void;
  /** The chats to continue after a break. */
  following: () => Iterable<string>;
  /** The session is over: sign in again. */
  signedOut: () => void;
}

export interface LinkOptions {
  url: string;
  events: LinkEvents;
  shelf: Shelf;
  holder: Holder;
  /** Whose outbox it is. */
  key: string;
  socket?: (url: string, protocol: string) => Socket;
}

/** What came and went while the connection was away. */
export interface Back {
  messages: number;
  sent: number;
}

/** How long "Connected" is shown after a break. */
const BACK_LASTS = 3_000;
const SIGNED_OUT = 4401;

export class Link {
  state = $state.raw<Connection<OperatorCommand, OperatorFrame>['state']>({ kind: 'idle' });
  /** Since when the connection is away, by our own clock; none while it is there. */
  lostAt = $state<number | null>(null);
  /** Shown for a moment after a break. */
  back = $state.raw<Back | null>(null);
  /** What is not settled yet. */
  outgoing = $state.raw<readonly Outgoing[]>([]);
  readonly connected = $derived(this.state.kind === 'connected');

  readonly requests: Requests;
  readonly marks: Marks;
  readonly #connection: Connection<OperatorCommand, OperatorFrame>;
  readonly #outbox: Outbox<Kept & Command>;
  readonly #positions: Positions<EventKind>;
  readonly #events: LinkEvents;
  #missed: Back | null = null;
  #backTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ url, events, shelf, holder, key, socket }: LinkOptions) {
    this.#events = events;
    const send = (command: OperatorCommand): boolean => this.#connection.send(command);
    this.requests = new Requests(send);
    this.marks = new Marks(send);
    this.#positions = new Positions<EventKind>({
      ask: ({ chat, after }) => void send({ type: 'resume', chat, after }),
      onEvent: (frame) => {
        if (this.#missed && frame.event.kind === 'message' && frame.event.from.role === 'visitor')
          this.#missed.messages++;
        events.event(frame);
      },
    });
    this.#outbox = new Outbox<Kept & Command>({
      send,
      shelf,
      holder,
      key,
      onChange: () => (this.outgoing = [...this.#outbox.entries]),
      onSettled: (entry, by) => {
        if (this.#missed && entry.command.type === 'say') this.#missed.sent++;
        events.settled(entry, by.seq);
      },
      onFailed: (entry, error) => events.failed(entry, error),
    });
    this.#connection = new Connection<OperatorCommand, OperatorFrame>({
      url,
      hello: () => ({ type: 'hello', resume: this.#positions.forHello(events.following()) }),
      onFrame: (frame) => this.#hear(frame),
      onState: (state) => this.#enter(state),
      ...(socket ? { socket } : {}),
    });
  }

  async open(): Promise<void> {
    await this.#outbox.claim();
    this.#connection.open();
  }

  close(): void {
    this.#connection.close();
    this.#outbox.close();
    this.requests.disconnected();
    this.marks.clear();
    clearTimeout(this.#backTimer);
    this.lostAt = null;
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  /** A hint: lost when there is no connection. */
  hint(command: OperatorCommand): void {
    this.#connection.send(command);
  }

  /** Asked for until the server has it, or the connection goes: subscriptions end with their socket. */
  subscribe(subscription: Subscription): void {
    this.requests.settle(subscription).catch(({ error }: Refused) => {
      if (this.connected) console.warn(`switchboard: ${error.code}: ${error.message}`);
    });
  }

  /** Kept until the server has it. */
  keep(command: Kept): 'queued' | 'full' | 'too_large' {
    return this.#outbox.add(command);
  }

  /** Gets all events of a chat from here on. */
  follow(chat: string, after: number): void {
    this.#positions.follow(chat, after);
  }

  #hear(frame: OperatorFrame): void {
    switch (frame.type) {
      case 'event':
        this.#positions.event(frame);
        this.#outbox.handle(frame);
        return;
      case 'resumed':
        this.#positions.resumed(frame);
        break;
      case 'ack':
      case 'error':
        if (this.requests.handle(frame) || this.#outbox.handle(frame)) return;
        if (frame.type === 'error' && this.#positions.refused(frame)) return;
        break;
      case 'welcome':
        this.#events.frame(frame);
        this.#welcomed();
        return;
    }
    this.#events.frame(frame);
  }

  #welcomed(): void {
    const missed = this.#missed;
    this.#outbox.connected();
    void this.#outbox.claim();
    this.marks.flush();
    if (!missed) return;
    clearTimeout(this.#backTimer);
    this.back = missed;
    // What was missed arrives in the next moments, and is counted as it does.
    this.#backTimer = setTimeout(() => {
      this.back = null;
      this.#missed = null;
    }, BACK_LASTS);
    setTimeout(() => this.back && (this.back = { ...missed }), BACK_LASTS / 4);
  }

  #enter(state: Connection<OperatorCommand, OperatorFrame>['state']): void {
    const was = this.state.kind;
    this.state = state;
    if (state.kind === 'connected') {
      this.lostAt = null;
      this.requests.connected();
      return;
    }
    if (was === 'connected') {
      this.lostAt = Date.now();
      this.#missed = { messages: 0, sent: 0 };
      this.back = null;
      this.#positions.disconnected();
      this.#outbox.disconnected();
      this.requests.disconnected();
    }
    if (state.kind === 'stopped' && state.code === SIGNED_OUT) this.#events.signedOut();
  }
}
