/** What an operator does: each act, and what is said when it does not work. */
import { newId, type ChatRow, type Offer, type OfferEnd, type Status } from '@switchboard/protocol';
import { ask } from './ask';
import type { Desk } from './desk.svelte';
import type { Chat } from './state/chat.svelte';
import { blankRow } from './state/rows';
import { Refused, type Request } from './state/requests';
import { STATUS_WORDS } from './state/presence.svelte';
import { takes } from './takes';
import { FULL_WORDS } from './words';

/** Characters of one message; the server takes no more. */
export const MESSAGE_CHARS_MAX = 10_000;
/** Chats that "take next" tries when others are quicker. */
const TAKE_TRIES = 3;

/** Whom a colleague asks: an operator, any member of a group, or, to take over, whoever a new chat of a brand would find. */
export type Whom = { operator: string } | { group: string } | { brand: string };

export class Acts {
  constructor(private readonly desk: Desk) {}

  openChat(id: string): void {
    this.desk.router.go({ chat: id });
  }

  /** Accepts; the chat opens when it is ours. */
  async accept(offer: Offer): Promise<void> {
    const { desk } = this;
    desk.offers.answering(offer.offer, 'accept');
    try {
      const ack = await this.#ask({ type: 'accept', offer: offer.offer });
      desk.offers.remove(offer.offer);
      this.#become(ack.chat ?? offer.chat, offer);
    } catch (error) {
      this.#offerRefused(offer, error, 'The chat was not accepted');
    }
  }

  async decline(offer: Offer): Promise<void> {
    const { desk } = this;
    desk.offers.answering(offer.offer, 'decline');
    try {
      await this.#ask({ type: 'decline', offer: offer.offer });
      desk.offers.remove(offer.offer);
    } catch (error) {
      this.#offerRefused(offer, error, 'The chat was not declined');
    }
  }

  /** What rings here is for the contact form: the visitor leaves a message instead. */
  async sendOfferToForm(offer: Offer): Promise<void> {
    const { desk } = this;
    desk.offers.answering(offer.offer, 'decline');
    try {
      await this.#ask({ type: 'send_to_form', offer: offer.offer });
      desk.offers.remove(offer.offer);
    } catch (error) {
      this.#offerRefused(offer, error, 'The visitor was not sent to the form');
    }
  }

  /** The same with a chat that runs, or waits in one's groups. */
  async sendToForm(id: string): Promise<void> {
    try {
      await this.#ask({ type: 'send_to_form', chat: id });
    } catch (error) {
      this.desk.toasts.wrong(`The visitor was not sent to the form: ${reason(error)}`);
    }
  }

  /** Takes a chat from the queue. */
  async take(id: string): Promise<void> {
    try {
      await this.#ask({ type: 'take', chat: id });
      this.#become(id);
    } catch (error) {
      this.desk.toasts.wrong(takeRefusal(error));
      void this.desk.learn(id);
    }
  }

  /** Asks a colleague to take the chat over; null when it is asked, else why not. */
  async transfer(chat: Chat, to: Whom, reason: string): Promise<string | null> {
    return this.#asked({ type: 'transfer', chat: chat.id, to, reason });
  }

  /** Asks a colleague to come in; null when it is asked, else why not. */
  async invite(chat: Chat, to: Whom, stay: boolean, why: string | undefined): Promise<string | null> {
    return this.#asked({ type: 'invite', chat: chat.id, to, stay, ...(why === undefined ? {} : { reason: why }) });
  }

  /** Leaves the chat to the others. */
  async leave(chat: Chat): Promise<void> {
    const wrong = await this.#asked({ type: 'leave', chat: chat.id });
    if (wrong !== null) this.desk.toasts.wrong(wrong);
  }

  /** Those whom one may take and who do not ring here: what rings is answered, not taken. */
  takeable(): ChatRow[] {
    const { lists, offers } = this.desk;
    const rings = new Set(offers.ringing.map((one) => one.offer.chat));
    return lists.waiting.filter((row) => takes(this.desk, row) && !rings.has(row.id));
  }

  /** Takes the one of them who has waited longest; when somebody else is quicker, the one after. */
  async takeNext(): Promise<void> {
    const { toasts } = this.desk;
    const next = this.takeable().slice(0, TAKE_TRIES);
    if (next.length === 0) return toasts.say('Nobody is waiting');
    for (const [at, { id }] of next.entries()) {
      try {
        await this.#ask({ type: 'take', chat: id });
        return this.#become(id);
      } catch (error) {
        const beaten = error instanceof Refused && (error.error.why === 'taken' || error.error.why === 'ended');
        if (!beaten || at === next.length - 1) return toasts.wrong(takeRefusal(error));
      }
    }
  }

