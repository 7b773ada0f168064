/** How many chats those who are shown hold now: of a group by operator, of an operator by group; live. */
import { type ChatFilter, newId, type OperatorNotice } from '@switchboard/protocol';
import type { Link } from '../state/link.svelte';
import type { Side } from './members';

type Rows = Extract<OperatorNotice, { type: 'rows' }>;

/** Chats that are counted; the most that the server gives of a list. */
const COUNTED_MAX = 200;

export class Loads {
  /** By the id of the other side; none while it is not known, or too many to count. */
  held = $state.raw<ReadonlyMap<string, number> | null>(null);
  #side: Side | null = null;
  #link: Link | null = null;
  #subscription: string | null = null;

  /** There is a connection again: what was subscribed to before ended with the old one. */
  connected(link: Link): void {
    this.#link = link;
    this.#subscription = null;
    this.#subscribe();
  }

  /** Something else is looked at, or nothing. */
  look(side: Side | null): void {
    if (side?.of === this.#side?.of && side?.id === this.#side?.id) return;
    this.#side = side;
    this.held = null;
    this.#subscribe();
  }

  rows({ subscription, rows, total }: Rows): void {
    if (subscription !== this.#subscription || this.#side === null) return;
    const of = this.#side.of;
    const held = new Map<string, number>();
    for (const row of rows) {
      const other = of === 'group' ? row.owner?.id : row.group;
      if (other !== undefined) held.set(other, (held.get(other) ?? 0) + 1);
    }
    this.held = rows.length < total ? null : held;
  }

  clear(): void {
    this.#link = this.#side = this.#subscription = null;
    this.held = null;
  }

  #subscribe(): void {
    const link = this.#link;
    if (!link) return;
    if (this.#subscription !== null)
      link.subscribe({ type: 'unsubscribe', id: newId(), topic: 'chats', subscription: this.#subscription });
    this.#subscription = null;
    if (this.#side === null) return;
    const { of, id } = this.#side;
    const filter: ChatFilter = of === 'group' ? { state: 'active', group: id } : { state: 'active', operator: id };
    this.#subscription = newId();
    link.subscribe({
      type: 'subscribe',
      id: this.#subscription,
      topic: 'chats',
      filter,
      order: 'latest',
      window: { offset: 0, limit: COUNTED_MAX },
    });
  }
}
