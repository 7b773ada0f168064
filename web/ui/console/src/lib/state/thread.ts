/** A chat as the thread shows it: days, lines of what happened, messages with how far each has got. */
import type { ChatRow, EventKind } from '@switchboard/protocol';
import { clockTime, dayName, duration, endedWords, firstName, sameDay } from '../words';
import { type ChatEvent, operatorName, type Sent } from './chat.svelte';
import { askedWords, deniedWords, nameOf, transferredWords } from './company';

/** How far a message of ours has got. */
export type MarkOf = 'waiting' | 'stored' | 'delivered' | 'read' | 'refused';

/** Something that happened, for the icon in front of it. */
export type LineIcon = 'started' | 'assigned' | 'rang' | 'moved' | 'away' | 'back' | 'ended' | 'erased';

export type ThreadItem =
  | { kind: 'day'; key: string; text: string }
  | { kind: 'new'; key: string }
  | { kind: 'line'; key: string; icon: LineIcon; text: string; page?: string | undefined; time: string }
  | {
      kind: 'message';
      key: string;
      /** From the team: at the end side. */
      team: boolean;
      by: string;
      text: string;
      time: string;
      audience: 'everyone' | 'operators' | 'coaching';
      /** Only on our own. */
      mark?: MarkOf | undefined;
      refusal?: string | undefined;
      /** Its id among what was sent, to try again. */
      sentId?: string | undefined;
    };

export interface ThreadInput {
  row: ChatRow;
  name: string;
  events: readonly ChatEvent[];
  sent: readonly Sent[];
  outgoing: readonly Sent[];
  me: string;
  /** What a group is called. */
  group: (id: string) => string;
  now: number;
  /** What was read when the chat was opened; a line says where the new begins. */
  readAt: number | null;
}

/** All items, in order. */
export function threadOf(input: ThreadInput): ThreadItem[] {
  const items: ThreadItem[] = [];
  const rung: Rung = new Map();
  let day = Number.NaN;
  let newShown = input.readAt === null;
  let waitedBefore = false;
  const enterDay = (at: number): void => {
    if (!Number.isNaN(day) && sameDay(day, at)) return;
    items.push({ kind: 'day', key: `day ${new Date(at).toDateString()}`, text: dayName(at, input.now) });
    day = at;
  };
  for (const [at, frame] of input.events.entries()) {
    const { event, seq } = frame;
    if (event.kind === 'offered') remember(rung, event);
    // The next line says it, and what came of it.
    const said = (event.kind === 'declined' || event.kind === 'expired') && isDenied(input.events[at + 1]);
    const item = said || (event.kind === 'queued' && !waitedBefore) ? null : itemOf(frame, input, rung);
    waitedBefore ||= event.kind === 'queued';
    if (!item) continue;
    enterDay(Date.parse(frame.at));
    const fresh = !newShown && seq > (input.readAt ?? 0) && event.kind === 'message' && event.from.role === 'visitor';
    if (fresh) {
      items.push({ kind: 'new', key: 'new' });
      newShown = true;
    }
    items.push(item);
  }
  for (const sent of [...input.sent, ...input.outgoing]) {
    enterDay(sent.at);
    items.push({
      kind: 'message',
      // The same key as the event that takes its place.
      key: sent.seq === undefined ? `sent ${sent.id}` : `seq ${sent.seq}`,
      team: true,
      by: 'You',
      text: sent.text,
      time: clockTime(sent.at),
      audience: 'everyone',
      mark: sent.refused ? 'refused' : markOf(sent.seq, input.row),
      refusal: sent.refused,
      sentId: sent.id,
    });
  }
  return items;
}

/** How far a message with that number has got; one without is still waiting. */
export function markOf(seq: number | undefined, row: ChatRow): MarkOf {
  if (seq === undefined) return 'waiting';
  if (row.visitor_marks.read >= seq) return 'read';
  return row.visitor_marks.delivered >= seq ? 'delivered' : 'stored';
}

