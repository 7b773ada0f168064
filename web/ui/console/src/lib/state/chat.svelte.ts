/** One chat: its row, its events in order, who types, and what we have sent that has not come back yet. */
import type { ChatRow, EventFrame, EventKind, MarkPair } from '@switchboard/protocol';
import { applied, fartherMarks, newerRow } from './rows';

/** An event as it is kept. */
export type ChatEvent = EventFrame<EventKind>;
/** A message event. */
export type MessageEvent = ChatEvent & { event: Extract<EventKind, { kind: 'message' }> };

/** A message of ours on its way. */
export interface Sent {
  id: string;
  text: string;
  at: number;
  /** Its number once it is stored; its event comes later. */
  seq?: number;
  /** Why it was refused for good. */
  refused?: string;
}

/** What the owner asks of colleagues. */
export interface Asked {
  kind: 'transfer' | 'invite';
  /** The one who is asked; none: any member of the group. */
  to: string | undefined;
  group: string;
}

/** What the visitor is writing. */
export interface Typing {
  preview: string | undefined;
  /** When to believe it no more, milliseconds since 1970. */
  until: number;
}

/** A hint that somebody types may be lost, and so may the hint that they stopped. */
const TYPING_LASTS = 10_000;

export class Chat {
  readonly id: string;
  row = $state.raw() as ChatRow;
  /** In the order of their numbers, each once. */
  events = $state.raw<readonly ChatEvent[]>([]);
  typing = $state.raw<Typing | null>(null);
  /** Stored, but not yet among the events; or refused. */
  sent = $state.raw<readonly Sent[]>([]);
  /** Colleagues who were invited and are here. */
  guests = $state.raw<readonly { id: string; name: string; group: string }[]>([]);
  /** What the owner asks of colleagues now: to take it over, or to come in. */
  asked = $state.raw<Asked | null>(null);
  history = $state<'none' | 'loading' | 'there' | 'failed' | 'forbidden'>('none');
  /** What to quote when the history did not load. */
  problem = $state('');

