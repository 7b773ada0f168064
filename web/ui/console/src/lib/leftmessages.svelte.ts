/** The messages that visitors left: a list in pages, how many are new, and how far people are with each. */
import { type LeftMessageRow, type LeftState, newId } from '@switchboard/protocol';
import { type Http, Problem } from './http';
import type { Link } from './state/link.svelte';

interface LeftPage {
  items: LeftMessageRow[];
  next?: string | null;
  new: number;
}

export class LeftMessages {
  /** How many are new. */
  fresh = $state(0);
  rows = $state.raw<readonly LeftMessageRow[]>([]);
  state = $state<'idle' | 'loading' | 'there' | 'failed'>('idle');
  problem = $state('');
  filter = $state<LeftState | 'all'>('all');
  department = $state<string | null>(null);
  /** The one that is open, where it is not in the list. */
  other = $state.raw<LeftMessageRow | null>(null);
  missing = $state<string | null>(null);
  /** The one whose state is being changed. */
  busy = $state<string | null>(null);
  more = $state(false);
  #next: string | null = null;
  #asked = 0;
  #shown = false;

  constructor(private readonly http: Http) {}

  /** A new connection: from now on it tells when something changes. */
  connected(link: Link): void {
    link.subscribe({ type: 'subscribe', id: newId(), topic: 'left_messages' });
  }

  /** The server says that something has changed. */
  told(fresh: number): void {
    this.fresh = fresh;
    if (this.#shown) void this.reload();
  }

  /** The screen is in view, or not. */
  look(id: string | null | undefined): void {
    const shown = id !== undefined;
    if (shown && !this.#shown) {
      this.#shown = true;
      void this.reload();
    }
    this.#shown = shown;
    if (id) void this.#open(id);
  }

  show(filter: LeftState | 'all', department: string | null): void {
    this.filter = filter;
    this.department = department;
    this.rows = [];
    void this.reload();
  }

  get(id: string | null): LeftMessageRow | undefined {
    if (id === null) return undefined;
    return this.rows.find((row) => row.id === id) ?? (this.other?.id === id ? this.other : undefined);
  }

  /** From the beginning; what is shown stays until the answer is here. */
  async reload(): Promise<void> {
    await this.#fetch(undefined, (page) => page.items);
  }

  async loadMore(): Promise<void> {
    if (this.state === 'loading' || this.#next === null) return;
    await this.#fetch(this.#next, (page) => {
      const known = new Set(this.rows.map((row) => row.id));
      return [...this.rows, ...page.items.filter((row) => !known.has(row.id))];
    });
  }

  /** Says how far one is with a message; throws what went wrong. */
  async set(id: string, state: LeftState): Promise<void> {
    this.busy = id;
    try {
      const row = await this.http.patch<LeftMessageRow>(`/left_messages/${id}`, { state });
      this.#put(row);
    } finally {
      this.busy = null;
    }
  }

  clear(): void {
    this.#asked++;
    this.rows = [];
    this.other = this.missing = this.busy = null;
    this.#next = null;
    this.more = this.#shown = false;
    this.state = 'idle';
    this.fresh = 0;
    this.filter = 'all';
    this.department = null;
  }

  /** It stays in its place, so that nobody loses it out of sight, until the list is read anew. */
  #put(row: LeftMessageRow): void {
    this.rows = this.rows.map((known) => (known.id === row.id ? row : known));
    if (this.other?.id === row.id || !this.rows.some((known) => known.id === row.id)) this.other = row;
  }

  async #open(id: string): Promise<void> {
    this.missing = null;
    if (this.get(id)) {
      this.other = this.get(id) ?? null;
      return;
    }
    try {
      this.other = await this.http.get<LeftMessageRow>(`/left_messages/${id}`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.missing = id;
      else this.problem = error instanceof Error ? error.message : '';
    }
  }

  async #fetch(cursor: string | undefined, rows: (page: LeftPage) => readonly LeftMessageRow[]): Promise<void> {
    const asked = ++this.#asked;
    this.state = 'loading';
    try {
      const page = await this.http.get<LeftPage>('/left_messages', {
        limit: 50,
        cursor,
        state: this.filter === 'all' ? undefined : this.filter,
        department: this.department ?? undefined,
      });
      if (asked !== this.#asked) return;
      this.rows = rows(page);
      this.fresh = page.new;
      this.#next = page.next ?? null;
      this.more = this.#next !== null;
      this.state = 'there';
    } catch (error) {
      if (asked !== this.#asked) return;
      this.problem = error instanceof Problem ? error.code : '';
      this.state = 'failed';
    }
  }
}
