// Made from the types in engine/src/protocol ; WRITE_TYPES=1 makes the test that compares them write them

/** Stored durably. */
export type Ack = { type: "ack", id: string, chat?: string, seq?: number };

/** Refused, or not known whether it was stored. */
export type ErrorFrame = { type: "error", id?: string, chat?: string } & Failure;

/** A fact of a chat. Only the sender's own sockets see `command`, the id it came from. */
export type EventFrame<Event> = { type: "event", chat: string, seq: number, at: string, event: Event, command?: string };

/** The end of a page of history; there is more while `through` is below `last`. */
export type Resumed<Marks> = { type: "resumed", chat: string, through: number, last: number, marks: Marks };

/** The server is there. */
export type Beat = { type: "beat" };

/** The server is about to close this socket: come back after that time. */
export type Reconnect = { type: "reconnect", after_ms: number };

/**
 * What a visitor is told of a department or brand.
 */
export type Availability = "offline" | "busy" | "online";

/**
 * The state of a chat.
 */
export type ChatPhase = "waiting" | "active" | "ended";

/**
 * What went wrong, for programs.
 */
export type Code = "bad_frame" | "unknown_type" | "too_large" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "invalid" | "rate_limited" | "unavailable" | "internal";

/**
 * Ends the chat.
 */
export type End = { 
/**
 * The command's id.
 */
id: string, };

/**
 * Who ended a chat.
 */
export type EndedBy = "visitor" | "operator" | "system";

/**
 * Why a chat ended.
 */
export type EndedWhy = "closed" | "left" | "timed_out" | "sent_to_form" | "offline" | "group_deleted" | "blocked";

/**
 * An error as it goes to a client.
 */
export type Failure = { 
/**
 * The code.
 */
code: Code, 
/**
 * What happened and what to do, for people.
 */
message: string, 
/**
 * With `conflict`.
 */
why?: Why, 
/**
 * With `invalid`, and with `conflict`, `why: taken`, where a field is to blame.
 */
field?: string, 
/**
 * With `rate_limited`, in milliseconds.
 */
retry_after_ms?: number, 
/**
 * With `internal`: the answer is remembered, do not send it again.
 */
final?: boolean, 
/**
 * With `conflict`, `why: taken`: the name of the one who has it.
 */
by?: string, };

/**
 * Whether a field is asked for.
 */
export type FieldRule = "hidden" | "optional" | "required";

/**
 * See PROTOCOL, Life of a connection.
 */
export type Hello = { 
/**
 * The brand's key.
 */
brand: string, 
/**
 * What an earlier `welcome` gave; it is the visitor.
 */
token?: string, 
/**
 * Who the visitor is, signed by the brand's own server: a JWT whose `sub` is its name for them.
 */
identity?: string, 
/**
 * A language tag such as `pt-BR`.
 */
language?: string, 
/**
 * The page the widget is on.
 */
page?: Page, 
/**
 * What the page says of its visitor: texts, numbers, `true` and `false`. Others are left out.
 */
variables?: Record<string, string | number | boolean>, 
/**
 * Continues a chat.
 */
resume?: Resume, };

/**
 * Leaves a message: what the off-line form holds.
 */
export type LeaveMessage = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The visitor's name.
 */
name?: string, 
/**
 * Where an answer goes.
 */
email: string, 
/**
 * What is to be answered.
 */
text: string, 
/**
 * Whom it is for; none is everybody.
 */
department?: string, };

/**
 * A mark: all up to `seq`.
 */
export type Mark = { 
/**
 * The number, in the sender's own numbering.
 */
seq: number, };

/**
 * How far one side is.
 */
export type MarkPair = { 
/**
 * All up to this number has arrived.
 */
delivered: number, 
/**
 * All up to this number was seen.
 */
read: number, };

/**
 * A page of the website.
 */
export type Page = { 
/**
 * Its address.
 */
url: string, 
/**
 * Its title.
 */
title: string, 
/**
 * Where the visitor came from.
 */
referrer?: string, };

/**
 * Asks for the events of a chat after a number, in the sender's own numbering.
 */
export type Resume = { 
/**
 * The chat.
 */
chat: string, 
/**
 * The last `seq` that is known; 0 for all.
 */
after: number, };

/**
 * Who wrote or did something.
 */
export type Role = "visitor" | "operator" | "system";

/**
 * Writes a message.
 */
export type Say = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The text.
 */
text: string, };

/**
 * Begins a chat.
 */
export type Start = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The visitor's name.
 */
name?: string, 
/**
 * The visitor's address.
 */
email?: string, 
/**
 * Required where there are two or more.
 */
department?: string, 
/**
 * The first message.
 */
question?: string, 
/**
 * The operator whom the page or the link names: waited for a while, where they are in the group.
 */
operator?: string, };

/**
 * Writes, or stopped.
 */
export type Typing = { 
/**
 * Whether the visitor writes.
 */
on: boolean, 
/**
 * What is in the box.
 */
preview?: string, };

/**
 * Who wrote a message, without an operator's id.
 */
export type VisitorAuthor = { 
/**
 * In which role.
 */
role: Role, 
/**
 * The name to show.
 */
name?: string, };

/**
 * A chat, as its visitor sees it.
 */
export type VisitorChat = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its state.
 */
