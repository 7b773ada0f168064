/** The lists beside one's own chats: who waits (live), what ended, and all (in pages). */
import type { ChatRow, OperatorNotice, Subscribe } from '@switchboard/protocol';
import { newId } from '@switchboard/protocol';
import type { Http } from './http';
import type { Link } from './state/link.svelte';
import { PAGE, PagedChats, type Page } from './state/paged.svelte';
import type { ListId } from './state/router.svelte';

type Rows = Extract<OperatorNotice, { type: 'rows' }>;

/** Rows of the waiting list while nobody looks at it: enough for "take next". */
const WAITING_BEHIND = 10;
/** Rows of a live list that is looked at; the most the server gives. */
const LIVE_MAX = 200;

export class ChatLists {
  waiting = $state.raw<readonly ChatRow[]>([]);
  /** All that wait, beyond what is shown too; none until the server has told. */
  waitingTotal = $state<number | null>(null);
  readonly ended: PagedChats;
  readonly all: PagedChats;
  #waitingId: string | null = null;
  #allId: string | null = null;
  #looking: ListId = 'active';
  #link: Link | null = null;

  constructor(http: Http, me: () => string) {
    const page = (state: 'ended' | undefined, operator: () => string | undefined) => (cursor: string | undefined) =>
      http.get<Page>('/chats', { state, operator: operator(), limit: PAGE, cursor });
    this.ended = new PagedChats(page('ended', me));
    this.all = new PagedChats(page(undefined, () => undefined));
  }

  /** There is a connection again: lists begin anew, for subscriptions end with their socket. */
  connected(link: Link): void {
    this.#link = link;
    this.#waitingId = this.#allId = null;
    this.#subscribe();
    if (this.#looking === 'ended') void this.ended.reload();
    if (this.#looking === 'all') void this.all.reload();
  }

  disconnected(): void {
    this.#link = null;
    this.#waitingId = this.#allId = null;
  }

  /** Another list is looked at. */
  look(list: ListId): void {
    if (list === this.#looking) return;
    this.#looking = list;
    if (list === 'ended') void this.ended.reload();
    if (list === 'all') void this.all.reload();
    this.#subscribe();
  }

  /** Takes the rows of a live list, each for its list. True when they are all that wait. */
  rows(frame: Rows): boolean {
    if (frame.subscription === this.#waitingId) {
      this.waiting = frame.rows;
      this.waitingTotal = frame.total;
      return frame.rows.length >= frame.total;
    } else if (frame.subscription === this.#allId) {
      for (const row of frame.rows) if (!this.all.update(row) && this.all.state === 'there') this.#count(row);
    }
    return false;
  }

  /** A chat of ours ended. */
  chatEnded(row: ChatRow): void {
    if (this.ended.state === 'there' && !this.ended.update(row)) this.ended.fresh++;
  }

  clear(): void {
    this.disconnected();
    this.waiting = [];
    this.waitingTotal = null;
    this.ended.clear();
    this.all.clear();
    this.#fresh.clear();
  }

  readonly #fresh = new Set<string>();

  #count(row: ChatRow): void {
    const newest = this.all.rows[0];
    if (newest && row.started_at <= newest.started_at) return;
    if (this.all.fresh === 0) this.#fresh.clear();
    this.#fresh.add(row.id);
    this.all.fresh = this.#fresh.size;
  }

  #subscribe(): void {
    const link = this.#link;
    if (!link) return;
    const limit = this.#looking === 'waiting' ? LIVE_MAX : WAITING_BEHIND;
    this.#waitingId = replace(link, this.#waitingId, {
      filter: { state: 'waiting' },
      order: 'longest_waiting',
      window: { offset: 0, limit },
    });
    if (this.#looking === 'all') {
      this.#allId ??= replace(link, null, { order: 'latest', window: { offset: 0, limit: PAGE } });
    } else if (this.#allId !== null) {
      link.subscribe({ type: 'unsubscribe', id: newId(), topic: 'chats', subscription: this.#allId });
      this.#allId = null;
    }
  }
}

/** Subscribes to a list of chats, and ends the subscription that it takes the place of. */
function replace(link: Link, old: string | null, wanted: Omit<Subscribe, 'id' | 'topic'>): string {
  const id = newId();
  link.subscribe({ type: 'subscribe', id, topic: 'chats', ...wanted });
  if (old !== null) link.subscribe({ type: 'unsubscribe', id: newId(), topic: 'chats', subscription: old });
  return id;
}
