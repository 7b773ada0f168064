import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const SERVER = 'https://chat.example';

/** An element of a page, as far as the loader uses one. */
class FakeElement {
  hidden = false;
  className = '';
  src = '';
  onclick: (() => void) | null = null;
  children: unknown[] = [];
  adoptedStyleSheets: unknown[] = [];
  readonly attributes: Record<string, string> = {};
  readonly style = { setProperty: () => {} };
  /** What its window was told. */
  readonly told: { switchboard: string }[] = [];
  readonly contentWindow = { postMessage: (message: { switchboard: string }) => this.told.push(message) };

  constructor(private readonly page: Page, readonly tag: string) {}

  attachShadow(): FakeElement {
    return this;
  }
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  append(...children: unknown[]): void {
    this.children.push(...children);
    for (const one of children) if (one instanceof FakeElement && one.tag === 'iframe') this.page.frames.push(one);
  }
  replaceChildren(...children: unknown[]): void {
    this.children = children;
  }
  remove(): void {
    this.page.frames.splice(this.page.frames.indexOf(this), 1);
  }
  focus(): void {}
}

/** A page of the shop that bears the widget; the server may be away. */
class Page {
  serverIsThere = true;
  visibility = 'visible';
  asked = 0;
  /** The windows that stand on it. */
  readonly frames: FakeElement[] = [];
  readonly #made: FakeElement[] = [];
  #hear: (event: unknown) => void = () => {};

  constructor(kept: Record<string, string>) {
    const page = this;
    const make = (tag: string): FakeElement => {
      const element = new FakeElement(page, tag);
      page.#made.push(element);
      return element;
    };
    const storage = (map: Map<string, string>) => ({
      getItem: (key: string) => map.get(key) ?? null,
      setItem: (key: string, value: string) => map.set(key, value),
      removeItem: (key: string) => map.delete(key),
    });
    const globals = {
      window: {},
      document: {
        currentScript: { dataset: { brand: 'demo' }, src: `${SERVER}/widget.js` },
        createElement: make,
        createElementNS: (_: string, tag: string) => make(tag),
        body: make('body'),
        title: 'Shop',
        referrer: '',
        get visibilityState() { return page.visibility; },
      },
      location: { href: 'https://shop.example/' },
      CSSStyleSheet: class { replaceSync(): void {} },
      localStorage: storage(new Map(Object.entries(kept).map(([name, value]) => [`switchboard.demo.${name}`, value]))),
      sessionStorage: storage(new Map()),
      matchMedia: () => ({ matches: false }),
      visualViewport: null,
      addEventListener: (name: string, hear: (event: unknown) => void) => {
        if (name === 'message') page.#hear = hear;
      },
      fetch: async () => {
        page.asked++;
        if (!page.serverIsThere) throw new TypeError('failed');
        return { ok: true, json: async () => ({ state: 'online' }) };
      },
    };
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  }

  /** The script comes, from the server or from the browser's cache. */
  async loads(): Promise<void> {
    vi.resetModules();
    await import('../src/loader/loader');
  }

  /** The document in the iframe has come, and listens. */
  frameSays(message: object): void {
    const source = this.frames.at(-1)?.contentWindow;
    this.#hear({ source, origin: SERVER, data: message });
  }

  get launcher(): FakeElement {
    return this.#made.find(({ tag }) => tag === 'button')!;
  }

  get words(): string | undefined {
    return this.launcher.attributes['aria-label'];
  }
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

describe('the launcher', () => {
  it('brings no window to who has no chat', async () => {
    const page = new Page({});
    await page.loads();
    await seconds(120);
    expect([page.frames.length, page.words]).toEqual([0, 'Chat with us']);
    expect(page.asked).toBeLessThan(6);
  });

  it('brings the window of a chat that runs within the minute, though the server was away at first', async () => {
    const page = new Page({ running: '1' });
    page.serverIsThere = false;
    await page.loads();
    expect(page.frames).toHaveLength(1);
    await seconds(13);
    expect(page.frames, 'that one does not come').toHaveLength(0);
    page.serverIsThere = true;
    await seconds(10);
    expect(page.frames).toHaveLength(1);
    page.frameSays({ switchboard: 'ready' });
    expect(page.frames[0]?.told).toMatchObject([{ switchboard: 'attach', seen: false }]);
    expect(page.frames[0]?.hidden, 'nobody asked for it to be in view').toBe(true);
    const asked = page.asked;
    await seconds(120);
    expect([page.frames.length, page.asked], 'it stays, and nothing more is asked').toEqual([1, asked]);
  });

  it('brings it to a page that nobody looks at, too', async () => {
    const page = new Page({ running: '1' });
    page.serverIsThere = false;
    page.visibility = 'hidden';
    await page.loads();
    await seconds(13);
    page.serverIsThere = true;
    await seconds(10);
    expect(page.frames).toHaveLength(1);
  });

  it('says no more that there is no connection once the window has come by itself', async () => {
    const page = new Page({ running: '1' });
    page.serverIsThere = false;
    await page.loads();
    page.launcher.onclick?.();
    await seconds(13);
    expect(page.words).toBe('No connection, try again');
    page.serverIsThere = true;
    await seconds(10);
    page.frameSays({ switchboard: 'ready' });
    page.frameSays({ switchboard: 'status', unread: 2, running: true, state: 'online', color: null });
    expect(page.words).toBe('Chat with us 2 unread');
  });

  it('keeps for the window what its browser does not keep, for the next page', async () => {
    const page = new Page({ running: '1' });
    await page.loads();
    page.frameSays({ switchboard: 'ready' });
    expect(page.frames[0]?.told).toMatchObject([{ switchboard: 'attach', kept: {} }]);
    page.frameSays({ switchboard: 'keep', name: 'switchboard.demo.token', value: 'who she is' });
    page.frameSays({ switchboard: 'keep', name: 'switchboard.demo.name', value: 'Rosa' });
    page.frameSays({ switchboard: 'keep', name: 'switchboard.demo.name', value: null });
    const kept = localStorage.getItem('switchboard.demo.window');
    const next = new Page({ running: '1', window: kept ?? '' });
    await next.loads();
    next.frameSays({ switchboard: 'ready' });
    expect(next.frames[0]?.told).toMatchObject([{ kept: { 'switchboard.demo.token': 'who she is' } }]);
    expect(JSON.stringify(next.frames[0]?.told)).not.toContain('Rosa');
  });

  it('tries more and more seldom where the window never comes', async () => {
    const page = new Page({ running: '1' });
    await page.loads();
    let brought = 0;
    for (let second = 0, before = page.frames[0]; second < 600; second++) {
      await seconds(1);
      if (page.frames[0] && page.frames[0] !== before) brought++;
      before = page.frames[0] ?? before;
    }
    expect(brought).toBeGreaterThan(10);
    expect(brought, 'at first it is twice as often').toBeLessThan(25);
  });
});
