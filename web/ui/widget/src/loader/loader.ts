// What a page loads: the launcher, and nothing else until somebody asks for the chat or a chat runs.
//
// <script async src="https://HOST/widget.js" data-brand="KEY"></script>
//
// What the page knows of its visitor it says by `data-…` at the script, by `switchboardSettings` before it, or by
// `Switchboard.set` later.

import { readMessage, type Given, type Kept, type PageInfo, type ToPage, type ToWindow } from '../bridge';
import { LOOK } from './look';

type State = 'online' | 'busy' | 'offline';
interface Switchboard {
  open(): void;
  close(): void;
  logout(): void;
  /** Says more of the visitor, or something else; what is not named stays. */
  set(given: Given): void;
}

/** How often the state is asked for while the launcher is all there is, and how often the page's address is looked at. */
const STATUS_EVERY = 30_000;
const PAGE_EVERY = 1_000;
/** The same at first while a chat runs whose window is not here: its visitor counts as gone after a minute. */
const MISSED_EVERY = 5_000;
/** A window that has said nothing for this long is not coming. */
const READY_WITHIN = 12_000;
const PHONE = '(max-width:479px)';
const WORDS = { online: 'Chat with us', busy: 'All busy, short wait', offline: 'We are off-line' };
const SHAPES = {
  online: 'M12 3a9 9 0 1 1-4.3 16.9L3 21l1.1-4.7A9 9 0 0 1 12 3z',
  busy: 'M12 7v5l3.5 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
};

const script = document.currentScript as HTMLScriptElement | null;
const brand = script?.dataset['brand'];
const host = window as Window & { Switchboard?: Switchboard; switchboardSettings?: Given };
if (script && brand && !host.Switchboard) host.Switchboard = widget(new URL(script.src).origin, brand, script.dataset);

