/** Groups, operators and who belongs where, as the server tells them. */
import type { Handling, StaffRole } from '@switchboard/protocol';
import type { Http } from '../http';

/** How a chat finds its operator: assigned at once, or rung at one at a time. */
export type OfferMode = 'automatic' | 'single';

export interface Group {
  id: string;
  department: string;
  name: string;
  offer_mode: OfferMode;
  offer_expires_after_s: number;
  connection_timeout_s: number;
}

export interface Operator {
  id: string;
  email: string;
  name: string;
  role: StaffRole;
  /** Chats at once; none is unlimited, 0 gets none. */
  limit: number | null;
  disabled: boolean;
}

export interface Membership {
  group: string;
  operator: string;
  handling: Handling;
  limit: number | null;
  active: boolean;
}

export interface Department {
  id: string;
  name: string;
  place: number;
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
};
export const MODES = Object.keys(MODE_WORDS) as OfferMode[];

/** A limit as it is written: empty is no limit. */
export function limitText(limit: number | null): string {
  return limit === null ? '' : String(limit);
}

/** A limit in a list. */
export function limitWords(limit: number | null): string {
  if (limit === null) return 'No limit';
  return limit === 0 ? '0, gets none' : String(limit);
}
