/** A list that keeps its places while somebody points at it or is in it: what is new waits, what went is marked. */

/** A line of such a list. */
export interface Line<T> {
  id: string;
  item: T;
  /** It is no longer in the list, and keeps its place until the list is let go. */
  gone: boolean;
}

export class HeldList<T extends { id: string }> {
  readonly #source: () => readonly T[];
  /** The order that is shown; while held, ids that are gone stay in it. */
  #order: string[] = [];
  #kept = new Map<string, T>();
  held = $state(false);
  #shown = $state(0);
  readonly #view = $derived.by(() => this.#arrange());

  constructor(source: () => readonly T[]) {
    this.#source = source;
  }

  get lines(): readonly Line<T>[] {
    return this.#view.lines;
  }

  /** How many new ones wait to be shown. */
  get waiting(): number {
    return this.#view.waiting;
  }

  /** Shows what waits and sorts anew, though the list is held. */
  show(): void {
    this.#order = [];
    this.#kept.clear();
    this.#shown++;
  }

  #arrange(): { lines: Line<T>[]; waiting: number } {
    void this.#shown;
    const items = this.#source();
    if (!this.held || this.#order.length === 0) {
      this.#order = items.map((item) => item.id);
      this.#kept = new Map(items.map((item) => [item.id, item]));
      return { lines: items.map((item) => ({ id: item.id, item, gone: false })), waiting: 0 };
    }
    const now = new Map(items.map((item) => [item.id, item]));
    const lines: Line<T>[] = [];
    for (const id of this.#order) {
      const item = now.get(id) ?? this.#kept.get(id);
      if (item) lines.push({ id, item, gone: !now.has(id) });
      if (item) this.#kept.set(id, item);
    }
    return { lines, waiting: items.filter((item) => !this.#kept.has(item.id)).length };
  }
}
