// One chat as its visitor sees it: a plain record that events, marks and hints are put into, in order.

import type { EndedBy, EndedWhy, EventFrame, VisitorEvent, VisitorMarks } from '@switchboard/protocol';
import { FOR_FORM } from './limits';

export type MessageState = 'waiting' | 'sent' | 'delivered' | 'read' | 'failed';

/** A line of the conversation. `key` stays the same from the outbox to the stored message. */
export type Line =
  | { kind: 'message'; key: string; at: number; mine: boolean; name: string; text: string; state: MessageState; why?: string }
  | { kind: 'joined' | 'transferred' | 'left'; key: string; at: number; name: string }
  | { kind: 'queued' | 'ended'; key: string; at: number };

/** A message of one's own that is not in the conversation yet. */
export interface Pending {
  id: string;
  text: string;
  at: number;
  /** Stored under that number already; its event is on its way. */
  seq?: number;
  /** Refused for good, and why. */
  failed?: string;
}

type Phase = 'waiting' | 'active' | 'ended';
type Stored = { seq: number; line: Line };

export class Conversation {
  phase: Phase = 'waiting';
  /** What the history has come to, while it is read. */
  #replayed: Phase | null = null;
  ahead: number | null = null;
  /** It is about that many. */
  about = false;
  /** Seconds that the wait will last, where that can be said. */
  estimate: number | null = null;
  /** What the group says beside the place, with what is to be put in still in braces. */
  queueText: string | null = null;
  /** An operator has answered before: what was said stands there, whatever happens now. */
  served = false;
  /** The names of those who answer: the owner first, then who was invited. */
  #here: string[] = [];
  ended: { by: EndedBy; why: EndedWhy } | null = null;
  marks: VisitorMarks = { visitor: { delivered: 0, read: 0 }, operators: { delivered: 0, read: 0 } };
  /** Number of the last message of the other side. */
  lastTheirs = 0;
  readonly #stored: Stored[] = [];
  readonly #keys = new Map<number, string>();

  constructor(readonly id: string) {}

  /** Nobody answered, and it has ended: what was asked is for the form. */
  get isForForm(): boolean {
    if (this.phase !== 'ended' || !this.ended) return false;
    // Whoever leaves the queue would rather write.
    return FOR_FORM.includes(this.ended.why) || (this.ended.by === 'visitor' && !this.served);
  }

  /** The one who has the chat. */
  get operator(): string | null {
    return this.#here[0] ?? null;
  }

  /** The server has told who has the chat; the events may say so later. */
  owner(name: string): void {
    if (this.operator !== name) this.#here = [name, ...this.#here.filter((one) => one !== name)];
  }

  /**
   * Puts in the next event; true when it is a message of the other side. One of the history, which is not `live`, says
   * how things were: how they are is known already, and is said by the last of them.
   */
  apply(frame: EventFrame<VisitorEvent>, live = true): boolean {
    const { seq, event } = frame;
    const base = { key: frame.command ?? this.#keys.get(seq) ?? `${this.id}.${seq}`, at: Date.parse(frame.at) };
    const add = (line: Line): void => void this.#stored.push({ seq, line });
    switch (event.kind) {
      case 'queued':
        this.#reach('waiting', live);
        this.#here = [];
        // The place in another queue is another one.
        if (live) this.ahead = this.estimate = this.queueText = null;
        if (this.served) add({ ...base, kind: 'queued' });
        return false;
      case 'assigned':
        this.#reach('active', live);
        this.served = true;
        this.#here = [event.name];
        add({ ...base, kind: 'joined', name: event.name });
        return false;
      case 'transferred':
        this.#here = [event.name, ...this.#here.slice(1).filter((name) => name !== event.name)];
        add({ ...base, kind: 'transferred', name: event.name });
        return false;
      case 'joined':
      case 'left':
        this.#here = this.#here.filter((name) => name !== event.name);
        if (event.kind === 'joined') this.#here.push(event.name);
        add({ ...base, kind: event.kind, name: event.name });
        return false;
      case 'message': {
        const mine = event.from.role === 'visitor';
        add({ ...base, kind: 'message', mine, name: event.from.name ?? '', text: event.text, state: 'sent' });
        if (!mine) this.lastTheirs = seq;
        return !mine;
      }
      case 'ended':
        this.phase = this.#replayed = 'ended';
        this.ended = { by: event.by, why: event.why };
        add({ ...base, kind: 'ended' });
        return false;
      default: // a kind without a line, an erased event, or one of a newer server
        return false;
    }
  }

  /** The history is here as a whole. */
  caughtUp(): void {
    this.phase = this.#replayed ?? this.phase;
    this.#replayed = null;
  }

  #reach(phase: Phase, live: boolean): void {
    if (live) this.phase = phase;
    else this.#replayed = phase;
  }

  /** The newest word on the place in the queue. */
  stands(place: { ahead: number; about?: boolean; estimate_s?: number; text?: string }): void {
    this.ahead = place.ahead;
    this.about = place.about ?? false;
    this.estimate = place.estimate_s ?? null;
    this.queueText = place.text ?? null;
  }

  /** The message with that number came from that command: its line keeps the key it had while it waited. */
  remember(seq: number, command: string): void {
    this.#keys.set(seq, command);
  }

  /** Marks only ever grow. */
  raise(marks: Partial<{ [Side in keyof VisitorMarks]: Partial<VisitorMarks[Side]> }>): void {
    for (const side of ['visitor', 'operators'] as const) {
      for (const mark of ['delivered', 'read'] as const) {
        this.marks[side][mark] = Math.max(this.marks[side][mark], marks[side]?.[mark] ?? 0);
      }
    }
  }

  /** Messages of the other side that were not seen. */
  get unread(): number {
    const { read } = this.marks.visitor;
    return this.#stored.filter(({ seq, line }) => seq > read && line.kind === 'message' && !line.mine).length;
  }

  /** All lines in order; what waits to be sent stands last. */
  lines(pending: readonly Pending[]): Line[] {
    const { delivered, read } = this.marks.operators;
    const stored = this.#stored.map(({ seq, line }): Line => {
      if (line.kind !== 'message' || !line.mine) return line;
      return { ...line, state: seq <= read ? 'read' : seq <= delivered ? 'delivered' : 'sent' };
    });
    const waiting = pending.map(({ id, text, at, seq, failed }): Line => ({
      kind: 'message', key: id, at, mine: true, name: '', text,
      state: failed !== undefined ? 'failed' : seq !== undefined ? 'sent' : 'waiting',
      ...(failed !== undefined ? { why: failed } : {}),
    }));
    return [...stored, ...waiting];
  }
}
