/** One group's settings: what its form holds, and how that is saved. */
import type { Http } from '../http';
import { Editor, patchSteps } from './editor.svelte';
import type { Values } from './form.svelte';
import { checkMembers, loadMembers, memberSteps, type Side, type Versions, whole } from './members';
import { checkRules, RULE_KEYS, type RuleKey, ruleSent, ruleValues } from './rules';
import type { Group } from './staff';

/** Shortest and longest time an offer may ring, in seconds. */
export const OFFER_S = { least: 5, most: 600 } as const;
/** Shortest and longest time a visitor may be left waiting, in seconds. */
export const WAIT_S = { least: 10, most: 86_400 } as const;
/** Characters of a name; the server takes no more. */
export const NAME_MAX = 100;

const OWN = [
  'name',
  'department',
  'offer_mode',
  'offer_expires_after_s',
  'connection_timeout_s',
  ...RULE_KEYS,
] as const;

/** The group's own version among those of its members. */
const GROUP = '';

export function groupEditor(http: Http, id: string): Editor {
  const side: Side = { of: 'group', id };
  const versions: Versions = new Map();
  return new Editor({
    load: async () => {
      const [group, members] = await Promise.all([http.get<Group>(`/groups/${id}`), loadMembers(http, side, versions)]);
      const { name, department, offer_mode, offer_expires_after_s, connection_timeout_s } = group;
      const times = {
        offer_expires_after_s: String(offer_expires_after_s),
        connection_timeout_s: String(connection_timeout_s),
      };
      versions.set(GROUP, group.version);
      return { name, department, offer_mode, ...times, ...ruleValues(group), ...members };
    },
    check: (values) => ({ ...checkGroup(values), ...checkRules(values, id), ...checkMembers(values) }),
    steps: (form) => [
      ...patchSteps(http, `/groups/${id}`, form, OWN, (key) => sent(key, form.values), versions.get(GROUP)),
      ...memberSteps(http, side, form, versions),
    ],
  });
}

function checkGroup(values: Values): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (String(values['name']).trim() === '') wrong['name'] = 'A group needs a name';
  for (const [key, { least, most }] of [
    ['offer_expires_after_s', OFFER_S],
    ['connection_timeout_s', WAIT_S],
  ] as const)
    if (whole(String(values[key]), least, most) === null) wrong[key] = `Expected ${least} to ${most} seconds`;
  return wrong;
}

function isRule(key: string): key is RuleKey {
  return (RULE_KEYS as readonly string[]).includes(key);
}

function sent(key: string, values: Values): unknown {
  if (isRule(key)) return ruleSent(values, key);
  const value = values[key];
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
