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
 * Answers an offer.
 */
export type Answer = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The offer.
 */
offer: string, };

/**
 * How an operator came to own a chat.
 */
export type AssignedBy = "accepted" | "automatic" | "taken" | "taken_over";

/**
 * Whom a message is for.
 */
export type Audience = "everyone" | "operators" | "coaching";

/**
 * The author of a message, with the name as it was when it was written.
 */
export type Author = { 
/**
 * In which role.
 */
role: Role, 
/**
 * The operator's id; visitors have none here, there is one to a chat.
 */
id?: string, 
/**
 * The name to show.
 */
name?: string, };

/**
 * Why somebody is away who has not said so.
 */
export type AwayWhy = "inactive" | "offers_expired";

/**
 * Which chats: all criteria must hold.
 */
export type ChatFilter = { 
/**
 * In this state.
 */
state?: ChatPhase, 
/**
 * Owned, now or at last, by this operator.
 */
operator?: string, 
/**
 * In this group.
 */
group?: string, };

/**
 * The order of a list.
 */
export type ChatOrder = "latest" | "longest_waiting";

/**
 * The state of a chat.
 */
export type ChatPhase = "waiting" | "active" | "ended";

/**
 * A chat in a list: the same form in `welcome`, `rows` and over HTTP.
 */
export type ChatRow = { 
/**
 * Id.
 */
id: string, 
/**
 * The account's number of it.
 */
number: number, 
/**
 * State.
 */
state: ChatPhase, 
/**
 * Brand.
 */
brand: string, 
/**
 * Department, where one was chosen.
 */
department?: string, 
/**
 * Group.
 */
group: string, 
/**
 * Visitor.
 */
visitor: RowVisitor, 
/**
 * The operator who owns it, or owned it at last.
 */
owner?: Person, 
/**
 * When it began.
 */
started_at: string, 
/**
 * When it entered the queue it is or was in.
 */
queued_at: string, 
/**
 * When it was assigned at first.
 */
assigned_at?: string, 
/**
 * When it ended.
 */
ended_at?: string, 
/**
 * Who ended it.
 */
ended_by?: EndedBy, 
/**
 * Why it ended.
 */
ended_why?: EndedWhy, 
/**
 * Idle since: when an operator last wrote, or the assignment.
 */
idle_since?: string, 
/**
 * The visitor has been gone for a while.
 */
visitor_away: boolean, 
/**
 * Messages so far.
 */
messages: number, 
/**
 * The first question.
 */
question?: string, 
/**
 * The operators' number of the last event.
 */
seq: number, 
/**
 * How far the visitor is, in the operators' numbering.
 */
visitor_marks: MarkPair, 
/**
 * How far oneself is, in the operators' numbering.
 */
my_marks: MarkPair, };

/**
 * What went wrong, for programs.
 */
export type Code = "bad_frame" | "unknown_type" | "too_large" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "invalid" | "rate_limited" | "unavailable" | "internal";

/**
 * Who ended a chat.
 */
export type EndedBy = "visitor" | "operator" | "system";

/**
 * Why a chat ended.
 */
export type EndedWhy = "closed" | "left" | "timed_out" | "sent_to_form" | "offline" | "group_deleted" | "blocked";

/**
 * A fact of one chat, as it is stored and as operators see it.
 */
