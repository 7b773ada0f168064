/** Who could be asked to take a chat over or to come in, and what is said of them. */
import type { Handling, Status } from '@switchboard/protocol';
import type { Http } from './http';
import { allOf } from './settings/staff';
import { STATUS_WORDS } from './state/presence.svelte';
import { plural } from './words';

/** A member of groups, as the server tells of them. */
export interface Colleague {
  id: string;
  name: string;
  status: Status;
  held: number;
  limit: number | null;
  /** Where they receive now, with the slots that are free for a chat there; none is no limit. */
  groups: readonly { id: string; free: number | null; handling: Handling }[];
}

/** Whom to ask: a line of the list. */
export interface Askable {
  id: string;
  name: string;
  /** The mark in front of the words: free, nobody free now, or not there. */
  mark: Status;
  say: string;
  /** May be asked now. */
  can: boolean;
}

export function loadColleagues(http: Http): Promise<Colleague[]> {
  return allOf<Colleague>(http, '/colleagues');
}

/** Those who can be asked first, then by name. */
export function operatorsToAsk(all: readonly Colleague[], group: string): Askable[] {
  return inOrder(
    all.map((one) => {
      const { id, name, status } = one;
      if (status !== 'online') return { id, name, mark: status, say: STATUS_WORDS[status].label.toLowerCase(), can: false };
      // The slot counts for the chat's own group where they are in it.
      const place = one.groups.find((each) => each.id === group) ?? one.groups[0];
      if (!place) return { id, name, mark: 'away', say: 'receives in no group', can: false };
      const { free } = place;
      if (free === 0) return { id, name, mark: 'busy', say: `no free slot, ${plural(one.held, 'chat')}`, can: false };
      const room = free === null ? 'free' : `${free} free`;
      const say = one.held > 0 ? `${room}, ${plural(one.held, 'chat')}` : room;
      return { id, name, mark: 'online', say, can: true };
    }),
  );
}

/** Groups can be asked where somebody receives: it rings when one of them is free. */
export function groupsToAsk(
  all: readonly Colleague[],
  groups: readonly { id: string; name: string }[],
  waiting: (group: string) => number | undefined,
): Askable[] {
  return inOrder(
    groups.map(({ id, name }) => {
      const there = all.filter((one) => one.status === 'online');
      const places = there.flatMap((one) => one.groups.filter((each) => each.id === id));
      const rung = places.filter((place) => place.handling !== 'pull');
      const free = rung.filter((place) => place.free !== 0).length;
      const wait = waiting(id) ?? 0;
      const queue = wait > 0 ? `, ${wait} waiting` : '';
      if (places.length === 0) return { id, name, mark: 'offline', say: 'nobody receives', can: false };
      if (rung.length === 0) return { id, name, mark: 'away', say: 'takes chats by hand: ask somebody by name', can: false };
      if (free === 0) return { id, name, mark: 'busy', say: `nobody free${queue}`, can: true };
      return { id, name, mark: 'online', say: `${free} free${queue}`, can: true };
    }),
  );
}

/**
 * A brand can be asked while somebody receives: it rings in the group that a new chat of it would enter, one of those that
 * `enters` names, the chosen department's.
 */
export function brandsToAsk(
  all: readonly Colleague[],
  brands: readonly { id: string; name: string }[],
  enters: (group: string) => boolean,
): Askable[] {
  const entered = all.map((one) => ({ ...one, groups: one.groups.filter(({ id }) => enters(id)) }));
  const there = entered.filter((one) => one.status === 'online' && one.groups.length > 0);
  const rung = there.filter((one) => one.groups.some((place) => place.handling !== 'pull'));
  const hasRoom = (one: Colleague) => one.groups.some((place) => place.handling !== 'pull' && place.free !== 0);
  const free = rung.filter(hasRoom).length;
  return inOrder(
    brands.map(({ id, name }) => {
      if (there.length === 0) return { id, name, mark: 'offline', say: 'nobody receives', can: false };
      if (rung.length === 0) return { id, name, mark: 'away', say: 'takes chats by hand: ask somebody by name', can: false };
      if (free === 0) return { id, name, mark: 'busy', say: 'nobody free', can: true };
      return { id, name, mark: 'online', say: `${free} free`, can: true };
    }),
  );
}

/** What fits to what was typed: each of its words stands in the name. */
export function matching(all: readonly Askable[], typed: string): Askable[] {
  const words = typed.trim().toLowerCase().split(/\s+/);
  return all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}

function inOrder(all: readonly Askable[]): Askable[] {
  return [...all].sort((a, b) => Number(b.can) - Number(a.can) || a.name.localeCompare(b.name));
}
