// The visitor's side of the conversation with the server: one connection, one outbox, and what the window shows.

import {
  Connection, newId, Outbox, Positions,
  type Availability, type ChatPhase, type ConnectionState, type Entry, type ErrorFrame, type EventFrame,
  type LeaveMessage, type Start, type VisitorCommand, type VisitorEvent, type VisitorFrame, type VisitorMarks,
  type VisitorWelcome, type Window,
} from '@switchboard/protocol';
import type { Given, PageInfo } from '../bridge';
import { Conversation, type Pending } from './conversation';
import { subjectOf } from './given';
import { END_TOLD_FOR, MARKS_AFTER, SIGNED_OUT, TYPING_LASTS } from './limits';
import { Marks } from './marks';
import { Memory } from './memory';
import type { ClientOptions } from './options';
import { isHere, isWanted, scopeOf, scopeOfAsked, worthKeeping } from './scope';
import { Who } from './who';

type Kept = Extract<VisitorCommand, { type: 'start' | 'say' | 'end' | 'leave_message' }>;

export class Client {
  connection: ConnectionState = { kind: 'idle' };
  /** There was a connection once: from then on its loss is told in a bar. */
  wasConnected = false;
  window: Window | null = null;
  availability: Availability | null = null;
  chat: Conversation | null = null;
  typing: { name: string } | null = null;
  startError: ErrorFrame | null = null;
  /** A message was left: its thanks are shown. */
  left = false;
  leaveError: ErrorFrame | null = null;
  catchingUp = false;
  readonly memory: Memory;
  readonly #options: ClientOptions;
  readonly #socket: Connection<VisitorCommand, VisitorFrame>;
  readonly #outbox: Outbox<Kept>;
  readonly #positions: Positions<VisitorEvent>;
  readonly #marks: Marks;
  /** What the page says of its visitor. */
  given: Given = {};
  #page: PageInfo | null = null;
  /** What of it the last greeting bore. */
  #greeted = '';
  #seen = false;
  #acked: Pending[] = [];
  #failed: Pending[] = [];
  #sentToken: string | null = null;
  readonly #who = new Who();
  /** The last `start` that the visitor of the last greeting has sent. */
  #begun: string | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #marksTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.memory = new Memory(options.shelf, options.brand);
    const random = options.random ? { random: options.random } : {};
    this.#socket = new Connection({
      url: options.url,
      hello: () => this.#hello(),
      onFrame: (frame) => this.#hear(frame),
      onState: (state) => this.#connectionIs(state),
      ...(options.socket ? { socket: options.socket } : {}),
      ...random,
    });
    this.#outbox = new Outbox<Kept>({
      send: (command) => this.#sends(command),
      fits: (entry) => this.#isHere(entry),
      binds: ({ scope }) => scope || scopeOfAsked(this.#who.slot),
      adopts: isWanted,
      onSettled: (entry, by) => this.#settled(entry, by.type === 'ack' ? by : { chat: by.chat, seq: by.seq }),
      onFailed: (entry, error) => this.#refused(entry, error),
      onChange: () => options.onChange(),
      shelf: options.shelf,
      holder: options.holder,
      key: this.memory.key('outbox'),
      ...random,
    });
    this.#marks = new Marks((mark, seq) => this.#socket.send({ type: mark, seq }));
    this.#positions = new Positions({
      ask: (resume) => {
        this.catchingUp = true;
        this.#socket.send({ type: 'resume', ...resume });
      },
      onEvent: (frame) => this.#happened(frame),
      onCaughtUp: () => {
        this.catchingUp = false;
        this.chat?.caughtUp();
      },
      ...random,
    });
  }

  /** Takes over what an earlier page could not send, then connects. */
  async open(page: PageInfo | null): Promise<void> {
    this.#page = page;
    await this.#outbox.claim();
    this.#socket.open();
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  /** The visitor went to another page of the site. */
  pageIs(page: PageInfo): void {
    this.#page = page;
    this.#socket.send({ type: 'page', url: page.url, title: page.title });
  }

  /** The page says this of its visitor now. A chat that runs keeps what it began with; the next one begins with this. */
  givenIs(given: Given): void {
    const before = subjectOf(this.#who.is);
    this.given = given;
    if (before !== null && before !== subjectOf(given.identity) && this.connection.kind !== 'idle') {
      // It is somebody else's page now: nothing of who was here before may be seen or sent. Their words wait for them.
      this.#outbox.retain(({ scope }) => scope !== '');
      this.startAfresh();
    } else if (!this.starting && (!this.chat || this.chat.phase === 'ended')) this.#greetAgain();
    this.#options.onChange();
  }

  /** What is known of the visitor: the page's word, else what they wrote here before. */
  known(item: 'name' | 'email'): string {
    return this.given[item] ?? this.memory.get(item) ?? '';
  }

  /** Whether the visitor can see the conversation at this moment. */
  seen(seen: boolean): void {
    this.#seen = seen;
    this.#planMarks();
  }

  start(form: Omit<Start, 'id'>): void {
    this.startError = null;
    this.memory.set('department', form.department ?? null);
    this.#greetAgain();
    const { operator } = this.given;
    this.#outbox.add({ type: 'start', id: newId(), ...form, ...(operator ? { operator } : {}) });
    this.#options.onChange();
  }

  say(text: string): 'queued' | 'full' | 'too_large' {
    if (!this.chat) return 'full';
    return this.#outbox.add({ type: 'say', id: newId(), text }, this.#scope);
  }

  end(): void {
    if (!this.chat || this.ending) return;
    this.#outbox.add({ type: 'end', id: newId() }, this.#scope);
  }

  /** Leaves a message for later. */
  leaveMessage(form: Omit<LeaveMessage, 'id'>): void {
    if (this.leaving) return;
    this.leaveError = null;
    this.#outbox.add({ type: 'leave_message', id: newId(), ...form });
    this.#options.onChange();
  }

  /** The thanks were read. */
  thanked(): void {
    this.left = false;
    this.dismiss();
  }

  writes(on: boolean, preview: string): void {
    if (this.chat?.phase === 'active') this.#socket.send({ type: 'typing', on, ...(on ? { preview } : {}) });
  }

  /** The visitor has read that the chat ended, and wants the form. */
  dismiss(): void {
    if (this.chat) this.memory.set('dismissed', this.chat.id);
    this.#options.onChange();
  }

  /** Forgets who the visitor is, here and in every other tab. */
  logout(): void {
    this.#outbox.retain(() => false);
    this.memory.forget();
    this.startAfresh();
  }

  /** Another tab has forgotten who the visitor is. */
  forgottenElsewhere(): void {
    this.#outbox.retain(() => false);
  }

  /** Another tab has let a token go: if it is the one in use here, there is no use in it any more. */
  tokenGone(): void {
    if (this.memory.tokenOf(this.#who.slot) === null) this.startAfresh();
  }

  /** Connects anew as whoever the memory says. */
  startAfresh(): void {
    this.#socket.close();
    this.#leaveChat();
    this.#begun = null;
    this.left = false;
    this.#socket.open();
  }

  /** The brand's name and colour: the last ones known, until the server says. */
  get look(): { name: string; color: string } {
    return this.window ?? this.memory.look;
  }

  get dismissed(): boolean {
    return this.chat?.phase === 'ended' && this.memory.get('dismissed') === this.chat.id;
  }

  /** The `start` that is under way. */
  get starting(): Start | null {
    return this.#underWay('start');
  }

  /** The message that is under way. */
  get leaving(): LeaveMessage | null {
    return this.#underWay('leave_message');
  }

  get ending(): boolean {
    return this.#outbox.entries.some(({ command, scope }) => command.type === 'end' && scope === this.#scope);
  }

  /** Own messages that are not part of the conversation yet. */
  get pending(): Pending[] {
    const waiting = this.#outbox.entries.flatMap(({ command, scope, at }): Pending[] =>
      command.type === 'say' && scope === this.#scope ? [{ id: command.id, text: command.text, at }] : [],
    );
    return [...this.#acked, ...waiting, ...this.#failed];
  }

  /** Whose what is written now is. */
  get #scope(): string {
    return scopeOf(this.#who.slot, this.chat?.id);
  }

  #isHere(entry: { readonly scope: string }): boolean {
    return isHere(entry, this.#who.slot, this.#scope);
  }

  #underWay<T extends Kept['type']>(type: T): Extract<Kept, { type: T }> | null {
    const found = this.#outbox.entries.find((entry) => entry.command.type === type && this.#isHere(entry));
    return (found?.command as Extract<Kept, { type: T }> | undefined) ?? null;
  }

  /** What runs belongs to the visitor of the last greeting, and stays theirs whatever the page says meanwhile. */
  get #isBound(): boolean {
    return (this.chat !== null && this.chat.phase !== 'ended') || (this.#begun !== null && this.starting?.id === this.#begun);
  }

  #sends(command: Kept): boolean {
    const sent = this.#socket.send(command);
    if (sent && command.type === 'start') this.#begun = command.id;
    return sent;
  }

  #hello(): VisitorCommand {
    const identity = this.#who.greets(this.given.identity, this.#isBound);
    this.#sentToken = this.memory.tokenOf(this.#who.slot);
    const resume = this.chat && this.#positions.forHello([this.chat.id])[0];
    this.#greeted = this.#greeting(identity);
    const { language = this.#options.language, variables } = this.given;
    return {
      type: 'hello',
      brand: this.#options.brand,
      ...(this.#sentToken ? { token: this.#sentToken } : {}),
      ...(identity ? { identity } : {}),
      ...(language ? { language } : {}),
      ...(this.#page ? { page: this.#page } : {}),
      ...(variables ? { variables } : {}),
      ...(resume ? { resume } : {}),
    };
  }

  /** What the page says and a greeting alone can bear: its language, its variables and whom it has signed. */
  #greeting(identity: string | undefined): string {
    const { language, variables } = this.given;
    return JSON.stringify([language, variables, subjectOf(identity)]);
  }

  /** Where the page has said something else since, the server is greeted anew, before anything is begun. */
  #greetAgain(): void {
    const greeting = this.#greeting(this.#who.believed(this.given.identity));
    if (this.connection.kind !== 'connected' || this.#greeted === greeting) return;
    this.#socket.close();
    this.#socket.open();
  }

  #connectionIs(state: ConnectionState): void {
    this.connection = state;
    if (state.kind !== 'connected') {
      this.#outbox.disconnected();
      this.#positions.disconnected();
      this.typing = null;
    }
    if (state.kind === 'stopped' && state.code === SIGNED_OUT && this.#sentToken) {
      this.memory.keepToken(this.#who.slot, null);
      this.#leaveChat();
      queueMicrotask(() => this.#socket.retryNow());
    }
    this.#options.onChange();
  }

  #hear(frame: VisitorFrame): void {
    const { chat } = this;
    switch (frame.type) {
      case 'welcome':
        this.#welcome(frame);
        break;
      case 'event':
        this.#outbox.handle(frame);
        if (this.#concerns(frame)) this.#positions.event(frame);
        break;
      case 'ack':
        this.#outbox.handle(frame);
        break;
      case 'error':
        if (!this.#outbox.handle(frame)) this.#positions.refused(frame);
        break;
      case 'resumed':
        if (chat?.id === frame.chat) this.#marksAre(chat, frame.marks);
        this.#positions.resumed(frame);
        break;
      case 'state':
        this.#available(frame.state, frame.department);
        break;
      case 'queue':
        chat?.stands(frame);
        break;
      case 'typing':
        this.#otherWrites(frame.on ? { name: frame.name ?? '' } : null);
        break;
      case 'delivered':
        chat?.raise({ operators: { delivered: frame.seq } });
        break;
      case 'read':
        chat?.raise({ operators: { delivered: frame.seq, read: frame.seq } });
        break;
    }
    this.#options.onChange();
  }

  #welcome(welcome: VisitorWelcome): void {
    if (this.#who.is !== undefined && !welcome.verified) {
      // Not accepted. The visitor comes as whoever they are without it.
      this.#who.refuse();
      queueMicrotask(() => this.startAfresh());
      return;
    }
    const kept = this.memory.tokenOf(this.#who.slot);
    if (kept && kept !== this.#sentToken && kept !== welcome.token) {
      // Another tab became the visitor while this one was on its way: there must be only one.
      queueMicrotask(() => this.startAfresh());
      return;
    }
    this.memory.keepToken(this.#who.slot, welcome.token);
    this.window = welcome.window;
    this.memory.look = welcome.window;
    this.availability = welcome.state;
    this.wasConnected = true;
    const { chat } = welcome;
    if (chat) {
      const own = this.#enter(chat.id, chat.state);
      own.phase = chat.state;
      this.#marksAre(own, chat.marks);
      if (chat.ahead !== undefined) own.stands({
        ...chat, ahead: chat.ahead, ...(chat.queue_text === undefined ? {} : { text: chat.queue_text }),
      });
      if (chat.operator) own.owner(chat.operator);
      this.#positions.follow(chat.id);
    } else if (this.chat) {
      this.#leaveChat();
    }
    this.#outbox.retain(worthKeeping(this.#outbox.entries, this.#who.slot, this.#scope));
    this.#outbox.connected();
    void this.#outbox.claim();
    if (!this.#isBound) queueMicrotask(() => this.#greetAgain()); // said while the greeting was on its way
  }

  /** Whether an event belongs to the chat that is shown, or begins the one to be shown. */
  #concerns(frame: EventFrame<VisitorEvent>): boolean {
    if (frame.chat !== this.chat?.id && frame.seq === 1 && (!this.chat || this.chat.phase === 'ended')) {
      this.#enter(frame.chat, 'waiting');
    }
    return frame.chat === this.chat?.id;
  }

  #happened(frame: EventFrame<VisitorEvent>): void {
    const { chat } = this;
    if (!chat) return;
    const live = !this.catchingUp;
    const theirs = chat.apply(frame, !this.#positions.catchingUp(chat.id));
    this.#acked = this.#acked.filter((pending) => pending.seq !== frame.seq);
    if (theirs) this.#otherWrites(null);
    if (frame.event.kind === 'ended') {
      this.typing = null;
      if (Date.now() - Date.parse(frame.at) > END_TOLD_FOR) this.memory.set('dismissed', chat.id);
    }
    this.#planMarks();
    if (theirs && live) this.#options.onMessage?.();
  }

  #settled(entry: Entry<Kept>, by: { chat?: string; seq?: number }): void {
    const { command, scope } = entry;
    if (command.type === 'start' && by.chat) {
      this.#enter(by.chat, 'waiting');
      if (this.#positions.last(by.chat) === 0) this.#positions.follow(by.chat); // else it began before our eyes
    }
    if (command.type === 'leave_message') this.left = true;
    if (command.type !== 'say' || !this.chat || scope !== this.#scope || by.seq === undefined) return;
    this.chat.remember(by.seq, command.id);
    if (by.seq > this.#positions.last(this.chat.id)) {
      this.#acked.push({ id: command.id, text: command.text, at: entry.at, seq: by.seq });
    }
  }

  #refused(entry: Entry<Kept>, error: ErrorFrame): void {
    const { command, scope } = entry;
    if (command.type === 'start') {
      if (error.why === 'open' && error.chat) {
        this.#enter(error.chat, 'waiting');
        this.#positions.follow(error.chat);
      } else {
        this.startError = error;
        if (error.why === 'offline' && !command.department) this.availability = 'offline';
      }
    }
    if (command.type === 'leave_message') this.leaveError = error;
    if (command.type === 'say' && scope === this.#scope) {
      this.#failed.push({ id: command.id, text: command.text, at: entry.at, failed: error.why ?? error.code });
    }
    this.#options.onChange();
  }

  #enter(id: string, phase: ChatPhase): Conversation {
    if (this.chat?.id !== id) {
      this.#leaveChat();
      this.chat = new Conversation(id);
      this.#marks.known(this.chat.marks.visitor);
      this.chat.raise({ visitor: { read: this.memory.readIn(id) } });
      this.chat.phase = phase;
    } else if (phase !== 'waiting') {
      this.chat.phase = phase;
    }
    return this.chat;
  }

  #leaveChat(): void {
    if (this.chat) this.#positions.forget(this.chat.id);
    this.chat = null;
    this.typing = null;
    this.catchingUp = false;
    this.#acked = [];
    this.#failed = [];
  }

  #available(state: Availability, department: string | undefined): void {
    if (department === undefined) this.availability = state;
    const own = this.window?.departments.find((one) => one.id === department);
    if (own) own.state = state;
  }

  #otherWrites(typing: { name: string } | null): void {
    this.typing = typing;
    clearTimeout(this.#typingTimer);
    if (typing) this.#typingTimer = setTimeout(() => ((this.typing = null), this.#options.onChange()), TYPING_LASTS);
  }

  /** Another tab of the same visitor has read up to there. */
  readElsewhere(): void {
    this.chat?.raise({ visitor: { read: this.memory.readIn(this.chat.id) } });
    this.#options.onChange();
  }

  #marksAre(chat: Conversation, marks: VisitorMarks): void {
    this.#marks.known(marks.visitor);
    chat.raise(marks);
    this.#planMarks();
  }

  #planMarks(): void {
    clearTimeout(this.#marksTimer);
    this.#marksTimer = setTimeout(() => this.#sendMarks(), MARKS_AFTER);
  }

  #sendMarks(): void {
    const { chat } = this;
    if (!chat) return;
    const seq = chat.lastTheirs;
    if (this.#seen && seq > chat.marks.visitor.read) this.memory.set('read', `${chat.id} ${seq}`);
    chat.raise({ visitor: { delivered: seq, ...(this.#seen ? { read: seq } : {}) } });
    // Of a message that is not here yet nothing is told, though another page has shown it.
    if (chat.phase !== 'ended') this.#marks.tell({ delivered: seq, read: Math.min(seq, chat.marks.visitor.read) });
    this.#options.onChange();
  }
}
