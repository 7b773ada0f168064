// Chooses the screen for the state, and puts head, bar and screen together.

import type { Client } from './client';
import { palette } from './color';
import { hiddenOf, settledDepartment } from './form';
import { localeOf } from './people';
import { translator, type Translate } from './texts';
import { h } from '../dom';
import { connectionBar } from './view/bar';
import { chatScreen, type ChatScreen } from './view/chat';
import { header } from './view/header';
import { offlineScreen } from './view/offline';
import { connectingScreen, endedScreen } from './view/plain';
import { queueScreen } from './view/queue';
import { Drafts, storageOf, type Context, type Screen } from './view/screen';
import { hasDraft, welcomeScreen } from './view/welcome';

type Name = 'connecting' | 'welcome' | 'offline' | 'queue' | 'chat' | 'ended';

export interface AppOptions {
  client: Client;
  root: HTMLElement;
  minimise: (() => void) | null;
}

export class App {
  #name: Name | null = null;
  #screen: Screen | null = null;
  #reviewed: string | null = null;
  #settings = '';
  #chatNow = false;
  #context!: Context;
  #head!: ReturnType<typeof header>;
  #bar!: ReturnType<typeof connectionBar>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seen = false;
  readonly #stage = h('main.stage');
  readonly #options: AppOptions;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#dress();
    this.#render();
    addEventListener('keydown', (event) => {
      // Escape belongs first to an input method and to an open list.
      if (event.key === 'Escape' && !event.isComposing && !(event.target instanceof HTMLSelectElement)) options.minimise?.();
    });
  }

  /** Something has changed; what came in one go is drawn once. */
  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#render();
    }, 0);
  }

  /** The window was opened or closed; it takes the focus only where a person opened it. */
  seen(seen: boolean, focus: boolean): void {
    this.#seen = seen;
    if (!seen) return;
    this.#render();
    if (focus) this.#screen?.focus();
  }

  forgetDrafts(): void {
    this.#context.drafts.forget();
  }

  /** Texts, colours and language as the brand wants them. */
  #dress(): void {
    const { client, root, minimise } = this.#options;
    const settings = client.window;
    const t: Translate = translator(settings?.texts);
    const language = localeOf(settings?.language ?? 'en', navigator.languages);
    const review = (on: boolean): void => {
      this.#reviewed = on ? (client.chat?.id ?? null) : null;
      this.#render();
    };
    const app = this;
    this.#context = {
      client, t, language, review, chatNow: () => ((this.#chatNow = true), this.#render()), drafts: new Drafts(storageOf(() => sessionStorage), client.memory.brand),
      get reviewing() { return app.#reviewed !== null && app.#reviewed === client.chat?.id; },
    };
    const { documentElement: page } = document;
    for (const [name, value] of Object.entries(palette(client.look.color))) page.style.setProperty(name, value);
    if (client.look.name) document.title = t('window.title', { brand: client.look.name });
    if (settings) page.lang = settings.language;
    this.#head = header(this.#context, { minimise, askEnd: () => (this.#screen as ChatScreen).askEnd() });
    this.#bar = connectionBar(this.#context);
    this.#screen?.leave?.();
    this.#screen = this.#name = null;
    this.#stage.replaceChildren(this.#bar.element);
    root.replaceChildren(this.#head.element, this.#stage);
  }

  #render(): void {
    const settings = JSON.stringify([this.#options.client.window, null].map((all) => all && { ...all, departments: 0 }));
    if (settings !== this.#settings) {
      this.#settings = settings;
      this.#dress();
    }
    this.#startAtOnce();
    const name = this.#choose();
    if (name !== this.#name) this.#enter(name);
    this.#head.update();
    this.#bar.update();
    this.#screen?.update();
  }

  #choose(): Name {
    const { client } = this.#options;
    if (!client.window) return 'connecting';
    if (client.starting) return 'queue';
    if (client.leaving || client.left) return 'offline';
    if (client.chat && !client.dismissed) {
      // What was said before stays in view while somebody else is looked for.
      if (client.chat.phase === 'waiting') return client.chat.served ? 'chat' : 'queue';
      if (client.chat.phase === 'ended' && client.catchingUp && !client.chat.ended) return 'connecting';
      if (client.chat.phase === 'active' || this.#context.reviewing) return 'chat';
      return client.chat?.isForForm ? 'offline' : 'ended';
    }
    if (client.availability === 'offline') {
      this.#chatNow = false;
      return 'offline';
    }
    // Who is writing a message when somebody comes goes on, and may chat instead: the form says so.
    const writing = this.#name === 'offline' && hasDraft(this.#context) && !this.#chatNow;
    return writing ? 'offline' : 'welcome';
  }

  /** Without a welcome screen and without a choice there is nothing to ask. */
  #startAtOnce(): void {
    const { client } = this.#options;
    const { window: settings } = client;
    const free = !client.starting && (!client.chat || client.dismissed) && !client.startError;
    if (!settings || settings.welcome.on) return;
    const department = settledDepartment(client.given, settings.departments);
    if (department === undefined || !this.#seen || !free) return;
    if (client.availability === 'offline' || client.connection.kind !== 'connected') return;
    client.start({ ...hiddenOf(client.given, settings.welcome), ...(department === null ? {} : { department }) });
  }

  #enter(name: Name): void {
    const screens: Record<Name, (context: Context) => Screen> = {
      connecting: connectingScreen, welcome: welcomeScreen, offline: offlineScreen, queue: queueScreen,
      chat: chatScreen, ended: endedScreen,
    };
    this.#screen?.leave?.();
    this.#screen?.element.remove();
    this.#name = name;
    this.#screen = screens[name](this.#context);
    this.#stage.append(this.#screen.element);
    // In the conversation the bar lies above the box to write in, elsewhere below the head.
    if (name === 'chat') this.#screen.element.firstElementChild!.after(this.#bar.element);
    else this.#stage.prepend(this.#bar.element);
    this.#screen.update();
    if (this.#seen && document.hasFocus()) this.#screen.focus(); // never taken from the page
  }
}