export type EventKind = { "kind": "started", 
/**
 * The brand the visitor was on.
 */
brand: string, 
/**
 * The department chosen, where there is a choice.
 */
department?: string, 
/**
 * The visitor's name; none is a guest.
 */
name?: string, 
/**
 * The visitor's address, as given.
 */
email?: string, 
/**
 * The page the chat began on.
 */
page?: string, 
/**
 * The language that the visitor's browser or page asked for.
 */
language?: string, 
/**
 * What the page said of the visitor; nobody has vouched for it.
 */
variables?: { [key in string]: string }, 
/**
 * What the brand's server has signed of the visitor.
 */
verified?: { [key in string]: string }, 
/**
 * The operator whom the page named.
 */
wanted?: string, } | { "kind": "queued", 
/**
 * The group.
 */
group: string, } | { "kind": "offered", 
/**
 * The offer; its `seq` is this event's, or that of the first one where operators are added to a ring at all.
 */
offer: string, 
/**
 * Who is rung.
 */
operator: string, 
/**
 * The operator's name.
 */
name: string, 
/**
 * Who is rung beside them, where the group rings at all who are free: the first to accept has the chat.
 */
others?: Array<Rung>, 
/**
 * The group it is offered for.
 */
group: string, 
/**
 * How it came to be.
 */
offer_kind: OfferKind, 
/**
 * When it stops ringing.
 */
expires_at: string, } | { "kind": "declined", 
/**
 * The offer that is over.
 */
offer: string, 
/**
 * Who declined.
 */
operator: string, } | { "kind": "expired", 
/**
 * The offer that is over.
 */
offer: string, 
/**
 * Who was rung.
 */
operator: string, 
/**
 * `expired`, or `withdrawn` when it is not the operator's fault.
 */
why: OfferEnd, } | { "kind": "assigned", 
/**
 * Who.
 */
operator: string, 
/**
 * The name the visitor sees.
 */
name: string, 
/**
 * For which group.
 */
group: string, 
/**
 * How.
 */
by: AssignedBy, 
/**
 * The offer that was accepted.
 */
offer?: string, } | { "kind": "transfer_asked", 
/**
 * The owner.
 */
operator: string, 
/**
 * The owner's name.
 */
name: string, 
/**
 * Who is asked; none: any member of the group.
 */
to?: Rung, 
/**
 * The group for which it is asked.
 */
group: string, 
/**
 * Why.
 */
reason?: string, 
/**
 * When it is over unless somebody has agreed.
 */
until: string, } | { "kind": "transferred", 
/**
 * Who.
 */
operator: string, 
/**
 * The name the visitor sees.
 */
name: string, 
/**
 * For which group.
 */
group: string, 
/**
 * Who owned it.
 */
from: Rung, 
/**
 * The offer that was accepted.
 */
offer: string, } | { "kind": "transfer_denied", 
/**
 * Who was asked last, where somebody was.
 */
operator?: Rung, 
/**
 * `declined`, `expired`, or `withdrawn` when it was taken back.
 */
why: OfferEnd, } | { "kind": "invited", 
/**
 * The owner.
 */
operator: string, 
/**
 * The owner's name.
 */
name: string, 
/**
 * Who is asked; none: any member of the group.
 */
to?: Rung, 
/**
 * The group for which it is asked.
 */
group: string, 
/**
 * Why.
 */
reason?: string, 
/**
 * Whether the owner stays when somebody comes.
 */
stay: boolean, 
/**
 * When it is over unless somebody has agreed.
 */
until: string, } | { "kind": "joined", 
/**
 * Who.
 */
operator: string, 
/**
 * The name the visitor sees.
 */
name: string, 
/**
 * For which group.
 */
group: string, 
/**
 * The offer that was accepted.
 */
offer: string, } | { "kind": "invite_denied", 
/**
 * Who was asked last, where somebody was.
 */
operator?: Rung, 
/**
 * `declined`, `expired`, or `withdrawn` when it was taken back.
 */
why: OfferEnd, } | { "kind": "left", 
/**
 * Who.
 */
operator: string, 
/**
 * The name the visitor sees.
 */
name: string, } | { "kind": "message" } & Message | { "kind": "visitor_away" } | { "kind": "visitor_back" } | { "kind": "ended", 
/**
 * Who ended it.
 */
by: EndedBy, 
/**
 * Why.
 */
why: EndedWhy, 
/**
 * The operator who ended it.
 */
operator?: string, } | { "kind": "erased" };

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
 * How a member gets chats of the group.
 */
export type Handling = "primary" | "secondary" | "pull";

/**
 * First of all.
 */
export type Hello = { 
/**
 * Chats to continue.
 */
resume?: Array<Resume>, };

/**
 * Asks a colleague to come in.
 */
export type Invite = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The chat.
 */
chat: string, 
/**
 * Whom.
 */
to: Whom, 
/**
 * Whether one stays when somebody comes; otherwise the chat is theirs then.
 */
stay: boolean, 
/**
 * Why; for operators only.
 */
reason?: string, };

/**
 * A message that was left, as operators see it.
 */
