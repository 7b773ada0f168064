/** One's own status, the same in all windows. */
import type { AwayWhy, Status } from '@switchboard/protocol';

export class Presence {
  status = $state<Status>('offline');
  /** Since when, milliseconds since 1970. */
  since = $state(0);
  /** How long the server keeps it once the last window is lost. */
  graceMs = $state(60_000);
  /** What we have asked for and not been told yet. */
  asked = $state<Status | null>(null);
  /** Why one is away who has not said so. */
  why = $state<AwayWhy | null>(null);

  /** What it is, or is about to be. */
  get wanted(): Status {
    return this.asked ?? this.status;
  }

  told(status: Status, since: string, why?: AwayWhy): void {
    this.status = status;
    this.why = why ?? null;
    this.since = Date.parse(since);
    this.asked = null;
  }
}

/** What each status is called and means. */
export const STATUS_WORDS: Record<Status, { label: string; hint: string }> = {
  online: { label: 'Online', hint: 'New chats ring' },
  away: { label: 'Away', hint: 'Back in a while, no new chats' },
  busy: { label: 'Busy', hint: 'Here, no new chats' },
  offline: { label: 'Offline', hint: 'Not at work' },
};
/** Why somebody is away who has not said so. */
export const AWAY_WORDS: Record<AwayWhy, string> = {
  inactive: 'You are away: nothing was done here for a while',
  offers_expired: 'You are away: several requests in a row were not answered',
};
/** In the order of the menu. */
export const STATUSES: readonly Status[] = ['online', 'away', 'busy', 'offline'];