function widget(server: string, key: string, data: DOMStringMap): Switchboard {
  const kept = (name: string): string => `switchboard.${key}.${name}`;
  const element = document.createElement('div');
  // The page's own rules reach this one element; nothing of theirs is stronger than this.
  element.style.setProperty('all', 'initial', 'important');
  element.style.setProperty('color-scheme', 'light dark', 'important');
  const root = element.attachShadow({ mode: 'open' });
  const style = new CSSStyleSheet();
  style.replaceSync(LOOK);
  root.adoptedStyleSheets = [style];
  const button = document.createElement('button');
  button.hidden = true;
  button.onclick = () => open();
  root.append(button);

  let state: State | null = null;
  let unread = 0;
  /** Whoever has a chat is not told how busy it is for others. */
  let running = Boolean(recall(localStorage_, 'running'));
  let opened = false;
  let asked = false;
  let waiting = false;
  let failed = false;
  let frame: HTMLIFrameElement | null = null;
  let ready = false;
  let leaving = false;
  let late: ReturnType<typeof setTimeout> | undefined;
  /** So often a window has not come; where it never comes, it is tried more seldom. */
  let misses = 0;
  let address = '';
  let ownTitle = '';
  const { brand: _key, color, variables, ...rest } = data;
  let given = plain({ ...rest, variables: variablesOf(variables), ...host.switchboardSettings });

  paint(color ?? recall(localStorage_, 'color'));
  attach();
  void ask();
  // A chat that runs is there on the next page too, with its messages and, where it was open, its window.
  if (recall(sessionStorage_, 'open') && !matchMedia(PHONE).matches) open(false);
  else if (running) load();
  addEventListener('message', hear);
  visualViewport?.addEventListener('resize', fit);
  visualViewport?.addEventListener('scroll', fit);

  function attach(): void {
    if (document.body) document.body.append(element);
    else addEventListener('DOMContentLoaded', attach, { once: true });
  }

  async function ask(): Promise<void> {
    if (ready) return;
    const missed = running && !frame;
    if (missed || document.visibilityState === 'visible') {
      try {
        const answer = await fetch(`${server}/api/v1/status?brand=${encodeURIComponent(key)}`, { credentials: 'omit' });
        if (answer.ok && !ready) state = ((await answer.json()) as { state: State }).state;
        // The window did not come at first. The server is there now, and the visitor is to be there for their chat.
        if (answer.ok && missed) load();
      } catch {} // asked again later; a launcher that is there stays
      draw();
    }
    const every = running && !ready ? Math.min(STATUS_EVERY, MISSED_EVERY * (misses || 1)) : STATUS_EVERY;
    setTimeout(() => void ask(), every * (1 + Math.random() / 4));
  }

  /** A window that is only restored on the next page must not take the focus from it. */
  function open(person = true): void {
    if (opened) return;
    opened = true;
    asked = person;
    failed = false;
    load();
    if (ready) show();
    else draw();
  }

  function close(): void {
    if (!opened) return;
    opened = false;
    remember(sessionStorage_, 'open', '');
    if (frame) frame.hidden = true;
    send({ switchboard: 'seen', seen: false, focus: false });
    draw();
    button.focus();
  }

  function logout(): void {
    close();
    running = false;
    remember(localStorage_, 'running', '');
    leaving = true;
    given = {};
    load();
    send({ switchboard: 'given', given });
    send({ switchboard: 'logout' });
  }

  function set(more: Given): void {
    given = plain({ ...given, ...more });
    send({ switchboard: 'given', given });
  }

  function load(): void {
    if (frame) return;
    frame = document.createElement('iframe');
    frame.hidden = true;
    frame.title = WORDS.online;
    frame.allow = 'autoplay; clipboard-write';
    frame.src = `${server}/window/${encodeURIComponent(key)}`;
    root.append(frame);
    waiting = true;
    late = setTimeout(() => {
      misses++;
      frame?.remove();
      frame = null;
      failed = opened;
      opened = waiting = false;
      draw();
    }, READY_WITHIN);
  }

  function show(): void {
    if (!frame) return;
    frame.hidden = false;
    remember(sessionStorage_, 'open', '1');
    draw();
    fit();
    if (asked) frame.focus();
    send({ switchboard: 'seen', seen: true, focus: asked });
  }

  function hear(event: MessageEvent): void {
    if (!frame || event.source !== frame.contentWindow || event.origin !== server) return;
    const message = readMessage<ToPage>(event.data);
    switch (message?.switchboard) {
      case 'ready':
        clearTimeout(late);
        waiting = failed = false;
        if (!ready) setInterval(look, PAGE_EVERY);
        ready = true;
        address = location.href;
        if (opened) show();
        send({ switchboard: 'attach', page: page(true), given, seen: opened, focus: asked, kept: shelf() });
        if (leaving) send({ switchboard: 'logout' });
        break;
      case 'status':
        unread = message.unread;
        state = message.state ?? state;
        running = message.running;
        remember(localStorage_, 'running', running ? '1' : '');
        if (message.color) {
          remember(localStorage_, 'color', message.color);
          paint(message.color);
        }
        draw();
        break;
      case 'keep':
        remember(localStorage_, 'window', JSON.stringify({ ...shelf(), [message.name]: message.value ?? undefined }));
        break;
      case 'minimise':
        close();
        break;
      case 'logged_out':
        leaving = false;
        break;
    }
  }

  function send(message: ToWindow): void {
    if (ready) frame?.contentWindow?.postMessage(message, server);
  }

  function page(first = false): PageInfo {
    const { referrer } = document;
    return { url: location.href, title: plainTitle(), ...(first && referrer ? { referrer } : {}) };
  }

  function look(): void {
    if (location.href === address) return;
    address = location.href;
    send({ switchboard: 'page', page: page() });
  }

  function draw(): void {
    button.hidden = (state === null && !failed && !unread) || (opened && !waiting);
    const now = running ? 'online' : (state ?? 'online');
    button.className = now;
    const words = failed ? 'No connection, try again' : opened && waiting ? 'Connecting…' : WORDS[now];
    button.setAttribute('aria-label', unread ? `${words} ${unread} unread` : words);
    button.setAttribute('aria-busy', String(opened && waiting));
    button.replaceChildren(shape(now === 'busy' ? SHAPES.busy : SHAPES.online), text('b', words));
    if (unread) button.append(' ', text('em', unread > 99 ? '99+' : String(unread)));
    const title = plainTitle();
    if (unread || ownTitle) document.title = ownTitle = unread ? `(${unread}) ${title}` : title;
    if (!unread) ownTitle = '';
  }

  /** The page's own title, without the count that was put before it; a title the page has set since is taken as it is. */
  function plainTitle(): string {
    return document.title === ownTitle ? ownTitle.replace(/^\(\d+\) /, '') : document.title;
  }

  function paint(color: string | null | undefined): void {
    const hex = /^#([0-9a-f]{6})$/i.exec(color ?? '')?.[1];
    if (!hex) return;
    const [r, g, b] = [0, 2, 4].map((i) => (parseInt(hex.slice(i, i + 2), 16) / 255) ** 2.2) as [number, number, number];
    element.style.setProperty('--c', `#${hex}`);
    // White needs a ground of at most this luminance for a contrast of 4.5.
    element.style.setProperty('--o', 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.183 ? '#000' : '#fff');
  }

  /** On a phone the window fills what the keyboard leaves free. */
  function fit(): void {
    const view = visualViewport;
    if (!frame || frame.hidden || !view) return;
    const phone = matchMedia(PHONE).matches;
    frame.style.setProperty('height', phone ? `${view.height}px` : '');
    frame.style.setProperty('top', phone ? `${view.offsetTop}px` : '');
  }

  function remember(storage: () => Storage, name: string, value: string): void {
    try {
      if (value) storage().setItem(kept(name), value);
      else storage().removeItem(kept(name));
    } catch {} // forbidden: then the next page begins anew
  }

  /** What is kept for the window: a browser that blocks third parties keeps nothing for a page within another. */
  function shelf(): Kept {
    try {
      return JSON.parse(recall(localStorage_, 'window')!) ?? {};
    } catch {
      return {};
    }
  }

  function recall(storage: () => Storage, name: string): string | null {
    try {
      return storage().getItem(kept(name));
    } catch {
      return null;
    }
  }

  return { open: () => open(), close, logout, set };
}

/** Variables that stand at the script, as JSON. */
function variablesOf(json: string | undefined): unknown {
  try {
    return json && JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** As it can be sent to the window: what is no plain data is left out. */
function plain(given: object): Given {
  try {
    return JSON.parse(JSON.stringify(given)) as Given;
  } catch {
    return {};
  }
}

function localStorage_(): Storage {
  return localStorage;
}

function sessionStorage_(): Storage {
  return sessionStorage;
}

function text(tag: string, words: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = words;
  return element;
}

function shape(path: string): SVGElement {
  const make = (tag: string): SVGElement => document.createElementNS('http://www.w3.org/2000/svg', tag);
  const svg = make('svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  const line = make('path');
  line.setAttribute('d', path);
  svg.append(line);
  svg.setAttribute('aria-hidden', 'true');
  return svg;
}