export type LeftMessageRow = { 
/**
 * Id.
 */
id: string, 
/**
 * How far people are with it.
 */
state: LeftState, 
/**
 * The brand it was left on.
 */
brand: string, 
/**
 * Whom it is for; none is everybody.
 */
department?: string, 
/**
 * The name, as given.
 */
name?: string, 
/**
 * Where an answer goes.
 */
email: string, 
/**
 * What was written.
 */
text: string, 
/**
 * The chat that nobody answered, where there was one.
 */
chat?: string, 
/**
 * The page it was left on.
 */
page?: string, 
/**
 * The language of the visitor's browser.
 */
language?: string, 
/**
 * When it was left.
 */
created_at: string, };

/**
 * How far people are with a message that was left.
 */
export type LeftState = "new" | "answered_outside" | "done";

/**
 * A part of a list.
 */
export type ListWindow = { 
/**
 * Rows before the first one.
 */
offset: number, 
/**
 * Rows; at most 200.
 */
limit: number, };

/**
 * A mark in a chat.
 */
export type Mark = { 
/**
 * The chat.
 */
chat: string, 
/**
 * The number, in the operators' numbering.
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
 * A message as it is stored.
 */
export type Message = { 
/**
 * Unique within the chat.
 */
id: string, 
/**
 * Who wrote it.
 */
from: Author, 
/**
 * The text; empty when there are only files.
 */
text: string, 
/**
 * Ids of attached files.
 */
files: Array<string>, 
/**
 * Whom it is for.
 */
to: Audience, };

/**
 * A group one is a member of.
 */
export type MyGroup = { 
/**
 * Id.
 */
id: string, 
/**
 * Name.
 */
name: string, 
/**
 * Its department.
 */
department: string, 
/**
 * How its chats come.
 */
handling: Handling, 
/**
 * Chats of it held at once.
 */
limit: number | null, 
/**
 * Whether one receives from it, as far as the profile lets one.
 */
active: boolean, 
/**
 * The chosen profile leaves it out: nothing comes from it, active or not.
 */
left_out: boolean, 
/**
 * Chats that wait in it.
 */
waiting: number, };

/**
 * What one is in one of one's groups.
 */
export type MyMembership = { 
/**
 * The group.
 */
group: string, 
/**
 * How its chats come.
 */
handling: Handling, 
/**
 * Chats of it held at once.
 */
limit: number | null, 
/**
 * Whether its chats are wanted.
 */
active: boolean, 
/**
 * The chosen profile leaves it out.
 */
left_out: boolean, };

/**
 * Oneself.
 */
export type Myself = { 
/**
 * Id.
 */
id: string, 
/**
 * The name colleagues and visitors see.
 */
name: string, 
/**
 * The address one signs in with.
 */
email: string, 
/**
 * Role.
 */
role: StaffRole, 
/**
 * Chats held at once over all groups; none is unlimited.
 */
limit: number | null, };

/**
 * A chat that rings.
 */
export type Offer = { 
/**
 * The offer's id.
 */
offer: string, 
/**
 * The chat.
 */
chat: string, 
/**
 * The group it is offered for.
 */
group: string, 
/**
 * Who asks.
 */
visitor: RowVisitor, 
/**
 * The first question.
 */
question?: string, 
/**
 * How it came to be. On the wire `kind`, as in PROTOCOL.
 */
kind: OfferKind, 
/**
 * When the chat entered the queue.
 */
queued_at: string, 
/**
 * When it stops ringing.
 */
expires_at?: string, 
/**
 * The colleague who asks, with a transfer or an invitation.
 */
from?: Rung, 
/**
 * Why they ask.
 */
reason?: string, };

/**
 * Why an offer is over without its chat being over.
 */
export type OfferEnd = "taken" | "expired" | "withdrawn" | "ended" | "declined";

/**
 * How an offer came to be.
 */
export type OfferKind = "new" | "transfer" | "invite";

/**
 * A command that needs nothing but the chat.
 */
export type OnChat = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The chat.
 */
chat: string, };

/**
 * A frame from an operator.
 */
export type OperatorCommand = { "type": "hello" } & Hello | { "type": "status" } & SetStatus | { "type": "membership_status" } & SetMembership | { "type": "active", } | { "type": "accept" } & Answer | { "type": "decline" } & Answer | { "type": "send_to_form" } & SendToForm | { "type": "say" } & Say | { "type": "typing" } & Typing | { "type": "delivered" } & Mark | { "type": "read" } & Mark | { "type": "take" } & OnChat | { "type": "transfer" } & Transfer | { "type": "invite" } & Invite | { "type": "leave" } & OnChat | { "type": "end" } & OnChat | { "type": "resume" } & Resume | { "type": "subscribe" } & Subscribe | { "type": "unsubscribe" } & Unsubscribe;

