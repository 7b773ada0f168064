// What the loader on the page and the window in its iframe say to each other. Both check origin and source.

import type { Availability } from '@switchboard/protocol';

/** The page the widget is on. */
export interface PageInfo {
  url: string;
  title: string;
  referrer?: string;
}

/** What the page says of its visitor; nobody has to believe it, unless it is signed. */
export interface Given {
  name?: string;
  email?: string;
  /** The id of the operator who is wanted. */
  operator?: string;
  /** The department that the form proposes. */
  department?: string;
  /** A language tag such as `pt-BR`; else it is the browser's. */
  language?: string;
  /** Texts, numbers, and true or false, by name. */
  variables?: Record<string, string | number | boolean>;
  /** Who the visitor is, signed by the site's own server: a JWT. This one has to be believed, if the brand has its key. */
  identity?: string;
}

/** What the page keeps for a window whose browser lets it keep nothing, by name. */
export type Kept = Record<string, string>;

/** From the loader. */
export type ToWindow =
  /** The first one; `seen` and `focus` as below, `kept` what the page was given to keep. */
  | { switchboard: 'attach'; page: PageInfo; given: Given; seen: boolean; focus: boolean; kept: Kept }
  /** The page says something else of its visitor now. */
  | { switchboard: 'given'; given: Given }
  | { switchboard: 'page'; page: PageInfo }
  /** Whether the window is open; `focus` when a person asked for it, so that it may take the focus of the page. */
  | { switchboard: 'seen'; seen: boolean; focus: boolean }
  | { switchboard: 'logout' };

/** From the window. */
export type ToPage =
  /** Listens from now on. Says nothing else, since nobody is known yet. */
  | { switchboard: 'ready' }
  /** To be kept over the next page, or forgotten. */
  | { switchboard: 'keep'; name: string; value: string | null }
  | { switchboard: 'minimise' }
  /** What the launcher shows. */
  | { switchboard: 'status'; unread: number; running: boolean; state: Availability | null; color: string | null }
  | { switchboard: 'logged_out' };

/** The message, if it is one of ours. */
export function readMessage<T extends ToWindow | ToPage>(data: unknown): T | null {
  const ours = data !== null && typeof data === 'object' && typeof (data as T).switchboard === 'string';
  return ours ? (data as T) : null;
}
