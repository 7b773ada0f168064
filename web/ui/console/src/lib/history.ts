/** The events of chats that are not ours, over HTTP: those of our own come by the socket. */
import type { ChatRow, EventFrame, EventKind } from '@switchboard/protocol';
import { Problem, type Http } from './http';
import type { Chat } from './state/chat.svelte';

interface EventsPage {
  items: Omit<EventFrame<EventKind>, 'type' | 'chat'>[];
  /** There is more after the last of these. */
  next?: string | null;
}

/** Events of one page. */
const PAGE = 200;

/** The row of a chat; null where there is none that we may see. */
export async function loadRow(http: Http, id: string): Promise<ChatRow | null> {
  try {
    return await http.get<ChatRow>(`/chats/${id}`);
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 403 || error.status === 422)) return null;
    throw error;
  }
}

/** Gets what is missing of a chat. Two calls at once do no harm: events that are here already change nothing. */
export async function loadHistory(http: Http, chat: Chat): Promise<void> {
  if (chat.history === 'loading') return;
  const first = chat.history !== 'there';
  if (first) chat.history = 'loading';
  try {
    let page: EventsPage;
    do {
      page = await http.get<EventsPage>(`/chats/${chat.id}/events`, { after: chat.last, limit: PAGE });
      for (const item of page.items) chat.add({ ...item, type: 'event', chat: chat.id });
    } while (page.next && page.items.length > 0);
    chat.history = 'there';
  } catch (error) {
    const code = error instanceof Problem ? error.code : 'internal';
    chat.problem = code;
    if (first) chat.history = code === 'forbidden' || code === 'not_found' ? 'forbidden' : 'failed';
  }
}