/**
 * How far the visitor and oneself are, in the operators' numbering; in `resumed`.
 */
export type OperatorMarks = { 
/**
 * The visitor.
 */
visitor: MarkPair, 
/**
 * Oneself.
 */
mine: MarkPair, };

/**
 * A frame to an operator, events aside.
 */
export type OperatorNotice = { "type": "welcome" } & Welcome | { "type": "offer" } & Offer | { "type": "offer_gone", 
/**
 * The offer.
 */
offer: string, 
/**
 * Its chat.
 */
chat: string, 
/**
 * Why.
 */
why: OfferEnd, 
/**
 * Who has it.
 */
by?: string, } | { "type": "queue", 
/**
 * The group.
 */
group: string, 
/**
 * Chats that wait.
 */
waiting: number, 
/**
 * How long the first of them has, in seconds.
 */
longest_s: number, } | { "type": "rows", 
/**
 * `chats`.
 */
topic: string, 
/**
 * The `subscribe` command's id.
 */
subscription: string, 
/**
 * All rows of the list, beyond this window too.
 */
total: number, 
/**
 * The rows of the window.
 */
rows: Array<ChatRow>, } | { "type": "left_messages", 
/**
 * How many of those that one may see are new.
 */
new: number, } | { "type": "typing", 
/**
 * The chat.
 */
chat: string, 
/**
 * In which role.
 */
role: Role, 
/**
 * Whether.
 */
on: boolean, 
/**
 * Who.
 */
name?: string, 
/**
 * What is in the visitor's box.
 */
preview?: string, } | { "type": "delivered", 
/**
 * The chat.
 */
chat: string, 
/**
 * Whose mark: the visitor's, or an operator's.
 */
role: Role, 
/**
 * Which operator.
 */
operator?: string, 
/**
 * All up to this number, in the operators' numbering.
 */
seq: number, } | { "type": "read", 
/**
 * The chat.
 */
chat: string, 
/**
 * Whose mark: the visitor's, or an operator's.
 */
role: Role, 
/**
 * Which operator.
 */
operator?: string, 
/**
 * All up to this number, in the operators' numbering.
 */
seq: number, } | { "type": "status", 
/**
 * What it is.
 */
status: Status, 
/**
 * Since when.
 */
since: string, 
/**
 * Why, when the operator has not said so.
 */
why?: AwayWhy, } | { "type": "receiving" } & Receiving | { "type": "operators", 
/**
 * `members:ID` or `operator:ID`.
 */
topic: string, 
/**
 * At most 200; more follow in frames of their own.
 */
operators: Array<OperatorNow>, 
/**
 * Who was told of before and belongs to the topic no more; at most 200 likewise.
 */
gone: Array<string>, };

/**
 * Whether somebody is there, and from which groups they receive.
 */
export type OperatorNow = { 
/**
 * Who.
 */
operator: string, 
/**
 * Status.
 */
status: Status, 
/**
 * Since when.
 */
since: string, 
/**
 * The chosen profile; none is all their groups.
 */
profile?: string, 
/**
 * By id: of the members of a group that group alone, of one operator all of theirs.
 */
groups: Array<ReceivingFrom>, };

/**
 * One thing that may be allowed.
 */
export type Permission = "answer" | "read_group_chats" | "read_all_chats" | "take_chats" | "end_any_chat" | "set_status" | "read_staff" | "manage_staff";

/**
 * An operator in a list.
 */
export type Person = { 
/**
 * Id.
 */
id: string, 
/**
 * Name.
 */
name: string, };

/**
 * From which of one's groups one receives, how, and how much.
 */
export type Receiving = { 
/**
 * The chosen profile; none is all one's groups.
 */
profile?: string, 
/**
 * Chats held at once over all groups; none is unlimited.
 */
limit: number | null, 
/**
 * One's groups.
 */
groups: Array<MyMembership>, };

/**
 * Whether somebody receives from one of their groups.
 */
export type ReceivingFrom = { 
/**
 * The group.
 */
group: string, 
/**
 * Whether its chats are wanted.
 */
active: boolean, 
/**
 * The chosen profile leaves it out.
 */
left_out: boolean, };

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
 * A visitor in a list.
 */
