/** How many wait in one's own groups, and how long the first of them has: hints, the newest wins. */
import type { MyGroup } from '@switchboard/protocol';

interface Waiting {
  name: string;
  waiting: number;
  /** Since when the first one waits, milliseconds since 1970. */
  since: number | null;
}

export class Queue {
  #groups = $state.raw<ReadonlyMap<string, Waiting>>(new Map());

  readonly waiting = $derived([...this.#groups.values()].reduce((sum, group) => sum + group.waiting, 0));
  /** The group whose first visitor has waited longest. */
  readonly longest = $derived(
    [...this.#groups.values()].reduce<{ name: string; since: number } | null>(
      (worst, { name, since }) => (since !== null && (!worst || since < worst.since) ? { name, since } : worst),
      null,
    ),
  );

  /** One's groups, as `welcome` tells them; how long the first waits is not known yet. */
  replace(groups: readonly MyGroup[]): void {
    this.#groups = new Map(groups.map(({ id, name, waiting }) => [id, { name, waiting, since: null }]));
  }

  /** How many wait there; none where it is no group of one's own. */
  waitingIn(group: string): number | undefined {
    return this.#groups.get(group)?.waiting;
  }

  hint(group: string, waiting: number, longestSeconds: number, now: number): void {
    const known = this.#groups.get(group);
    if (!known) return;
    const since = waiting > 0 ? now - longestSeconds * 1000 : null;
    this.#groups = new Map(this.#groups).set(group, { ...known, waiting, since });
  }
}
