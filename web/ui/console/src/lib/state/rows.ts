/** What an event changes in a chat's row, so that rows are right between two of the server's own. */
import type { ChatRow, EventFrame, EventKind } from '@switchboard/protocol';

/** The row of a chat of which nothing is known but its id. */
export function blankRow(id: string, at: string): ChatRow {
  return {
    id,
    number: 0,
    state: 'waiting',
    brand: '',
    group: '',
    visitor: {},
    started_at: at,
    queued_at: at,
    visitor_away: false,
    messages: 0,
    seq: 0,
    visitor_marks: { delivered: 0, read: 0 },
    my_marks: { delivered: 0, read: 0 },
  };
}

/** The row after the event; the same row when the event is in it already. */
export function applied(row: ChatRow, frame: EventFrame<EventKind>): ChatRow {
  if (frame.seq <= row.seq) return row;
  return { ...row, ...changes(row, frame.event, frame.at), seq: frame.seq };
}

/** The newer of two rows of one chat, with the farther of their marks. */
export function newerRow(known: ChatRow, come: ChatRow): ChatRow {
  const newer = come.seq >= known.seq ? come : { ...come, ...known, number: come.number, brand: come.brand };
  return {
    ...newer,
    visitor_marks: fartherMarks(known.visitor_marks, come.visitor_marks),
    my_marks: fartherMarks(known.my_marks, come.my_marks),
  };
}

/** Marks never go back. */
export function fartherMarks(a: ChatRow['my_marks'], b: ChatRow['my_marks']): ChatRow['my_marks'] {
  return { delivered: Math.max(a.delivered, b.delivered), read: Math.max(a.read, b.read) };
}

function changes(row: ChatRow, event: EventKind, at: string): Partial<ChatRow> {
  switch (event.kind) {
    case 'started':
      return {
        brand: event.brand,
        department: event.department,
        visitor: { name: event.name, email: event.email },
        started_at: at,
        queued_at: at,
      };
    case 'queued':
      return { state: 'waiting', group: event.group, queued_at: at };
    case 'assigned':
      return {
        state: 'active',
        group: event.group,
        owner: { id: event.operator, name: event.name },
        assigned_at: row.assigned_at ?? at,
        idle_since: row.idle_since ?? at,
      };
    case 'transferred':
      return { group: event.group, owner: { id: event.operator, name: event.name } };
    case 'message': {
      const messages = row.messages + 1;
      if (event.from.role === 'operator') return event.to === 'everyone' ? { messages, idle_since: at } : { messages };
      const asked = event.from.role === 'visitor' && row.question === undefined;
      return asked ? { messages, question: event.text } : { messages };
    }
    case 'visitor_away':
      return { visitor_away: true };
    case 'visitor_back':
      return { visitor_away: false };
    case 'ended':
      return { state: 'ended', ended_at: at, ended_by: event.by, ended_why: event.why };
    default:
      return {};
  }
}
