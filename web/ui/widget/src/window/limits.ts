// How long the window waits for things, and what ends and codes mean to it.

import type { EndedWhy } from '@switchboard/protocol';

/** Marks of a whole page of history are sent as one. */
export const MARKS_AFTER = 150;
/** Somebody who wrote is taken to have stopped when no notice came for this long. */
export const TYPING_LASTS = 10_000;
/** A chat that could not be begun for this long is not begun any more: nobody expects it. */
export const START_LASTS = 10 * 60_000;
/** The end of a chat that is older than this is not told any more: the visitor comes with something new. */
export const END_TOLD_FOR = 30 * 60_000;
/** Visitors for whom the site vouches that are kept at a time: as many as share one browser. */
export const VERIFIED_MAX = 8;
/** Words that wait for a visitor who is not here now: their chat will not wait longer than a day, */
export const PARKED_LASTS = 24 * 60 * 60_000;
/** and most of the outbox is for who is here. */
export const PARKED_MAX = 20;
/** Ends after which a message can be left instead; the chats that the server counts as sent to the form. */
export const FOR_FORM: readonly EndedWhy[] = ['timed_out', 'offline', 'sent_to_form', 'group_deleted'];
/** Closed by the server because the token is no good. */
export const SIGNED_OUT = 4401;

