/** One group's settings: what its form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor } from './editor.svelte';
import type { Values } from './form.svelte';
import { checkMembers, loadMembers, memberSteps, type Side, whole } from './members';
import type { Group } from './staff';

/** Shortest and longest time an offer may ring, in seconds. */
export const OFFER_S = { least: 5, most: 600 } as const;
/** Shortest and longest time a visitor may be left waiting, in seconds. */
export const WAIT_S = { least: 10, most: 86_400 } as const;
/** Characters of a name; the server takes no more. */
export const NAME_MAX = 100;

const OWN = ['name', 'department', 'offer_mode', 'offer_expires_after_s', 'connection_timeout_s'] as const;

export function groupEditor(http: Http, id: string): Editor {
  const side: Side = { of: 'group', id };
  return new Editor({
    load: async () => {
      const [group, members] = await Promise.all([http.get<Group>(`/groups/${id}`), loadMembers(http, side)]);
      const { name, department, offer_mode, offer_expires_after_s, connection_timeout_s } = group;
      const times = {
        offer_expires_after_s: String(offer_expires_after_s),
        connection_timeout_s: String(connection_timeout_s),
      };
      return { name, department, offer_mode, ...times, ...members };
    },
    check: (values) => ({ ...checkGroup(values), ...checkMembers(values) }),
    steps: (form) => {
      const keys = OWN.filter((key) => form.changed.includes(key));
      const body = Object.fromEntries(keys.map((key) => [key, sent(key, form.values[key])]));
      const own = keys.length > 0 ? [{ keys, run: () => http.patch(`/groups/${id}`, body) }] : [];
      return [...own, ...memberSteps(http, side, form)];
    },
  });
}

function checkGroup(values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (String(values['name']).trim() === '') wrong['name'] = 'A group needs a name';
  for (const [key, { least, most }] of [
    ['offer_expires_after_s', OFFER_S],
    ['connection_timeout_s', WAIT_S],
  ] as const)
    if (whole(String(values[key]), least, most) === null) wrong[key] = `A number from ${least} to ${most} seconds`;
  return wrong;
}

function sent(key: (typeof OWN)[number], value: unknown): unknown {
  return key.endsWith('_s') ? Number(value) : typeof value === 'string' ? value.trim() : value;
}

/** The id that a new group may have by its name: `Support, level 1` is `support-level-1`. */
export function idFor(name: string): string {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');
}
