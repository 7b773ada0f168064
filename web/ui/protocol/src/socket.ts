// One WebSocket that comes back: hello, beats, answers in time, draining, and what each close code asks for.

import { Backoff } from './backoff';
import type { AckFrame, BeatFrame, ErrorFrame, EventFrame, ReconnectFrame } from './types';

export const SUBPROTOCOL = 'switchboard.v1';

/** A server that says nothing for this long is gone; it sends a beat every 20 s (contract). */
const SILENCE_MAX = 45_000;
/** A command, and `hello` too, is answered within this time (contract). */
const ANSWER_WITHIN = 10_000;
/** How long the network may take to open the socket: a phone that changes cells needs several seconds. */
const OPEN_WITHIN = 20_000;
/** A connection that lasted this long was a good one: the next failure starts the back-off from its beginning. */
const STABLE_AFTER = 10_000;
/** Hints of the browser (on-line again, visible again) are followed at most this often. */
const HINT_EVERY = 1_000;
/** How often the two limits above are looked at. */
const WATCH_EVERY = 1_000;

/** The part of WebSocket that is used, so that tests can put their own in its place. */
export interface Socket {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Where the connection is. `connected` means that the server has answered `hello`. */
export type ConnectionState =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'connected' }
  /** Tries again at `retryAt`, milliseconds since 1970. */
  | { kind: 'waiting'; retryAt: number }
  /** The server asked not to come back (4400 to 4499); only a person may try again. */
  | { kind: 'stopped'; code: number; reason: string };

export interface ConnectionOptions<Out, In> {
  /** `ws:` or `wss:`; a function is asked before every try. */
  url: string | (() => string);
  /** Makes the first frame; asked at every connection, so that its resume positions are fresh. */
  hello: () => Out;
  /** Every frame but `beat` and `reconnect`, `welcome` included, in order. */
  onFrame: (frame: In) => void;
  onState?: (state: ConnectionState) => void;
  /** Makes a socket; the browser's WebSocket unless given. */
  socket?: (url: string, protocol: string) => Socket;
  random?: () => number;
}

/** `Out` are this side's commands, `In` the frames it gets. */
export class Connection<Out extends { type: string }, In extends { type: string }> {
  #state: ConnectionState = { kind: 'idle' };
  #socket: Socket | null = null;
  #opened = false;
  #triedAt = 0;
  #connectedAt = 0;
  #heardAt = 0;
  #unanswered = new Map<string, number>();
  #drainUntil: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  readonly #backoff: Backoff;
  readonly #options: ConnectionOptions<Out, In>;

