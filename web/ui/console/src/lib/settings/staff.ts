/** Groups, operators and who belongs where, as the server tells them. */
import type { Handling, StaffRole } from '@switchboard/protocol';
import type { Http } from '../http';

/** How a chat finds its operator: assigned at once, rung at one at a time, or at all who are free. */
export type OfferMode = 'automatic' | 'single' | 'ring_all';

/** Other groups that help after a while. */
export interface Overflow {
  after_s: number;
  groups: string[];
}

/** What a chat gets that finds no place in the queue. */
export type Instead = 'offline_form' | { group: string };

/** What becomes of the chats of an operator whose connection is lost for longer than the grace. */
export type LostOperator = 'keep' | 'requeue';

/** Minutes after midnight; 1440 is the end of the day. */
export interface Interval {
  from_minute: number;
  to_minute: number;
}

/** When a group is open, by the clock on the wall, without a zone the account's; `week` is Monday to Sunday. */
export interface Hours {
  zone: string | null;
  week: Interval[][];
  holidays: { date: string; open: Interval[] }[];
}

/** What a group sets of routing beyond how it rings. */
export interface Rules {
  overflow: Overflow | null;
  queue_length_max: number | null;
  queue_wait_max_s: number | null;
  when_full: Instead;
  skill_relaxed_every_s: number | null;
  last_operator_days: number;
  last_operator_waits_s: number;
  wanted_operator_waits_s: number;
  expired_offers_until_away: number | null;
  lost_operator: LostOperator;
  priority: number;
  service_level_within_s: number;
  hours: Hours | null;
  greeting: string | null;
  greeting_after_s: number;
  queue_text: string | null;
}

/** A thing that several people may change; each change makes another version of it. */
export interface Versioned {
  version?: number;
}

/** A thing that chats may depend on: it is removed when none does any more. */
export interface Removable {
  /** It is being removed: it takes nothing new. */
  closing?: boolean;
}

export interface Group extends Partial<Rules>, Versioned, Removable {
  id: string;
  department: string;
  name: string;
  offer_mode: OfferMode;
  offer_expires_after_s: number;
  connection_timeout_s: number;
}

/** What an operator can, by name, with a level from 1 to 10. */
export type Skills = Record<string, number>;

export interface Operator extends Versioned, Removable {
  id: string;
  email: string;
  name: string;
  role: StaffRole;
  /** Chats at once; none is unlimited, 0 gets none. */
  limit: number | null;
  disabled: boolean;
  skills?: Skills;
}

export interface Membership extends Versioned {
  group: string;
  operator: string;
  handling: Handling;
  limit: number | null;
  active: boolean;
}

/** A website, and how urgent its chats are. */
export interface Brand extends Versioned {
  id: string;
  name: string;
  /** The websites whose pages may bear the widget, beside the server's own. */
  origins?: string[];
  /** Steps by which its chats are moved ahead. */
  priority?: number;
  /** Variables of its pages that count though nobody has signed them. */
  trusted_variables?: string[];
  /** Steps that a value of a variable gives. */
  variable_priorities?: { variable: string; value: string; steps: number }[];
}

export interface Department extends Versioned {
  id: string;
  name: string;
  place: number;
  /** What an operator must be able to, the most important first. */
  skills?: { skill: string; level: number }[];
  /** The operator must speak the visitor's language. */
  match_language?: boolean;
  /** Steps by which its chats are moved ahead. */
  priority?: number;
}

/** Items of one request; the most the server gives. */
const PAGE = 200;

/** The whole of a list that comes in pages. */
export async function allOf<T>(http: Http, path: string, query: Record<string, string> = {}): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const asked = { ...query, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const page = await http.get<{ items: T[]; next?: string | null }>(path, asked);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}

/** What each role is called and may do. */
export const ROLE_WORDS: Record<StaffRole, { label: string; hint: string }> = {
  administrator: { label: 'Administrator', hint: 'Sets everything up, and all that a manager may.' },
  manager: { label: 'Manager', hint: 'Reads every chat, ends chats of others, and all that an operator may.' },
  operator: { label: 'Operator', hint: 'Answers chats of the own groups and reads these.' },
};
export const ROLES = Object.keys(ROLE_WORDS) as StaffRole[];

/** What each handling is called and means. */
export const HANDLING_WORDS: Record<Handling, { label: string; hint: string }> = {
  primary: { label: 'Primary', hint: 'gets chats first' },
  secondary: { label: 'Secondary', hint: 'only when no primary member may be offered the chat' },
  pull: { label: 'Pull', hint: 'is never rung, takes chats from the queue' },
};
export const HANDLINGS = Object.keys(HANDLING_WORDS) as Handling[];

/** What each offer mode is called and means. */
export const MODE_WORDS: Record<OfferMode, { label: string; hint: string }> = {
  automatic: { label: 'Automatic', hint: 'Assigned at once to the freest operator.' },
  single: { label: 'Single', hint: 'Rung at one operator at a time.' },
  ring_all: { label: 'Ring-all', hint: 'Rung at all who are free, the first to accept has it.' },
};
export const MODES = Object.keys(MODE_WORDS) as OfferMode[];

/** What becomes of the chats of a lost operator, in words. */
export const LOST_WORDS: Record<LostOperator, { label: string; hint: string }> = {
  keep: { label: 'Chats stay theirs', hint: 'The visitor waits for them to come back. Colleagues may take the chat.' },
  requeue: {
    label: 'Chats wait again',
    hint: 'After the wait that Presence sets their chats are at the front of the queue.',
  },
};
export const LOSTS = Object.keys(LOST_WORDS) as LostOperator[];

/** A limit as it is written: empty is no limit. */
export function limitText(limit: number | null): string {
  return limit === null ? '' : String(limit);
}

/** A limit in a list. */
export function limitWords(limit: number | null): string {
  if (limit === null) return 'No limit';
  return limit === 0 ? '0, gets none' : String(limit);
}

/** What becomes of the chats of an operator who may not work any more. */
export type HeldChats = 'requeue' | 'end';
export const HELD_CHOICES: readonly { id: HeldChats; label: string; hint: string }[] = [
  { id: 'requeue', label: 'Their chats wait again', hint: 'At the front of the queue, for the next free colleague.' },
  { id: 'end', label: 'Their chats end', hint: 'The visitors are told.' },
];