  readonly name = $derived(this.row.visitor.name?.trim() || (this.row.number ? `Guest ${this.row.number}` : 'Guest'));
  readonly lastMessage = $derived(lastWhere(this.events, isMessage));
  readonly unread = $derived(this.#countUnread());
  /** When something last happened that a person did. */
  readonly activeAt = $derived(Date.parse(this.lastMessage?.at ?? this.row.assigned_at ?? this.row.queued_at));
  /** Whose it is by the events so far; unknown where they do not tell. */
  #owner: string | undefined;
  readonly #started = $derived(this.#startedWith());
  readonly page = $derived(this.#started?.page);
  /** The visitor's language, as their page or browser says it. */
  readonly language = $derived(this.#started?.language);
  /** What the site has signed of the visitor. */
  readonly verified = $derived(Object.entries(this.#started?.verified ?? {}));
  /** What the page said of the visitor; nobody has vouched for it. What is signed stands in the place of it. */
  readonly variables = $derived(
    Object.entries(this.#started?.variables ?? {}).filter(([name]) => !Object.hasOwn(this.#started?.verified ?? {}, name)),
  );
  /** The operator who ended it; a row alone does not say who that was. */
  readonly endedBy = $derived(this.#endedBy());

  constructor(row: ChatRow) {
    this.id = row.id;
    this.row = row;
  }

  /** The number of the last event that is here. */
  get last(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** Takes an event that follows; one that is here already changes nothing. True when it was new. */
  add(frame: ChatEvent): boolean {
    if (frame.seq <= this.last) return false;
    this.events = [...this.events, frame];
    const isNews = frame.seq > this.row.seq;
    this.row = applied(this.row, frame);
    this.#company(frame.event, isNews);
    if (frame.event.kind === 'message' && frame.event.from.role === 'visitor') this.typing = null;
    if (frame.event.kind === 'visitor_away' || frame.event.kind === 'ended') this.typing = null;
    if (this.sent.some((sent) => arrived(sent, frame))) this.sent = this.sent.filter((sent) => !arrived(sent, frame));
    return true;
  }

  /** Whether that operator has a part in it while it runs. */
  has(operator: string): boolean {
    return (
      this.row.state === 'active' && (this.row.owner?.id === operator || this.guests.some(({ id }) => id === operator))
    );
  }

  /** Takes a row from the server. */
  update(row: ChatRow): void {
    this.row = newerRow(this.row, row);
  }

  /** A message of ours is stored; its event may be here already. */
  settled(sent: Sent): void {
    if (sent.seq !== undefined && sent.seq <= this.last) return;
    this.sent = [...this.sent.filter((known) => known.id !== sent.id), sent];
  }

  /** A refused message is taken away. */
  drop(id: string): void {
    this.sent = this.sent.filter((sent) => sent.id !== id);
  }

  visitorMarks(marks: Partial<MarkPair>): void {
    this.row = {
      ...this.row,
      visitor_marks: fartherMarks(this.row.visitor_marks, { delivered: 0, read: 0, ...marks }),
    };
  }

  myMarks(marks: Partial<MarkPair>): void {
    this.row = { ...this.row, my_marks: fartherMarks(this.row.my_marks, { delivered: 0, read: 0, ...marks }) };
  }

  visitorTypes(on: boolean, preview: string | undefined, now: number): void {
    this.typing = on ? { preview, until: now + TYPING_LASTS } : null;
  }

  /** `isNews`: the row does not tell of it; of what is older it tells what came of it since. */
  #company(event: EventKind, isNews: boolean): void {
    const without = (id: string) => this.guests.filter((guest) => guest.id !== id);
    switch (event.kind) {
      case 'transfer_asked':
      case 'invited': {
        const kind = event.kind === 'invited' ? 'invite' : 'transfer';
        this.asked = { kind, to: event.to?.name, group: event.group };
        return;
      }
      case 'joined':
        this.asked = null;
        this.guests = [...without(event.operator), { id: event.operator, name: event.name, group: event.group }];
        return;
      case 'left': {
        const [heir] = this.guests;
        const owner = this.#owner ?? (isNews ? this.row.owner?.id : undefined);
        if (event.operator !== owner || !heir) {
          this.guests = without(event.operator);
          return;
        }
        this.#owner = heir.id;
        if (isNews) this.row = { ...this.row, owner: { id: heir.id, name: heir.name }, group: heir.group };
        this.guests = without(heir.id);
        return;
      }
      case 'assigned':
      case 'transferred':
        this.#owner = event.operator;
        this.guests = without(event.operator);
        this.asked = null;
        return;
      case 'queued':
        this.#owner = undefined;
        this.guests = [];
        this.asked = null;
        return;
      case 'transfer_denied':
      case 'invite_denied':
      case 'ended':
        this.asked = null;
    }
  }

  #countUnread(): number {
    const read = this.row.my_marks.read;
    let count = 0;
    for (let at = this.events.length - 1; at >= 0; at--) {
      const frame = this.events[at];
      if (!frame || frame.seq <= read) break;
      if (frame.event.kind === 'message' && frame.event.from.role === 'visitor') count++;
    }
    return count;
  }

  #endedBy(): string | undefined {
    const last = this.row.state === 'ended' ? this.events.findLast(({ event }) => event.kind === 'ended') : undefined;
    return last?.event.kind === 'ended' ? last.event.operator : undefined;
  }

  #startedWith(): Extract<ChatEvent['event'], { kind: 'started' }> | undefined {
    for (const { event } of this.events) if (event.kind === 'started') return event;
    return undefined;
  }
}

export function isMessage(frame: ChatEvent): frame is MessageEvent {
  return frame.event.kind === 'message';
}

/** What an operator of a chat is called; nothing where only the id is known. */
export function operatorName(id: string | undefined, row: ChatRow, me: string): string | undefined {
  if (id === undefined) return undefined;
  return id === me ? 'You' : id === row.owner?.id ? row.owner.name : undefined;
}

function arrived(sent: Sent, frame: ChatEvent): boolean {
  return frame.command === sent.id || (sent.seq !== undefined && frame.seq >= sent.seq);
}

function lastWhere<T extends ChatEvent>(
  events: readonly ChatEvent[],
  is: (frame: ChatEvent) => frame is T,
): T | undefined {
  for (let at = events.length - 1; at >= 0; at--) {
    const frame = events[at];
    if (frame && is(frame)) return frame;
  }
  return undefined;
}
