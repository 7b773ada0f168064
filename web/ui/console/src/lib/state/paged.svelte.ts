/** A list of chats that comes in pages over HTTP, and grows only when somebody asks for more. */
import type { ChatRow } from '@switchboard/protocol';
import { Problem } from '../http';

/** One page. */
export interface Page {
  items: ChatRow[];
  next?: string | null;
}

/** Rows of one page. */
export const PAGE = 50;

export class PagedChats {
  rows = $state.raw<readonly ChatRow[]>([]);
  state = $state<'idle' | 'loading' | 'there' | 'failed' | 'forbidden'>('idle');
  problem = $state('');
  /** Chats that belong on top and were not there when the list was loaded. */
  fresh = $state(0);
  #next = $state<string | null>(null);
  #asked = 0;
  readonly #load: (cursor: string | undefined) => Promise<Page>;

  constructor(load: (cursor: string | undefined) => Promise<Page>) {
    this.#load = load;
  }

  get more(): boolean {
    return this.#next !== null;
  }

  /** From the beginning; what is shown stays until the answer is here. */
  async reload(): Promise<void> {
    this.fresh = 0;
    await this.#fetch(undefined, (page) => page.items);
  }

  /** The next page, behind what is here. */
  async loadMore(): Promise<void> {
    if (this.state === 'loading' || this.#next === null) return;
    await this.#fetch(this.#next, (page) => {
      const known = new Set(this.rows.map((row) => row.id));
      return [...this.rows, ...page.items.filter((row) => !known.has(row.id))];
    });
  }

  /** A row has changed; where it is in the list it changes in its place. */
  update(row: ChatRow): boolean {
    if (!this.rows.some((known) => known.id === row.id)) return false;
    this.rows = this.rows.map((known) => (known.id === row.id && row.seq >= known.seq ? row : known));
    return true;
  }

  clear(): void {
    this.#asked++;
    this.rows = [];
    this.state = 'idle';
    this.fresh = 0;
    this.#next = null;
  }

  async #fetch(cursor: string | undefined, rows: (page: Page) => readonly ChatRow[]): Promise<void> {
    const asked = ++this.#asked;
    this.state = 'loading';
    try {
      const page = await this.#load(cursor);
      if (asked !== this.#asked) return;
      this.rows = rows(page);
      this.#next = page.next ?? null;
      this.state = 'there';
    } catch (error) {
      if (asked !== this.#asked) return;
      this.state = error instanceof Problem && error.code === 'forbidden' ? 'forbidden' : 'failed';
      this.problem = error instanceof Problem ? error.code : 'internal';
    }
  }
}
