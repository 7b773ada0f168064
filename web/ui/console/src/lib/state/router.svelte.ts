/** The address bar: which list, which chat. */

/** The lists of the chats screen. */
export type ListId = 'active' | 'waiting' | 'ended' | 'all';
const LISTS: readonly ListId[] = ['active', 'waiting', 'ended', 'all'];

/** Where we are. */
export interface Place {
  list: ListId;
  chat: string | null;
}

/** Reads an address of ours; others are the chats screen. */
export function placeOf(path: string, search: string): Place {
  const list = new URLSearchParams(search).get('list') as ListId | null;
  const chat = /^\/chats\/([A-Za-z0-9_-]{1,64})\/?$/.exec(path)?.[1] ?? null;
  return { list: list !== null && LISTS.includes(list) ? list : 'active', chat };
}

/** The address of a place. */
export function addressOf({ list, chat }: Place): string {
  return (chat === null ? '/chats' : `/chats/${chat}`) + (list === 'active' ? '' : `?list=${list}`);
}

export class Router {
  place = $state.raw<Place>({ list: 'active', chat: null });
  /** Told whenever the place is another one. */
  onMove: ((place: Place) => void) | null = null;

  start(): () => void {
    const read = (): void => this.#enter(placeOf(location.pathname, location.search));
    addEventListener('popstate', read);
    read();
    return () => removeEventListener('popstate', read);
  }

  go(change: Partial<Place>): void {
    const place = { ...this.place, ...change };
    const address = addressOf(place);
    if (address !== location.pathname + location.search) history.pushState(null, '', address);
    this.#enter(place);
  }

  /** Shows another address, and keeps the place for later. */
  hide(path: string): void {
    if (location.pathname !== path) history.replaceState(null, '', path);
  }

  /** The address is the place's again; nothing that "back" would stop at. */
  show(): void {
    const address = addressOf(this.place);
    if (address !== location.pathname + location.search) history.replaceState(null, '', address);
  }

  /** The place is where one begins. */
  forget(): void {
    this.place = { list: 'active', chat: null };
  }

  #enter(place: Place): void {
    this.place = place;
    this.onMove?.(place);
  }
}
