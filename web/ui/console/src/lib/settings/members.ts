/** Memberships as a form holds them: one key for each, seen from the group or from the operator. */
import type { Handling } from '@switchboard/protocol';
import type { Http } from '../http';
import type { Step } from './editor.svelte';
import type { Form, Values } from './form.svelte';
import { allOf, limitText, type Membership } from './staff';

/** A membership as it is written; null in the form is "no member". */
export interface Member {
  handling: Handling;
  limit: string;
  /** Receives chats of the group now. */
  active: boolean;
}

/** Chats that an operator or a membership may be allowed at once; the server takes no more. */
export const LIMIT_MAX = 10_000;

const MARK = 'member:';
export const memberKey = (id: string): string => MARK + id;

/** From which side memberships are looked at; `id` is whose they are. */
export interface Side {
  of: 'group' | 'operator';
  id: string;
}

/** The members there are in a form's values, by the id of the other side. */
export function membersOf(values: Values): [string, Member][] {
  return Object.entries(values).flatMap(([key, value]): [string, Member][] =>
    key.startsWith(MARK) && value ? [[key.slice(MARK.length), value as Member]] : [],
  );
}

/** Versions of what was loaded, by key: what is written is written over these only. */
export type Versions = Map<string, number | undefined>;

export async function loadMembers(http: Http, { of, id }: Side, versions: Versions): Promise<Values> {
  const all = await allOf<Membership>(http, '/memberships', { [of]: id });
  const other = of === 'group' ? 'operator' : 'group';
  for (const one of all) versions.set(memberKey(one[other]), one.version);
  return Object.fromEntries(
    all.map((one) => [
      memberKey(one[other]),
      { handling: one.handling, limit: limitText(one.limit), active: one.active } satisfies Member,
    ]),
  );
}

export function checkMembers(values: Values): Record<string, string> {
  const wrong = membersOf(values).flatMap(([id, { limit }]) => {
    const words = limitWrong(limit);
    return words === null ? [] : [[memberKey(id), words]];
  });
  return Object.fromEntries(wrong) as Record<string, string>;
}

/** What is wrong with a limit as it is written; null when it is right. */
export function limitWrong(text: string): string | null {
  return text.trim() === '' || whole(text, 0, LIMIT_MAX) !== null
    ? null
    : `Expected a whole number from 0 to ${LIMIT_MAX}, or nothing`;
}

/** A limit as it is sent. */
export function limitValue(text: string): number | null {
  return whole(text, 0, LIMIT_MAX);
}

/** The whole number of that range; null when it is none. */
export function whole(text: string, least: number, most: number): number | null {
  const number = /^\d{1,9}$/.test(text.trim()) ? Number(text) : null;
  return number !== null && number >= least && number <= most ? number : null;
}

/** The requests that make the changed memberships true. */
export function memberSteps(http: Http, { of, id }: Side, form: Form, versions: Versions): Step[] {
  return form.changed
    .filter((key) => key.startsWith(MARK))
    .map((key): Step => {
      const other = key.slice(MARK.length);
      const [group, operator] = of === 'group' ? [id, other] : [other, id];
      const [before, after] = [form.saved[key], form.values[key]] as [Member | null | undefined, Member | null];
      const path = `/memberships/${group}/${operator}`;
      return {
        keys: [key],
        run: () => {
          if (!after) return http.remove(path, versions.get(key));
          if (!before) return http.post('/memberships', { group, operator, ...sent(after) });
          // Whether they receive is theirs to change as well: only what was changed here is sent.
          const changed = Object.entries(sent(after)).filter(([part]) => {
            const [was, is] = [before[part as keyof Member], after[part as keyof Member]];
            return was !== is;
          });
          return http.patch(path, Object.fromEntries(changed), versions.get(key));
        },
      };
    });
}

function sent({ handling, limit, active }: Member): { handling: Handling; limit: number | null; active: boolean } {
  return { handling, limit: limitValue(limit), active };
}
