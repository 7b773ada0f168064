/** How urgent a chat is: by its idle time while it runs, by its wait while it is in a queue. */
import type { Severity } from '@switchboard/kit';
import type { ChatRow } from '@switchboard/protocol';

/** Milliseconds from which each step holds. */
interface Steps {
  normal: number;
  warning: number;
  high: number;
}

/** An operator who has just written owes nothing yet. */
const IDLE: Steps = { normal: 10_000, warning: 180_000, high: 360_000 };
/** A visitor in a queue gives up sooner than one who is being served. */
const WAITING: Steps = { normal: 10_000, warning: 60_000, high: 180_000 };

/** What each severity is called, for those who do not see its shape. */
export const SEVERITY_WORDS: Record<Severity, string> = {
  none: 'No idle time',
  normal: 'Normal',
  warning: 'Warning',
  high: 'High',
};

/** How urgent, and since when; nothing for a chat that is over. */
export function urgency(row: ChatRow, now: number): { severity: Severity; ms: number } | null {
  if (row.state === 'ended') return null;
  const waiting = row.state === 'waiting';
  const since = waiting ? row.queued_at : (row.idle_since ?? row.assigned_at ?? row.started_at);
  const ms = Math.max(0, now - Date.parse(since));
  return { severity: severityOf(ms, waiting), ms };
}

/** The step that a time has reached. */
export function severityOf(ms: number, waiting: boolean): Severity {
  const steps = waiting ? WAITING : IDLE;
  if (ms >= steps.high) return 'high';
  if (ms >= steps.warning) return 'warning';
  return ms >= steps.normal ? 'normal' : 'none';
}
