/** What lies over the screen and beside the conversation: dialogs, the drawer, and the order of the list in view. */
import type { Chat } from './state/chat.svelte';

export class View {
  over = $state<'palette' | 'keys' | 'preferences' | null>(null);
  /** The details, where they are not always there. */
  details = $state(false);
  /** The chat that somebody wants to end although its visitor is still there, or to send to the contact form. */
  ending = $state.raw<{ chat: Chat; form: boolean } | null>(null);
  /** The chat for which a colleague is about to be asked, and for what. */
  asking = $state.raw<{ chat: Chat; kind: 'transfer' | 'invite' } | null>(null);
  /** Ids of one's own chats in the order on screen, for `Alt+1` to `Alt+9`. */
  order = $state.raw<readonly string[]>([]);
  readonly #end: (chat: Chat, form: boolean) => void;

  constructor(end: (chat: Chat, form: boolean) => void) {
    this.#end = end;
  }

  /** Ends at once when the visitor is away; else asks first. */
  askToEnd(chat: Chat | undefined): void {
    if (!chat) return;
    if (chat.row.visitor_away) this.#end(chat, false);
    else this.ending = { chat, form: false };
  }

  /** One that waits goes to the form at once; one that runs ends there, so it is asked first. */
  askToSendToForm(chat: Chat | undefined): void {
    if (!chat) return;
    if (chat.row.state === 'active') this.ending = { chat, form: true };
    else this.#end(chat, true);
  }

  /** The answer: yes. */
  end(): void {
    if (this.ending) this.#end(this.ending.chat, this.ending.form);
    this.ending = null;
  }
}
