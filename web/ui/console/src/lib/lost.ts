// What becomes of an operator's status and chats while the connection is away.
import { plural } from './words';

/** With so many seconds left of the grace, so many own chats, and so many of them in groups that give them to the queue then. */
export function keptWords(left: number, chats: number, given: number): string {
  const kept = chats - given;
  if (left > 0) {
    if (given === 0) return `Your chats are kept for you, your status for ${left} s more.`;
    const which = kept === 0 ? 'your chats' : `${given} of your ${plural(chats, 'chat')}`;
    return `Your status is kept for ${left} s more; then ${which} go${kept > 0 && given === 1 ? 'es' : ''} back to the queue.`;
  }
  if (given === 0) return 'Your chats are kept for you. You are shown as offline.';
  return kept === 0
    ? 'You are shown as offline. Your chats go back to the queue.'
    : `You are shown as offline. ${plural(given, 'chat')} of yours ${given === 1 ? 'goes' : 'go'} back to the queue, the others are kept for you.`;
}
