/** Which waiting chats one may take by hand: those of one's groups, and those that look for somebody in them too. */
import type { ChatRow } from '@switchboard/protocol';
import type { Desk } from './desk.svelte';

type Seen = Pick<Desk, 'directory' | 'session' | 'clock'>;

export function takes({ directory, session, clock }: Seen, row: ChatRow): boolean {
  if (row.state !== 'waiting' || !session.may('answer')) return false;
  // Whoever does not see all chats sees of those that wait just the ones they may take.
  if (directory.isMember(row.group) || !session.may('read_all_chats')) return true;
  return directory.helps(row.group, clock.now - Date.parse(row.queued_at));
}
