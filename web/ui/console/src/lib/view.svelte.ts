/** What lies over the screen and beside the conversation: dialogs, the drawer, and the order of the list in view. */
import type { Chat } from './state/chat.svelte';

export class View {
  over = $state<'palette' | 'keys' | 'preferences' | null>(null);
  /** The details, where they are not always there. */
  details = $state(false);
  /** The chat that somebody wants to end although its visitor is still there. */
  ending = $state.raw<Chat | null>(null);
  /** The chat for which a colleague is about to be asked, and for what. */
  asking = $state.raw<{ chat: Chat; kind: 'transfer' | 'invite' } | null>(null);
  /** Ids of one's own chats in the order on screen, for `Alt+1` to `Alt+9`. */
  order = $state.raw<readonly string[]>([]);
  readonly #end: (chat: Chat) => void;

  constructor(end: (chat: Chat) => void) {
    this.#end = end;
  }

  /** Ends at once when the visitor is away; else asks first. */
  askToEnd(chat: Chat | undefined): void {
    if (!chat) return;
    if (chat.row.visitor_away) this.#end(chat);
    else this.ending = chat;
  }

  /** The answer: yes. */
  end(): void {
    if (this.ending) this.#end(this.ending);
    this.ending = null;
  }
}
