// The window: a document in an iframe on somebody's page, or by itself when a plain link opens it.

import { leaseHolder, lockHolder, shelfOf, type Shelf } from '@switchboard/protocol';
import { readMessage, type ToPage, type ToWindow } from '../bridge';
import { App } from './app';
import { Client } from './client';
import { readGiven, readPage } from './given';
import { readLink } from './linked';
import { pageShelf } from './pageshelf';
import { ring } from './sound';
import { storageOf } from './view/screen';

const embedded = window.parent !== window;
/** The page's origin, learnt from its first message; which pages may embed this one is said by `frame-ancestors`. */
let page: string | null = null;
let open = !embedded;
let told = '';

const brand = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
/** The browser keeps nothing for a page within another: then the page does. */
const homeless = embedded && storageOf(() => localStorage) === null;
let client!: Client;
let app: App | undefined;
if (!homeless) begin(shelfOf(() => localStorage));

function begin(shelf: Shelf): void {
  client = new Client({
    brand,
    url: `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/ws/visitor`,
    shelf,
    // Web Locks exist only in secure contexts, and where something may be kept.
    holder: navigator.locks && !homeless ? lockHolder(navigator.locks) : leaseHolder(shelf),
    language: navigator.language,
    onChange: () => changed(),
    onMessage: () => {
      if (!visible()) ring(storageOf(() => localStorage));
    },
  });
  app = new App({ client, root: document.body, minimise: embedded ? () => tell({ switchboard: 'minimise' }) : null });
}

function visible(): boolean {
  return open && document.visibilityState === 'visible';
}

function changed(): void {
  app?.changed();
  if (page === null) return;
  const { chat } = client;
  const running = Boolean(client.starting || (chat && chat.phase !== 'ended'));
  const status: ToPage = {
    switchboard: 'status', unread: chat?.unread ?? 0, running, state: client.availability, color: client.window?.color ?? null,
  };
  const text = JSON.stringify(status);
  if (text !== told) tell(status);
  told = text;
}

function tell(message: ToPage): void {
  if (page !== null) window.parent.postMessage(message, page);
}

function seenIs(now: boolean, focus: boolean): void {
  open = now;
  app?.seen(open, focus);
  client.seen(visible());
}

addEventListener('message', (event: MessageEvent) => {
  if (!embedded || event.source !== window.parent) return;
  if (page !== null && event.origin !== page) return;
  const message = readMessage<ToWindow>(event.data);
  if (!message) return;
  if (message.switchboard === 'attach' && page === null) {
    page = event.origin;
    if (homeless) begin(pageShelf(message.kept, tell));
    client.givenIs(readGiven(message.given));
    void client.open(readPage(message.page));
    seenIs(message.seen, message.focus);
  }
  if (page === null) return;
  if (message.switchboard === 'page') client.pageIs(readPage(message.page));
  if (message.switchboard === 'given') client.givenIs(readGiven(message.given));
  if (message.switchboard === 'seen') seenIs(message.seen, message.focus);
  if (message.switchboard === 'logout') {
    client.logout();
    app?.forgetDrafts();
    tell({ switchboard: 'logged_out' });
  }
});

document.addEventListener('visibilitychange', () => {
  if (app) client.seen(visible());
});

// Other tabs of the same visitor: read there is read here, and signed out there is signed out here.
addEventListener('storage', (event) => {
  if (!app) return;
  if (event.key === client.memory.key('read')) client.readElsewhere();
  if (event.newValue !== null) return;
  // How the window looks is forgotten only together with everything else.
  if (event.key === client.memory.key('look')) client.forgottenElsewhere();
  if (event.key === client.memory.key('token') || event.key === client.memory.key('verified')) client.tokenGone();
});

if (embedded) {
  window.parent.postMessage({ switchboard: 'ready' } satisfies ToPage, '*');
} else {
  const link = readLink(location.search);
  client.givenIs(link.given);
  void client.open(link.page);
  seenIs(true, true);
}
