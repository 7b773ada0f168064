// What the console and the widget share: the contract's types, and a client that keeps its promises.

import type {
  AckFrame, ErrorFrame, EventFrame, EventKind, OperatorMarks, OperatorNotice, ResumedFrame, VisitorEvent, VisitorMarks,
  VisitorNotice,
} from './types';

export type * from './types';
export { newId } from './ids';
export { Backoff } from './backoff';
export { Connection, SUBPROTOCOL } from './socket';
export type { ConnectionOptions, ConnectionState, Socket } from './socket';
export { Outbox } from './outbox';
export type { Command, Entry, OutboxOptions } from './outbox';
export { leaseHolder, lockHolder, memoryShelf, shelfOf } from './shelf';
export type { Holder, Shelf } from './shelf';
export { Positions } from './resume';
export type { PositionsOptions } from './resume';

/** All frames that a client handles, `Notice` being its own side's; beats and `reconnect` stay with the connection. */
type ServerFrame<Notice, Event, Marks> = Notice | EventFrame<Event> | AckFrame | ErrorFrame | ResumedFrame<Marks>;

/** What a visitor's socket gets. */
export type VisitorFrame = ServerFrame<VisitorNotice, VisitorEvent, VisitorMarks>;

/** What an operator's socket gets. */
export type OperatorFrame = ServerFrame<OperatorNotice, EventKind, OperatorMarks>;
