import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Router } from './router.svelte';

/** The window's address and its history, as far as the router sees them. */
class Bar {
  readonly stack = ['/chats'];
  readonly #heard = new Map<string, (event: object) => void>();

  constructor() {
    const at = () => new URL(this.stack.at(-1) ?? '', 'http://x');
    vi.stubGlobal('location', {
      get pathname() {
        return at().pathname;
      },
      get search() {
        return at().search;
      },
    });
    vi.stubGlobal('history', { pushState: (_: unknown, __: string, path: string) => this.stack.push(path) });
    vi.stubGlobal('addEventListener', (name: string, run: (event: object) => void) => this.#heard.set(name, run));
    vi.stubGlobal('removeEventListener', (name: string) => this.#heard.delete(name));
  }

  back(): void {
    this.stack.pop();
    this.#heard.get('popstate')?.({});
  }

  /** Whether the browser asks before it closes the page. */
  asksToClose(): boolean {
    const preventDefault = vi.fn();
    this.#heard.get('beforeunload')?.({ preventDefault });
    return preventDefault.mock.calls.length > 0;
  }
}

const GROUP = { section: 'groups', id: 'support' } as const;
let bar: Bar;
let router: Router;
let stop: () => void;

beforeEach(() => {
  bar = new Bar();
  router = new Router();
  stop = router.start();
  router.go({ settings: GROUP });
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

test('a chat that is opened leaves the settings', () => {
  router.go({ chat: 'abc' });
  expect([router.place, bar.stack.at(-1)]).toEqual([{ list: 'active', chat: 'abc', settings: null, left: null }, '/chats/abc']);
});

test('one who has not saved is asked, and may stay', () => {
  router.unsaved = () => true;
  router.go({ chat: 'abc' });
  const { place, asked } = router;
  expect([place.settings, asked?.chat, bar.stack.at(-1)]).toEqual([GROUP, 'abc', '/settings/groups/support']);
  expect(bar.asksToClose()).toBe(true);
  router.stay();
  expect([router.asked, router.place.settings]).toEqual([null, GROUP]);
});

test('one who leaves all the same comes where the way led', () => {
  router.unsaved = () => true;
  router.go({ chat: 'abc' });
  router.leave();
  expect([router.asked, router.place.chat, bar.stack.at(-1)]).toEqual([null, 'abc', '/chats/abc']);
});

test('the browser’s way back asks too, and the address stays right meanwhile', () => {
  router.unsaved = () => true;
  bar.back();
  expect([router.place.settings, bar.stack.at(-1)]).toEqual([GROUP, '/settings/groups/support']);
  router.unsaved = () => false;
  router.stay();
  bar.back();
  expect([router.place.settings, bar.stack.at(-1), bar.asksToClose()]).toEqual([null, '/chats', false]);
});
