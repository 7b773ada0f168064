// Commands that must not be lost: kept until the server has settled each, sent in order, and sent again under the
// same id for as long as it is not known whether they took effect.
//
// Several tabs may share one sender. Each tab keeps its entries under a key of its own, holds that key's name for as
// long as it lives, and settles only its own entries. A tab that opens takes over the entries under every key whose
// name nobody holds: it writes them under its own key first and then removes the other, so that a crash in between
// leaves them twice, never not at all, and the same ids make the second time harmless.

import { Backoff } from './backoff';
import { newId } from './ids';
import type { Holder, Shelf } from './shelf';
import { memoryShelf } from './shelf';
import type { AckFrame, ErrorFrame, EventFrame } from './types';

/** The contract's largest frame; a larger one would be refused without its id, and stay in the outbox for ever. */
const FRAME_BYTES_MAX = 64 * 1024;
/** Entries unless told otherwise: less than the burst of commands that the server takes from one visitor. */
const ENTRIES_MAX = 50;
/** The shortest wait before a failed command is sent again. */
const RETRY_MIN = 100;

/** What every command bears. */
export interface Command {
  type: string;
  id: string;
  chat?: string;
}

/** A command that waits to be settled. */
export interface Entry<C extends Command> {
  readonly command: C;
  /** What it belongs to, for the caller; it is not sent. */
  readonly scope: string;
  /** When it was added, milliseconds since 1970. */
  readonly at: number;
}

export interface OutboxOptions<C extends Command> {
  /** Hands a command to the connection; false when there is none. */
  send: (command: C) => boolean;
  /** Whether it may be sent as things are; what may not waits, and holds up no other. All may, unless told. */
  fits?: (entry: Entry<C>) => boolean;
  /** What it belongs to once it was sent, for the caller; the same as before, unless told. */
  binds?: (entry: Entry<C>) => string;
  /** What blocks each other on the server; commands of one chat, unless told. */
  lane?: (command: C) => string;
  /** Whether what a closed tab left behind is still worth sending; all of it is, unless told. */
  adopts?: (entry: Entry<C>) => boolean;
  /** Stored durably. `by` has `seq` and `chat` where an event was made. */
  onSettled?: (entry: Entry<C>, by: AckFrame | EventFrame<unknown>) => void;
  /** Refused for good; the entry is gone, the others go on. */
  onFailed?: (entry: Entry<C>, error: ErrorFrame) => void;
  /** Not possible now; it is sent again after a while. */
  onHeld?: (entry: Entry<C>, error: ErrorFrame) => void;
  /** The list of entries is another one. */
  onChange?: () => void;
  /** Memory unless given: then nothing survives the page and nothing is shared. */
  shelf?: Shelf;
  /** Knows which tabs are still there; needed to take over what closed tabs left behind. */
  holder?: Holder;
  /** Begins the keys in the shelf: one for each sender. */
  key?: string;
  limit?: number;
  /** The longest wait, in milliseconds, before a failed command is sent again, where the server names none. */
  retryMax?: number;
  random?: () => number;
}

interface Slot<C extends Command> {
  /** Another one when it is bound to something else. */
  entry: Entry<C>;
  /** Handed to the connection, and not answered. */
  sent: boolean;
}

/** Commands of one chat block each other, as on the server; those without a chat are a lane of their own. */
interface Lane {
  backoff: Backoff;
  timer: ReturnType<typeof setTimeout> | null;
}

export class Outbox<C extends Command> {
  #slots: Slot<C>[] = [];
  #connected = false;
  readonly #lanes = new Map<string, Lane>();
  readonly #options: OutboxOptions<C>;
  readonly #shelf: Shelf;
  readonly #prefix: string;
  readonly #ownKey: string;
  #release: (() => void) | null = null;

  constructor(options: OutboxOptions<C>) {
    this.#options = options;
    this.#shelf = options.shelf ?? memoryShelf();
    this.#prefix = `${options.key ?? 'outbox'}.`;
    this.#ownKey = this.#prefix + newId();
  }

  /** What is not settled yet, in the order of sending. */
  get entries(): readonly Entry<C>[] {
    return this.#slots.map((slot) => slot.entry);
  }