state: ChatPhase, 
/**
 * The visitor's number of the last event.
 */
seq: number, 
/**
 * How far each side is, in the visitor's numbering.
 */
marks: VisitorMarks, 
/**
 * Visitors ahead, while it waits.
 */
ahead?: number, 
/**
 * They do not all look for the same operators, or not in order, so that it is about that many.
 */
about?: boolean, 
/**
 * Seconds that the visitor will wait, as was said last.
 */
estimate_s?: number, 
/**
 * What the group says beside the place in its queue.
 */
queue_text?: string, 
/**
 * The operator's name, while it runs.
 */
operator?: string, };

/**
 * A frame from a visitor.
 */
export type VisitorCommand = { "type": "hello" } & Hello | { "type": "start" } & Start | { "type": "say" } & Say | { "type": "typing" } & Typing | { "type": "delivered" } & Mark | { "type": "read" } & Mark | { "type": "page" } & Page | { "type": "resume" } & Resume | { "type": "end" } & End | { "type": "leave_message" } & LeaveMessage;

/**
 * What a visitor sees of an event.
 */
export type VisitorEvent = { "kind": "started" } | { "kind": "queued" } | { "kind": "assigned", 
/**
 * The operator's name.
 */
name: string, } | { "kind": "transferred", 
/**
 * The operator's name.
 */
name: string, } | { "kind": "joined", 
/**
 * The operator's name.
 */
name: string, } | { "kind": "left", 
/**
 * The operator's name.
 */
name: string, } | { "kind": "message", 
/**
 * Unique within the chat.
 */
id: string, 
/**
 * Who wrote it.
 */
from: VisitorAuthor, 
/**
 * The text.
 */
text: string, 
/**
 * Ids of files.
 */
files: Array<string>, 
/**
 * Always `everyone`: others never reach a visitor.
 */
to: string, } | { "kind": "visitor_away" } | { "kind": "visitor_back" } | { "kind": "ended", 
/**
 * Who ended it.
 */
by: EndedBy, 
/**
 * Why.
 */
why: EndedWhy, } | { "kind": "erased" };

/**
 * Marks of both sides of a chat, in the visitor's numbering.
 */
export type VisitorMarks = { 
/**
 * The visitor's own side.
 */
visitor: MarkPair, 
/**
 * The farthest of the operators.
 */
operators: MarkPair, };

/**
 * A frame to a visitor, events aside: those are [`VisitorEvent`] in an [`crate::protocol::frame::EventFrame`].
 */
export type VisitorNotice = { "type": "welcome" } & Welcome | { "type": "state", 
/**
 * What it is.
 */
state: Availability, 
/**
 * The department; none is the brand.
 */
department?: string, } | { "type": "queue", 
/**
 * Visitors who would be served before.
 */
ahead: number, 
/**
 * They do not all look for the same operators, or not in order: some may be served later, or some behind sooner.
 */
about?: boolean, 
/**
 * Seconds that the visitor will wait from now on, where that can be said.
 */
estimate_s?: number, 
/**
 * What the group says beside it, with `{ahead}` and `{wait}` to be put in; none: the usual words.
 */
text?: string, } | { "type": "typing", 
/**
 * Whether.
 */
on: boolean, 
/**
 * Who.
 */
name?: string, } | { "type": "delivered", 
/**
 * All up to this number, in the visitor's numbering.
 */
seq: number, } | { "type": "read", 
/**
 * All up to this number, in the visitor's numbering.
 */
seq: number, };

/**
 * The answer to `hello`.
 */
export type Welcome = { 
/**
 * Keep it; it is the visitor.
 */
token: string, 
/**
 * The visitor's id.
 */
visitor: string, 
/**
 * The identity of the `hello` was accepted: the token is good only together with one for the same subject.
 */
verified?: boolean, 
/**
 * Availability of the brand.
 */
state: Availability, 
/**
 * The chat that runs, or the last one that ended.
 */
chat?: VisitorChat, 
/**
 * All that the brand's window shows.
 */
window: Window, 
/**
 * The server's clock.
 */
server_time: string, };

/**
 * The welcome screen.
 */
export type WelcomeScreen = { 
/**
 * Off: the chat starts at once.
 */
on: boolean, 
/**
 * The name.
 */
name: FieldRule, 
/**
 * The e-mail address.
 */
email: FieldRule, 
/**
 * The question.
 */
question: FieldRule, };

/**
 * What `conflict` means in particular.
 */
export type Why = "offline" | "taken" | "expired" | "withdrawn" | "ended" | "id" | "open" | "capacity" | "state" | "full" | "changed";

/**
 * All that the brand's window shows.
 */
export type Window = { 
/**
 * The brand's name.
 */
name: string, 
/**
 * The brand's colour, `#rrggbb`.
 */
color: string, 
/**
 * The language the texts are in.
 */
language: string, 
/**
 * Whether the welcome screen is shown, and its fields.
 */
welcome: WelcomeScreen, 
/**
 * What may be chosen, in the order to show.
 */
departments: Array<WindowDepartment>, 
/**
 * Texts by key, where the brand has its own.
 */
texts: { [key in string]: string }, };

/**
 * A department in the window.
 */
export type WindowDepartment = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Whether somebody answers there.
 */
state: Availability, };
