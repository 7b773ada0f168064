/** The operator's desk: puts the parts of the console together and hands each frame to the part it is for. */
import {
  type ChatRow,
  type EventFrame,
  type EventKind,
  type Holder,
  newId,
  type OperatorFrame,
  type Shelf,
  type Socket,
} from '@switchboard/protocol';
import { ChatLists } from './chatlists.svelte';
import { Directory } from './directory.svelte';
import { loadHistory, loadRow } from './history';
import type { Http } from './http';
import { LeftMessages } from './leftmessages.svelte';
import { Settings } from './settings/settings.svelte';
import { Alerts } from './alerts';
import type { Chat } from './state/chat.svelte';
import { Catchup } from './state/catchup';
import { outcomeWords } from './state/company';
import { Chats } from './state/chats.svelte';
import { Clock } from './state/clock.svelte';
import { Drafts } from './state/drafts.svelte';
import { Link, type Outgoing } from './state/link.svelte';
import { Offers } from './state/offers.svelte';
import { Preferences } from './state/preferences.svelte';
import { AWAY_WORDS, Presence } from './state/presence.svelte';
import { Queue } from './state/queue.svelte';
import { Receiving } from './state/receiving.svelte';
import { type Place, Router } from './state/router.svelte';
import { Session } from './state/session.svelte';
import { ToastList } from './state/toasts.svelte';

/** What the desk needs from outside. */
export interface Surroundings {
  http: Http;
  alerts: Alerts;
  /** Where preferences, drafts and the outbox are kept. */
  shelf: Shelf;
  holder: Holder;
  /** The socket's address. */
  url: string;
  socket?: (url: string, protocol: string) => Socket;
}

/** History is older than this; what is newer has just happened. */
const LIVE_WITHIN = 15_000;
/** Groups whose queues are followed: three in four of the requests that may be under way at once. */
const GROUPS_MAX = 150;

export class Desk {
  readonly session: Session;
  readonly preferences: Preferences;
  readonly drafts: Drafts;
  readonly lists: ChatLists;
  readonly settings: Settings;
  readonly left: LeftMessages;
  readonly alerts: Alerts;
  readonly http: Http;
  readonly clock = new Clock();
  readonly router = new Router();
  readonly toasts = new ToastList();
  readonly chats = new Chats();
  readonly offers = new Offers();
  readonly queue = new Queue();
  readonly presence = new Presence();
  readonly receiving = new Receiving();
  readonly directory = new Directory();
  link = $state.raw<Link | null>(null);
  /** The server has answered at least once; before that lists are not empty but unknown. */
  welcomed = $state(false);
  /** The window is in front and somebody looks at it. */
  attentive = $state(true);
  /** The chat in the address does not exist, or is not ours to see. */
  missing = $state<string | null>(null);
  /** We have seen it; then a colleague got it. */
  passedOn = $state(false);
  /** The chat in the address could not be asked for. */
  unreached = $state<string | null>(null);