  /** Sends a message; false when it could not even be kept. */
  say(chat: Chat, text: string): boolean {
    const kept = this.desk.link?.keep({ type: 'say', id: newId(), chat: chat.id, text, to: 'everyone' });
    if (kept === 'full') this.desk.toasts.wrong('Not sent: too many messages wait for the connection');
    if (kept === 'too_large') this.desk.toasts.wrong('Not sent: the message is too long');
    return kept === 'queued';
  }

  /** Sends a refused message once more. */
  sayAgain(chat: Chat, id: string): void {
    const sent = chat.sent.find((one) => one.id === id);
    if (sent && this.say(chat, sent.text)) chat.drop(id);
  }

  end(chat: Chat): void {
    this.desk.link?.keep({ type: 'end', id: newId(), chat: chat.id });
  }

  typing(chat: Chat, on: boolean): void {
    this.desk.link?.hint({ type: 'typing', chat: chat.id, on });
  }

  async setStatus(status: Status): Promise<void> {
    const { presence, toasts } = this.desk;
    if (status === presence.wanted) return;
    presence.asked = status;
    try {
      await this.#ask({ type: 'status', status });
    } catch (error) {
      toasts.wrong(`You are not ${STATUS_WORDS[status].label.toLowerCase()} yet: ${reason(error)}`);
    } finally {
      if (presence.asked === status) presence.asked = null; // else something else was asked for since
    }
  }

  /** Sets whether new chats come from one of one's groups. */
  async setReceiving(group: string, active: boolean): Promise<void> {
    const { directory, toasts } = this.desk;
    try {
      await this.#ask({ type: 'membership_status', group, active });
    } catch (error) {
      toasts.wrong(`${directory.group(group)} stays as it was: ${reason(error)}`);
    }
  }

  /** Chooses a profile; none is all one's groups. */
  async chooseProfile(profile: string | null): Promise<boolean> {
    try {
      await this.desk.http.patch('/auth/me', { profile });
      return true;
    } catch (error) {
      this.desk.toasts.wrong(`The profile is not chosen: ${reason(error)}`);
      return false;
    }
  }

  /** The next chat with something unread, after the open one. */
  nextUnread(): void {
    const { chats, router } = this.desk;
    const all = chats.unreadChats;
    const at = all.findIndex((chat) => chat.id === router.place.chat);
    const next = all[(at + 1) % Math.max(1, all.length)];
    if (next) this.openChat(next.id);
  }

  async #asked(request: Request): Promise<string | null> {
    try {
      await this.#ask(request);
      return null;
    } catch (error) {
      const why = error instanceof Refused ? error.error.why : undefined;
      if (why === 'capacity') return 'Whom you ask holds as many chats as they may.';
      const words = reason(error);
      return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
    }
  }

  #ask(request: Request) {
    return ask(this.desk, request);
  }

  /** The chat is ours now: what the offer told is shown until its events are here. */
  #become(id: string, offer?: Offer): void {
    const { desk } = this;
    if (!desk.chats.get(id) && offer) {
      const { visitor, question, group, queued_at } = offer;
      desk.chats.put({ ...blankRow(id, queued_at), visitor, question, group });
    }
    const row = desk.lists.waiting.find((one) => one.id === id);
    if (row) desk.chats.put(row);
    desk.follow(id);
    desk.router.go({ chat: id, list: 'active' });
  }

  #offerRefused(offer: Offer, error: unknown, what: string): void {
    const why = error instanceof Refused ? error.error.why : undefined;
    const ends: readonly string[] = ['taken', 'expired', 'withdrawn', 'ended'] satisfies OfferEnd[];
    this.desk.offers.answering(offer.offer, null);
    if (why !== undefined && ends.includes(why)) {
      const by = error instanceof Refused ? error.error.by : undefined;
      this.desk.offers.gone(offer.offer, why as OfferEnd, by, this.desk.clock.exact());
    } else this.desk.toasts.wrong(`${what}: ${reason(error)}`);
  }
}

function takeRefusal(error: unknown): string {
  const refused = error instanceof Refused ? error.error : null;
  if (refused?.why === 'taken') return refused.by ? `${refused.by} was first` : 'Somebody else was first';
  if (refused?.why === 'capacity') return `Not taken: ${FULL_WORDS.charAt(0).toLowerCase()}${FULL_WORDS.slice(1)}`;
  if (refused?.why === 'ended') return 'Not taken: the chat is over';
  return `Not taken: ${reason(error)}`;
}

function reason(error: unknown): string {
  const words = error instanceof Error ? error.message : 'the server did not say why';
  return words.charAt(0).toLowerCase() + words.slice(1);
}
