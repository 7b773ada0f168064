/** The address bar: which list and chat, or which settings. What is not saved is asked about before one leaves. */

/** The lists of the chats screen. */
export type ListId = 'active' | 'waiting' | 'ended' | 'all';
const LISTS: readonly ListId[] = ['active', 'waiting', 'ended', 'all'];

/** The parts of the settings. */
export type SectionId = 'company' | 'operators' | 'presence' | 'groups' | 'departments' | 'brands' | 'profiles';
const SECTIONS: readonly SectionId[] = [
  'company',
  'operators',
  'presence',
  'groups',
  'departments',
  'brands',
  'profiles',
];

/** A part of the settings, or one thing in it. */
export interface SettingsPlace {
  section: SectionId;
  id: string | null;
}

/** Where we are; beside the settings no chat is open. */
export interface Place {
  list: ListId;
  chat: string | null;
  settings: SettingsPlace | null;
  /** The messages that visitors left, and the one that is open. */
  left?: { id: string | null } | null;
}

const BEGINNING: Place = { list: 'active', chat: null, settings: null };

/** Reads an address of ours; others are the chats screen. */
export function placeOf(path: string, search: string): Place {
  const [, section, id] = /^\/settings(?:\/([a-z]+)(?:\/([A-Za-z0-9_-]{1,64}))?)?\/?$/.exec(path) ?? [];
  if (path.startsWith('/settings'))
    return { ...BEGINNING, settings: { section: SECTIONS.find((one) => one === section) ?? 'groups', id: id ?? null } };
  const left = /^\/messages(?:\/([A-Za-z0-9]{1,64}))?\/?$/.exec(path);
  if (left) return { ...BEGINNING, left: { id: left[1] ?? null } };
  const list = new URLSearchParams(search).get('list') as ListId | null;
  const chat = /^\/chats\/([A-Za-z0-9_-]{1,64})\/?$/.exec(path)?.[1] ?? null;
  return { list: list !== null && LISTS.includes(list) ? list : 'active', chat, settings: null };
}

/** The address of a place. */
export function addressOf({ list, chat, settings, left }: Place): string {
  if (left) return left.id === null ? '/messages' : `/messages/${left.id}`;
  if (settings) return `/settings/${settings.section}${settings.id === null ? '' : `/${settings.id}`}`;
  return (chat === null ? '/chats' : `/chats/${chat}`) + (list === 'active' ? '' : `?list=${list}`);
}

export class Router {
  place = $state.raw<Place>(BEGINNING);
  /** Where somebody wants to go although something here is not saved. */
  asked = $state.raw<Place | null>(null);
  /** Whether something here would be lost; set by the screen that holds it. */
  unsaved: () => boolean = () => false;
  /** Told whenever the place is another one. */
  onMove: ((place: Place) => void) | null = null;

  start(): () => void {
    const read = (): void => this.#enter(placeOf(location.pathname, location.search));
    const back = (): void => {
      const place = placeOf(location.pathname, location.search);
      if (!this.#mayLeave(place)) history.pushState(null, '', addressOf(this.place));
      else this.#enter(place);
    };
    // The browser asks by itself when the page is closed.
    const close = (event: BeforeUnloadEvent): void => {
      if (this.unsaved()) event.preventDefault();
    };
    addEventListener('popstate', back);
    addEventListener('beforeunload', close);
    read();
    return () => {
      removeEventListener('popstate', back);
      removeEventListener('beforeunload', close);
    };
  }

  /** Goes there; out of the settings and the messages where the change does not name them. */
  go(change: Partial<Place>): void {
    const place = { ...this.place, settings: null, left: null, ...change };
    if (this.#mayLeave(place)) this.#go(place);
  }

  /** The answer: leave, and lose what is not saved. */
  leave(): void {
    const place = this.asked;
    this.asked = null;
    if (place) this.#go(place);
  }

  /** The answer: stay. */
  stay(): void {
    this.asked = null;
  }

  #mayLeave(place: Place): boolean {
    if (addressOf(place) === addressOf(this.place) || !this.unsaved()) return true;
    this.asked = place;
    return false;
  }

  #go(place: Place): void {
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
    this.place = BEGINNING;
    this.asked = null;
  }

  #enter(place: Place): void {
    this.place = place;
    this.onMove?.(place);
  }
}