export type RowVisitor = { 
/**
 * The name; none is a guest.
 */
name?: string, 
/**
 * The address, as it was typed.
 */
email?: string, 
/**
 * The name by which the brand's own server knows the visitor, as it has signed; none: nobody has vouched for them.
 */
subject?: string, };

/**
 * An operator who is rung, with the name as it was.
 */
export type Rung = { 
/**
 * Id.
 */
id: string, 
/**
 * Name.
 */
name: string, };

/**
 * Writes a message.
 */
export type Say = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The chat.
 */
chat: string, 
/**
 * The text.
 */
text: string, 
/**
 * Whom it is for.
 */
to: Audience, };

/**
 * A chat is for the contact form: one that rings here, or one that is named.
 */
export type SendToForm = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The offer.
 */
offer?: string, 
/**
 * Or the chat.
 */
chat?: string, };

/**
 * Sets whether an operator receives from a group.
 */
export type SetMembership = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The group.
 */
group: string, 
/**
 * Whether its chats are wanted.
 */
active: boolean, 
/**
 * Whose membership; none is one's own.
 */
operator?: string, };

/**
 * Changes one's status.
 */
export type SetStatus = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The new status.
 */
status: Status, };

/**
 * A named set of permissions.
 */
export type StaffRole = "administrator" | "manager" | "operator";

/**
 * What an operator's status is.
 */
export type Status = "online" | "away" | "busy" | "offline";

/**
 * Asks for a live list.
 */
export type Subscribe = { 
/**
 * The command's id; `rows` bear it as `subscription`.
 */
id: string, 
/**
 * `chats`, `group:ID`, `members:ID`, `operator:ID`, or `left_messages`.
 */
topic: string, 
/**
 * With `chats`: which.
 */
filter?: ChatFilter, 
/**
 * With `chats`: in which order.
 */
order?: ChatOrder, 
/**
 * With `chats`: which part of the list.
 */
window?: ListWindow, };

/**
 * Asks a colleague to take a chat over.
 */
export type Transfer = { 
/**
 * The command's id.
 */
id: string, 
/**
 * The chat.
 */
chat: string, 
/**
 * Whom.
 */
to: Whom, 
/**
 * Why; for operators only.
 */
reason: string, };

/**
 * Writes, or stopped.
 */
export type Typing = { 
/**
 * The chat.
 */
chat: string, 
/**
 * Whether the operator writes.
 */
on: boolean, };

/**
 * Ends a live list.
 */
export type Unsubscribe = { 
/**
 * The command's id.
 */
id: string, 
/**
 * `chats`, `group:ID`, `members:ID`, `operator:ID`, or `left_messages`.
 */
topic: string, 
/**
 * With `chats`: the `subscribe` command's id; without it all lists of the topic end.
 */
subscription?: string, };

/**
 * The answer to `hello`.
 */
export type Welcome = { 
/**
 * Oneself.
 */
operator: Myself, 
/**
 * What one may do.
 */
permissions: Array<Permission>, 
/**
 * One's status.
 */
status: Status, 
/**
 * Since when.
 */
status_since: string, 
/**
 * Seconds that the status is kept once one's last window is lost.
 */
grace_s: number, 
/**
 * One's groups.
 */
groups: Array<MyGroup>, 
/**
 * The chosen profile; none is all one's groups.
 */
profile?: string, 
/**
 * One's running chats, at most 200.
 */
chats: Array<ChatRow>, 
/**
 * What rings.
 */
offers: Array<Offer>, 
/**
 * Where the list of running chats goes on: `GET /chats?cursor=…`.
 */
next?: string, 
/**
 * The server's clock.
 */
server_time: string, };

/**
 * Whom a colleague asks. A group alone: any member of it whom it finds. A brand alone, with a transfer: the group that a
 * new chat of the brand would enter now.
 */
export type Whom = { 
/**
 * The brand.
 */
brand?: string, 
/**
 * The group; with an operator: the one for which the chat counts.
 */
group?: string, 
/**
 * The operator.
 */
operator?: string, };

/**
 * What `conflict` means in particular.
 */
export type Why = "offline" | "taken" | "expired" | "withdrawn" | "ended" | "id" | "open" | "capacity" | "state" | "full" | "changed";