  /** Takes over what closed tabs left behind; call it before connecting, and again after each reconnect. */
  async claim(): Promise<void> {
    const { holder } = this.#options;
    if (!holder) return;
    this.#release ??= holder.hold(this.#ownKey);
    for (const key of this.#shelf.keys(this.#prefix)) {
      if (key !== this.#ownKey) await holder.claim(key, () => this.#adopt(key)).catch(() => {});
    }
    this.#pump();
  }

  /** Keeps the command and sends it as soon as possible. */
  add(command: C, scope = ''): 'queued' | 'full' | 'too_large' {
    if (this.#slots.length >= (this.#options.limit ?? ENTRIES_MAX)) return 'full';
    if (new TextEncoder().encode(JSON.stringify(command)).length > FRAME_BYTES_MAX) return 'too_large';
    this.#slots.push({ entry: { command, scope, at: Date.now() }, sent: false });
    this.#changed();
    this.#pump();
    return 'queued';
  }

  /** The server has said `welcome`: everything unsettled is sent again, in order, under the same ids. */
  connected(): void {
    this.#connected = true;
    this.#free();
    this.#pump();
  }

  disconnected(): void {
    this.#connected = false;
    this.#free();
  }

  /** Takes an answer; true when it was for an entry here. */
  handle(frame: { type: string }): boolean {
    if (frame.type === 'ack') return this.#settle((frame as AckFrame).id, frame as AckFrame);
    if (frame.type === 'event') {
      const event = frame as EventFrame<unknown>;
      return event.command !== undefined && this.#settle(event.command, event);
    }
    if (frame.type === 'error') return this.#fail(frame as ErrorFrame);
    return false;
  }

  /** Drops the entries that are of no use any more, and returns them. */
  retain(keep: (entry: Entry<C>) => boolean): Entry<C>[] {
    const dropped = this.#slots.filter((slot) => !keep(slot.entry));
    if (dropped.length > 0) {
      this.#slots = this.#slots.filter((slot) => !dropped.includes(slot));
      this.#changed();
    }
    return dropped.map((slot) => slot.entry);
  }

  /** Stops; what is kept in the shelf is for the next one to claim. */
  close(): void {
    this.disconnected();
    this.#release?.();
    this.#release = null;
  }

  #settle(id: string, by: AckFrame | EventFrame<unknown>): boolean {
    const slot = this.#take(id);
    if (!slot) return false;
    this.#lanes.get(this.#lane(slot))?.backoff.reset();
    this.#changed();
    this.#options.onSettled?.(slot.entry, by);
    return true;
  }

  #fail(error: ErrorFrame): boolean {
    const index = this.#slots.findIndex((slot) => slot.entry.command.id === error.id);
    const slot = this.#slots[index];
    if (!slot) return false;
    if (!blocks(error)) {
      this.#take(slot.entry.command.id);
      this.#changed();
      this.#options.onFailed?.(slot.entry, error);
    } else if (slot.sent) {
      this.#hold(index, error.retry_after_ms);
      this.#options.onHeld?.(slot.entry, error);
    } // else it is the echo of the failure of an earlier one, and waits with that
    return true;
  }

  /** From this entry on its lane waits; then the failed one is sent again first and the later ones in order. */
  #hold(index: number, retryAfter: number | undefined): void {
    const name = this.#lane(this.#slots[index]!);
    for (const slot of this.#slots.slice(index)) {
      if (this.#lane(slot) === name) slot.sent = false;
    }
    const { random, retryMax } = this.#options;
    const lane = this.#lanes.get(name) ?? { backoff: new Backoff(random, undefined, retryMax), timer: null };
    this.#lanes.set(name, lane);
    if (lane.timer !== null) clearTimeout(lane.timer);
    const wait = Math.max(RETRY_MIN, retryAfter ?? lane.backoff.next());
    lane.timer = setTimeout(() => {
      lane.timer = null;
      this.#pump();
    }, wait);
  }

  #pump(): void {
    if (!this.#connected) return;
    for (const slot of [...this.#slots]) {
      if (slot.sent || this.#lanes.get(this.#lane(slot))?.timer != null) continue;
      if (this.#options.fits?.(slot.entry) === false) continue;
      if (!this.#options.send(slot.entry.command)) return;
      slot.sent = true;
      this.#bind(slot);
    }
  }

  #bind(slot: Slot<C>): void {
    const scope = this.#options.binds?.(slot.entry) ?? slot.entry.scope;
    if (scope === slot.entry.scope) return;
    slot.entry = { ...slot.entry, scope };
    this.#changed();
  }

  #free(): void {
    for (const slot of this.#slots) slot.sent = false;
    for (const lane of this.#lanes.values()) if (lane.timer !== null) clearTimeout(lane.timer);
    this.#lanes.clear();
  }

  #lane({ entry: { command } }: Slot<C>): string {
    return this.#options.lane?.(command) ?? command.chat ?? '';
  }

  #take(id: string): Slot<C> | undefined {
    const index = this.#slots.findIndex((slot) => slot.entry.command.id === id);
    return index < 0 ? undefined : this.#slots.splice(index, 1)[0];
  }

  #adopt(key: string): void {
    const mine = new Set(this.#slots.map((slot) => slot.entry.command.id));
    const isNew = (entry: Entry<C>): boolean => !mine.has(entry.command.id) && this.#options.adopts?.(entry) !== false;
    const left = read<C>(this.#shelf.read(key)).filter(isNew);
    if (left.length > 0) {
      this.#slots.unshift(...left.map((entry) => ({ entry, sent: false })));
      this.#changed();
    }
    this.#shelf.remove(key);
  }

  #changed(): void {
    if (this.#slots.length === 0) this.#shelf.remove(this.#ownKey);
    else this.#shelf.write(this.#ownKey, JSON.stringify(this.entries));
    this.#options.onChange?.();
  }
}

/** Whether the same id is to be sent again; all other errors are final. */
function blocks(error: ErrorFrame): boolean {
  return error.code === 'rate_limited' || error.code === 'unavailable' || (error.code === 'internal' && !error.final);
}

function read<C extends Command>(text: string | null): Entry<C>[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    const isEntry = (entry: any): boolean => typeof entry?.command?.id === 'string' && typeof entry.scope === 'string';
    return Array.isArray(list) ? list.filter(isEntry) : [];
  } catch {
    return [];
  }
}