  constructor(options: ConnectionOptions<Out, In>) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Connects, and stays connected until `close`. */
  open(): void {
    if (this.#state.kind !== 'idle') return;
    if (typeof addEventListener === 'function') addEventListener('online', this.#hint);
    if (typeof document !== 'undefined') document.addEventListener('visibilitychange', this.#hint);
    this.#connect();
  }

  /** Ends for good; `open` begins anew. */
  close(): void {
    if (typeof removeEventListener === 'function') removeEventListener('online', this.#hint);
    if (typeof document !== 'undefined') document.removeEventListener('visibilitychange', this.#hint);
    this.#release(1000);
    this.#backoff.reset();
    this.#enter({ kind: 'idle' });
  }

  /** Tries at once, after a stop too: somebody asked for it. */
  retryNow(): void {
    if (this.#state.kind === 'waiting' || this.#state.kind === 'stopped') this.#connect();
  }

  /** Hands a frame to the network; false when there is no connection that could take it. */
  send(frame: Out): boolean {
    if (this.#state.kind !== 'connected' || !this.#socket) return false;
    this.#write(frame);
    return true;
  }

  #write(frame: Out): void {
    const id = (frame as { id?: unknown }).id;
    const awaited = frame.type === 'hello' ? 'hello' : typeof id === 'string' ? `#${id}` : null;
    if (awaited !== null) this.#unanswered.set(awaited, Date.now());
    this.#socket?.send(JSON.stringify(frame));
  }

  #connect(): void {
    this.#release();
    this.#triedAt = this.#heardAt = Date.now();
    this.#enter({ kind: 'connecting' });
    const { url } = this.#options;
    const make = this.#options.socket ?? ((at: string, protocol: string): Socket => new WebSocket(at, protocol));
    let socket: Socket;
    try {
      socket = make(typeof url === 'string' ? url : url(), SUBPROTOCOL);
    } catch {
      return this.#comeBack(null); // a browser that forbids it now may allow it later
    }
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened = true;
      this.#heardAt = Date.now();
      this.#write(this.#options.hello());
    };
    socket.onmessage = (event: { data: unknown }) => this.#hear(event.data);
    socket.onclose = (event: { code: number; reason: string }) => this.#closed(event.code, event.reason);
    socket.onerror = () => {}; // a close always follows, and says more
    this.#watch = setInterval(() => this.#look(), WATCH_EVERY);
  }

  #hear(data: unknown): void {
    this.#heardAt = Date.now();
    const frame = parse(data);
    if (!frame) return;
    const known = frame as unknown as BeatFrame | ReconnectFrame | AckFrame | ErrorFrame | EventFrame<unknown>;
    switch (known.type) {
      case 'beat':
        return;
      case 'reconnect':
        // The server will close; until then answers still arrive. If it does not, the watch leaves by itself.
        this.#drainUntil = Date.now() + Math.max(0, Number(known.after_ms) || 0);
        return;
      case 'ack':
      case 'error':
        if (known.id !== undefined) this.#unanswered.delete(`#${known.id}`);
        break;
      case 'event':
        if (known.command !== undefined) this.#unanswered.delete(`#${known.command}`);
        break;
    }
    if (frame.type === 'welcome') {
      this.#unanswered.delete('hello');
      this.#connectedAt = Date.now();
      this.#enter({ kind: 'connected' });
    }
    this.#options.onFrame(frame as In);
  }

  #closed(code: number, reason: string): void {
    const drained = this.#drainUntil;
    this.#release();
    if (code >= 4400 && code <= 4499) return this.#enter({ kind: 'stopped', code, reason });
    this.#comeBack(drained);
  }

  #comeBack(at: number | null): void {
    const now = Date.now();
    if (this.#connectedAt && now - this.#connectedAt >= STABLE_AFTER) this.#backoff.reset();
    this.#connectedAt = 0;
    const wait = at === null ? this.#backoff.next() : Math.max(0, at - now);
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#enter({ kind: 'waiting', retryAt: now + wait });
  }

  #look(): void {
    const now = Date.now();
    if (!this.#opened) {
      if (now - this.#triedAt >= OPEN_WITHIN) this.#abandon();
      return;
    }
    const oldest = this.#unanswered.values().next().value;
    const unanswered = oldest !== undefined && now - oldest >= ANSWER_WITHIN;
    if (this.#drainUntil !== null && now >= this.#drainUntil) this.#abandon();
    else if (unanswered || now - this.#heardAt >= SILENCE_MAX) this.#abandon();
  }

  /** Leaves a socket that is as good as dead; its own close might take minutes. */
  #abandon(): void {
    const drained = this.#drainUntil;
    this.#release(1000);
    this.#comeBack(drained);
  }

  #release(code?: number): void {
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    this.#opened = false;
    this.#drainUntil = null;
    this.#unanswered.clear();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (code !== undefined) socket.close(code);
  }

  #hint = (): void => {
    if (typeof document !== 'undefined' && document.visibilityState === 'hidden') return;
    if (this.#state.kind === 'waiting' && Date.now() - this.#triedAt >= HINT_EVERY) this.#connect();
    else if (this.#socket) this.#look();
  };

  #enter(state: ConnectionState): void {
    if (state.kind === 'idle' && this.#state.kind === 'idle') return;
    this.#state = state;
    this.#options.onState?.(state);
  }
}

function parse(data: unknown): { type: string } | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    const typed = frame !== null && typeof frame === 'object' && typeof (frame as { type?: unknown }).type === 'string';
    return typed ? (frame as { type: string }) : null;
  } catch {
    return null;
  }
}
