// What the loader on the page and the window in its iframe say to each other. Both check origin and source.

import type { Availability } from '@switchboard/protocol';

/** The page the widget is on. */
export interface PageInfo {
  url: string;
  title: string;
  referrer?: string;
}

/** From the loader. */
export type ToWindow =
  /** The first one; `seen` and `focus` as below. */
  | { switchboard: 'attach'; page: PageInfo; seen: boolean; focus: boolean }
  | { switchboard: 'page'; page: PageInfo }
  /** Whether the window is open; `focus` when a person asked for it, so that it may take the focus of the page. */
  | { switchboard: 'seen'; seen: boolean; focus: boolean }
  | { switchboard: 'logout' };

/** From the window. */
export type ToPage =
  /** Listens from now on. Says nothing else, since nobody is known yet. */
  | { switchboard: 'ready' }
  | { switchboard: 'minimise' }
  /** What the launcher shows. */
  | { switchboard: 'status'; unread: number; running: boolean; state: Availability | null; color: string | null }
  | { switchboard: 'logged_out' };

/** The message, if it is one of ours. */
export function readMessage<T extends ToWindow | ToPage>(data: unknown): T | null {
  const ours = data !== null && typeof data === 'object' && typeof (data as T).switchboard === 'string';
  return ours ? (data as T) : null;
}