  /** One holds as many chats as one may: what is taken would be refused. */
  readonly full = $derived.by(() => {
    const limit = this.session.operator?.limit ?? null;
    return limit !== null && this.chats.mine.length >= limit;
  });
  readonly open = $derived(this.router.place.chat === null ? undefined : this.chats.get(this.router.place.chat));
  readonly #around: Surroundings;
  readonly #catchup = new Catchup((id, frames) => {
    for (const frame of frames) this.#take(frame);
    const chat = this.chats.get(id);
    if (chat) chat.history = 'there';
  });

  constructor(around: Surroundings) {
    this.#around = around;
    this.http = around.http;
    this.alerts = around.alerts;
    this.session = new Session(around.http);
    this.preferences = new Preferences(around.shelf);
    this.drafts = new Drafts(around.shelf);
    this.lists = new ChatLists(around.http, () => this.chats.me);
    this.settings = new Settings(around.http, this.router);
    this.left = new LeftMessages(around.http);
    this.router.onMove = (place) => this.#moved(place);
  }

  /** Somebody has signed in. */
  enter(): void {
    const operator = this.session.operator;
    if (!operator || this.link) return;
    this.chats.me = operator.id;
    const { url, shelf, holder, socket } = this.#around;
    this.link = new Link({
      url,
      shelf,
      holder,
      key: `switchboard.outbox.${operator.id}`,
      ...(socket ? { socket } : {}),
      events: {
        frame: (frame) => this.#hear(frame),
        event: (frame) => this.#event(frame),
        settled: (entry, seq) => this.#settled(entry, seq),
        failed: (entry, error) => this.#refused(entry, error.message),
        following: () => [...this.chats.mine, ...this.chats.lingering].map((chat) => chat.id),
        signedOut: () => this.session.lost(),
      },
    });
    void this.link.open();
    void this.directory.learn(this.http);
    this.#moved(this.router.place);
  }

  /** Nobody is signed in any more: nothing of what was here stays. */
  leave(): void {
    this.link?.close();
    this.link = null;
    this.welcomed = false;
    this.missing = this.unreached = null;
    this.#catchup.clear();
    this.chats.clear();
    this.offers.replace([], 0);
    this.lists.clear();
    this.settings.clear();
    this.left.clear();
    this.queue.replace([]);
    this.directory.setOwn([]);
    this.receiving.clear();
  }

  /** Signs out; where that does not work, one is still signed in and is told so. */
  async signOut(): Promise<void> {
    try {
      await this.session.signOut();
    } catch (error) {
      const why = error instanceof Error ? error.message : 'something went wrong in this page';
      this.toasts.wrong(`You are still signed in: ${why}`, { label: 'Try again', run: () => void this.signOut() });
    }
  }

  /** Somebody works at this window. */
  active(): void {
    this.link?.hint({ type: 'active' });
  }

  /** The chat was seen to its end by a person. */
  seen(chat: Chat): void {
    const mine = chat.has(this.chats.me) || chat.row.owner?.id === this.chats.me;
    if (!mine || chat.last === 0) return;
    if (chat.last > chat.row.my_marks.read) {
      chat.myMarks({ delivered: chat.last, read: chat.last });
      this.link?.marks.mark('read', chat.id, chat.last);
    }
  }

  /** Tries again to show the chat in the address. */
  reopen(): void {
    this.#moved(this.router.place);
  }

  #hear(frame: OperatorFrame): void {
    const now = this.clock.exact();
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'offer':
        if (this.offers.add(frame, now))
          this.alerts.offered(frame, this.preferences.is, this.directory.group(frame.group));
        return;
      case 'offer_gone': {
        this.alerts.offerGone(frame.offer);
        // Our own name says no more than that it was us, here or in another window.
        const by = frame.by === this.session.operator?.name ? undefined : frame.by;
        return this.offers.gone(frame.offer, frame.why, by, now);
      }
      case 'queue':
        return this.#queue(frame, now);
      case 'rows':
        return this.#rows(frame);
      case 'left_messages':
        return this.left.told(frame.new);
      case 'operators':
        return this.settings.told(frame);
      case 'typing':
        if (frame.role === 'visitor') this.chats.get(frame.chat)?.visitorTypes(frame.on, frame.preview, now);
        return;
      case 'delivered':
      case 'read': {
        const marks = { [frame.type]: frame.seq };
        if (frame.role === 'visitor') this.chats.get(frame.chat)?.visitorMarks(marks);
        else if (frame.operator === this.chats.me) this.chats.get(frame.chat)?.myMarks(marks);
        return;
      }
      case 'status':
        this.presence.told(frame.status, frame.since, frame.why);
        if (frame.why) this.toasts.wrong(AWAY_WORDS[frame.why]);
        return;
      case 'receiving':
        this.receiving.told(frame);
        this.directory.setOwn(this.receiving.groups);
        return this.session.limited(frame.limit);
      case 'resumed': {
        const chat = this.chats.get(frame.chat);
        chat?.visitorMarks(frame.marks.visitor);
        if (frame.marks.mine) chat?.myMarks(frame.marks.mine);
        if (frame.through >= frame.last) this.#catchup.done(frame.chat);
        return;
      }
      case 'error':
        // Nobody waits for this answer: a hint or a question of ours was refused.
        console.warn(`switchboard: ${frame.code}: ${frame.message}`);
        if (frame.chat !== undefined) this.#historyRefused(frame.chat);
    }
  }

  #queue({ group, waiting, longest_s }: Extract<OperatorFrame, { type: 'queue' }>, now: number): void {
    const mine = this.directory.own.find(({ id }) => id === group);
    const calls = waiting > 0 && this.queue.waitingIn(group) === 0 && mine?.handling === 'pull' && mine.active;
    if (calls && this.presence.status === 'online') this.alerts.waits(mine.name, this.preferences.is);
    this.queue.hint(group, waiting, longest_s, now);
  }

  #rows(frame: Extract<OperatorFrame, { type: 'rows' }>): void {
    this.settings.loads.rows(frame);
    const allThatWait = this.lists.rows(frame);
    const open = this.open;
    if (!open) return;
    const row = frame.rows.find(({ id }) => id === open.id);
    if (row) this.#refresh(this.chats.put(row));
    else if (allThatWait && open.row.state === 'waiting') void this.learn(open.id);
  }

  #welcome(frame: Extract<OperatorFrame, { type: 'welcome' }>): void {
    const link = this.link;
    if (!link) return;
    this.clock.set(frame.server_time);
    this.session.operator = frame.operator;
    this.session.permissions = frame.permissions;
    this.presence.told(frame.status, frame.status_since);
    this.presence.graceMs = frame.grace_s * 1000;
    this.directory.setOwn(frame.groups);
    this.receiving.begin(frame.groups, frame.profile);
    void this.receiving.learn(this.http);
    this.queue.replace(frame.groups);
    this.offers.replace(frame.offers, this.clock.exact());
    const others = this.chats.ours(frame.chats, frame.next === undefined);
    for (const row of frame.chats) this.follow(row.id, row.my_marks);
    for (const id of others) void this.learn(id);
    for (const { id } of frame.groups.slice(0, GROUPS_MAX))
      link.subscribe({ type: 'subscribe', id: newId(), topic: `group:${id}` });
    this.lists.connected(link);
    this.left.connected(link);
    this.settings.connected(link);
    this.welcomed = true;
    if (frame.next !== undefined) void this.#restOfMine(frame.next);
    this.#moved(this.router.place);
  }

  /** Follows a chat of ours by the socket, from where we have it. */
  follow(id: string, marks?: { delivered: number; read: number }): void {
    const chat = this.chats.get(id);
    if (!chat || !this.link) return;
    if (marks) {
      this.link.marks.known('delivered', id, marks.delivered);
      this.link.marks.known('read', id, marks.read);
    }
    if (chat.history === 'none') {
      chat.history = 'loading';
      this.#catchup.begin(id);
    }
    this.link.follow(id, chat.last);
    // A mark that was on its way when the server went is sent again.
    if (chat.last > 0) this.link.marks.mark('delivered', id, chat.last);
    this.link.marks.mark('read', id, chat.row.my_marks.read);
  }

  #event(frame: EventFrame<EventKind>): void {
    if (!this.#catchup.collects(frame)) this.#take(frame);
  }

  #take(frame: EventFrame<EventKind>): void {
    const before = this.chats.get(frame.chat);
    const running = before?.row.state === 'active';
    const owned = before?.row.owner?.id === this.chats.me;
    if (!this.chats.event(frame)) return;
    const chat = this.chats.get(frame.chat);
    if (chat && owned) this.#tellOutcome(chat, frame);
    if (!chat || (!chat.has(this.chats.me) && chat.row.owner?.id !== this.chats.me)) return;
    if (chat.row.number === 0 && (frame.event.kind === 'assigned' || frame.event.kind === 'transferred')) void this.learn(chat.id);
    if (frame.event.kind === 'ended' && running) this.lists.chatEnded(chat.row);
    if (frame.event.kind !== 'message' || frame.event.from.role !== 'visitor') return;
    this.link?.marks.mark('delivered', chat.id, frame.seq);
    const live = this.clock.exact() - Date.parse(frame.at) < LIVE_WITHIN;
    const inView = this.attentive && this.router.place.chat === chat.id;
    if (live && !inView && frame.seq > chat.row.my_marks.read)
      this.alerts.wrote(chat, frame.event.text, this.preferences.is, this.directory.group(chat.row.group));
  }

  /** What became of a chat that we asked somebody to take over or to come into, where we do not see it anyway. */
  #tellOutcome(chat: Chat, frame: EventFrame<EventKind>): void {
    const live = this.clock.exact() - Date.parse(frame.at) < LIVE_WITHIN;
    const inView = this.router.place.chat === chat.id && frame.event.kind !== 'transferred';
    const group = (id: string): string => this.directory.group(id);
    const words = live && !inView ? outcomeWords(frame.event, chat.name, { me: this.chats.me, group }) : null;
    if (words !== null) this.toasts.say(words, { label: 'Open', run: () => this.router.go({ chat: chat.id }) });
  }

  #settled({ command }: Outgoing, seq: number | undefined): void {
    if (command.type !== 'say' || seq === undefined) return;
    this.chats.get(command.chat)?.settled({ id: command.id, text: command.text, at: this.clock.exact(), seq });
  }

  #refused({ command }: Outgoing, message: string): void {
    if (command.type !== 'say') return this.toasts.wrong(`The chat was not ended: ${message}`);
    const chat = this.chats.get(command.chat);
    if (chat) chat.settled({ id: command.id, text: command.text, at: this.clock.exact(), refused: message });
    else this.toasts.wrong(`Not sent: ${message}`);
  }

  #moved(place: Place): void {
    const { list, chat: id } = place;
    if (this.session.state === 'in') this.settings.moved(place);
    if (this.session.state === 'in') this.left.look(place.left?.id);
    this.chats.open(id);
    this.lists.look(list);
    if (id !== this.missing) this.missing = null;
    this.unreached = null;
    if (id === null || !this.link) return;
    const chat = this.chats.get(id);
    if (chat) this.#refresh(chat);
    else if (this.welcomed) void this.learn(id);
  }

  /** Brings an open chat up to date, where the socket does not. */
  #refresh(chat: Chat): void {
    const byTheSocket = chat.has(this.chats.me);
    if (!byTheSocket && (chat.history !== 'there' || chat.last < chat.row.seq)) void this.history(chat);
  }

  /** Gets what is missing of a chat over HTTP. One that waits no more may be another's: its row says whether we see it. */
  async history(chat: Chat): Promise<void> {
    const waited = chat.row.state === 'waiting';
    await loadHistory(this.http, chat);
    if (waited && chat.row.state !== 'waiting' && !chat.has(this.chats.me)) await this.learn(chat.id);
  }

  /** The socket does not give the history of that chat; perhaps HTTP does, and says why not. */
  #historyRefused(id: string): void {
    const chat = this.chats.get(id);
    this.#catchup.drop(id);
    if (chat?.history !== 'loading') return;
    chat.history = 'none';
    void this.history(chat);
  }

  /** Gets the row of a chat; opens it where the address asks for it. */
  async learn(id: string): Promise<void> {
    try {
      const row = await loadRow(this.http, id);
      if (row) this.#refresh(this.chats.put(row));
      else {
        // What was said of it already holds when the same is answered once more.
        const seen = this.chats.lose(id) || (this.missing === id && this.passedOn);
        if (id === this.router.place.chat && !this.chats.get(id)) [this.missing, this.passedOn] = [id, seen];
      }
    } catch {
      if (id === this.router.place.chat && !this.chats.get(id)) this.unreached = id;
    }
  }

  /** The running chats beyond the first 200. */
  async #restOfMine(next: string): Promise<void> {
    let cursor: string | null | undefined = next;
    while (cursor) {
      const asked = { state: 'active', operator: this.chats.me, limit: 200, cursor };
      const page: { items: ChatRow[]; next?: string | null } = await this.http.get('/chats', asked);
      this.chats.ours(page.items, false);
      for (const row of page.items) this.follow(row.id, row.my_marks);
      cursor = page.next;
    }
  }
}