function itemOf(frame: ChatEvent, input: ThreadInput, rung: Rung): ThreadItem | null {
  const { event, seq, at } = frame;
  const line = (icon: LineIcon, text: string, page?: string): ThreadItem => ({
    kind: 'line',
    key: `seq ${seq}`,
    icon,
    text,
    page,
    time: clockTime(Date.parse(at)),
  });
  const who = firstName(input.name);
  switch (event.kind) {
    case 'message': {
      const mine = event.from.role === 'operator' && event.from.id === input.me;
      return {
        kind: 'message',
        key: `seq ${seq}`,
        team: event.from.role !== 'visitor',
        by: mine ? 'You' : event.from.role === 'visitor' ? who : (event.from.name ?? 'Greeting'),
        text: event.text,
        time: clockTime(Date.parse(at)),
        audience: event.to,
        mark: mine && event.to === 'everyone' ? markOf(seq, input.row) : undefined,
      };
    }
    case 'started':
      return line('started', `${who} started the chat`, event.page);
    case 'assigned':
      return line('assigned', assignedWords(event, input, at));
    case 'queued':
      return line('moved', `Waits again, in ${input.group(event.group)}`);
    case 'transfer_asked':
    case 'invited':
      return line('moved', askedWords(event, input));
    case 'transferred':
      return line('moved', transferredWords(event, input));
    case 'joined':
      return line('assigned', `${nameOf({ id: event.operator, name: event.name }, input)} joined`);
    case 'left':
      return line('away', `${nameOf({ id: event.operator, name: event.name }, input)} left`);
    case 'transfer_denied':
    case 'invite_denied': {
      const words = deniedWords(event, input);
      return words === null ? null : line('moved', words);
    }
    case 'declined':
      return line('rang', `${rungAt(event, input, rung)} declined`);
    case 'expired':
      if (event.why !== 'expired') return null;
      // Where all were rung, it is nobody's miss.
      return line(
        'rang',
        ringsAtMany(event, rung) ? 'Nobody answered' : `${rungAt(event, input, rung)} did not answer`,
      );
    case 'visitor_away':
      return line('away', `${who} is away`);
    case 'visitor_back':
      return line('back', `${who} is back`);
    case 'ended':
      return line('ended', endedWords(event.by, event.why, operatorName(event.operator, input.row, input.me)));
    case 'erased':
      return line('erased', 'Something was removed here');
    default:
      // Offered says nothing that the lines around it do not; kinds of later versions are not known.
      return null;
  }
}

function isDenied(frame: ChatEvent | undefined): boolean {
  return frame?.event.kind === 'transfer_denied' || frame?.event.kind === 'invite_denied';
}

/** Who was rung by an offer, with their names. */
type Rung = Map<string, Map<string, string>>;

function remember(rung: Rung, { offer, operator, name, others }: Extract<EventKind, { kind: 'offered' }>): void {
  const names = rung.get(offer) ?? new Map<string, string>();
  for (const one of [{ id: operator, name }, ...(others ?? [])]) names.set(one.id, one.name);
  rung.set(offer, names);
}

function ringsAtMany({ offer }: { offer: string }, rung: Rung): boolean {
  return (rung.get(offer)?.size ?? 0) > 1;
}

function rungAt({ operator, offer }: { operator: string; offer: string }, { me }: ThreadInput, rung: Rung): string {
  return operator === me ? 'You' : (rung.get(offer)?.get(operator) ?? 'An operator');
}

function assignedWords(event: Extract<EventKind, { kind: 'assigned' }>, { row, me }: ThreadInput, at: string): string {
  const whom = event.operator === me ? 'you' : event.name;
  if (event.by === 'taken_over') return `Taken over by ${whom}`;
  const how = event.by === 'taken' ? 'taken by' : event.by === 'accepted' ? 'accepted by' : 'assigned to';
  const waited = Date.parse(at) - Date.parse(row.queued_at);
  return `Waited ${duration(waited)}, ${how} ${whom}`;
}
