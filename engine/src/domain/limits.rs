//! Every cap of the engine, with its unit and its reason. What a setting can change says so; the rest is fixed.

mod store;

use std::ops::RangeInclusive;
use std::time::Duration;

pub use self::store::*;

/// Parts of the id space; one byte of a chat's id. More than any sensible number of nodes, few enough to list.
pub const SHARDS: u16 = 256;

/// Bytes of an id that a client chooses (PROTOCOL: 1 to 64).
pub const ID_LENGTH_MAX: usize = 64;

// ---- frames ----------------------------------------------------------------------------------------------------

/// Bytes of the largest frame a client may send (PROTOCOL: 64 KiB).
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Frames that one fragmented message may come in: proxies cut at 64 bytes at the smallest.
pub const FRAGMENTS_MAX: u32 = 1024;
/// Characters of one message: some ten screens of a chat window; four bytes each still fit a frame.
pub const MESSAGE_CHARS_MAX: usize = 10_000;
/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// Characters of an e-mail address (RFC 5321, section 4.5.3.1.3: 256 with the angle brackets).
pub const EMAIL_CHARS_MAX: usize = 254;
/// Characters of the question on the welcome screen.
pub const QUESTION_CHARS_MAX: usize = 2_000;
/// Characters of the text beside the place in a queue: some six lines of the window.
pub const QUEUE_TEXT_CHARS_MAX: usize = 500;
/// Characters of a page's address: what browsers and proxies agree on.
pub const URL_CHARS_MAX: usize = 2_048;
/// Characters of a page's title.
pub const TITLE_CHARS_MAX: usize = 300;
/// Characters of a typing preview that are passed on: one line of the console.
pub const PREVIEW_CHARS_MAX: usize = 200;
/// Entries of `fields` or `variables` in a frame.
pub const FIELDS_MAX: usize = 50;
/// Characters of one field's or variable's value.
pub const FIELD_CHARS_MAX: usize = 1_000;
/// Characters of a variable's name: as of other names that people choose.
pub const VARIABLE_NAME_CHARS_MAX: usize = 64;

// ---- pages of events -------------------------------------------------------------------------------------------

/// Events of one page of history (PROTOCOL: 200).
pub const PAGE_EVENTS_MAX: usize = 200;
/// Bytes of one page of history (PROTOCOL: 256 KiB).
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Chats that one `hello` continues: more than anybody holds, and fewer than a socket keeps in order.
pub const HELLO_RESUMES_MAX: usize = 512;
/// Chats, offers and rows of one `welcome` or `rows` frame (PROTOCOL: 200).
pub const ROWS_MAX: usize = 200;
/// Items of a list over HTTP unless asked otherwise, and at most.
pub const LIST_DEFAULT: u32 = 50;
/// See [`LIST_DEFAULT`].
pub const LIST_MAX: u32 = 200;
/// Live lists one operator socket may hold: a console shows a handful, a wall a dozen.
pub const SUBSCRIPTIONS_MAX: usize = 32;

// ---- life of a connection --------------------------------------------------------------------------------------

/// A socket must say `hello` within this time (PROTOCOL).
pub const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// After this silence of the server it sends `beat` (PROTOCOL).
pub const BEAT_AFTER: Duration = Duration::from_secs(20);
/// A client that was silent for this long is asked for a sign of life, whatever it is sent: three times before it would be
/// dropped.
pub const PING_AFTER: Duration = Duration::from_secs(20);
/// A client silent for this long is dropped (PROTOCOL).
pub const CLIENT_SILENCE_MAX: Duration = Duration::from_secs(60);
/// Bytes that may wait for one slow reader before it is cut off (promise: 1 MiB or 30 s).
pub const OUTBOX_BYTES_MAX: usize = 1024 * 1024;
/// How long a reader may read nothing while something waits for it (promise: 1 MiB or 30 s).
pub const OUTBOX_STALL_MAX: Duration = Duration::from_secs(30);
/// How often sockets are looked at for such readers: a tenth of that time.
pub const STALLS_EVERY: Duration = Duration::from_secs(3);
/// Commands a second that one visitor may send, in all tabs on a node, on average; a fast typist sends one. A setting
/// may raise it.
pub const VISITOR_COMMANDS_PER_SECOND: u32 = 20;
/// Commands that one visitor may send at once: an outbox that was written during a tunnel.
pub const VISITOR_COMMANDS_BURST: u32 = 60;
/// The same for an operator with many chats, who pastes and whose console reads, marks and resumes by itself.
pub const OPERATOR_COMMANDS_PER_SECOND: u32 = 100;
/// See [`OPERATOR_COMMANDS_PER_SECOND`].
pub const OPERATOR_COMMANDS_BURST: u32 = 600;
/// Frames a second that one visitor, or one operator's window, may have refused or dropped: a refusal costs the server
/// some µs, one of 64 KiB 0.2 ms. Past it the socket is not read for a while.
pub const REFUSED_FRAMES_PER_SECOND: u32 = 100;
/// The same at once: all that was sent behind a command that came too early is refused, too.
pub const REFUSED_FRAMES_BURST: u32 = 1000;
/// Frames that a socket may have refused before `hello`; a client that is only wrong gives up earlier.
pub const REFUSED_BEFORE_HELLO_MAX: u32 = 20;
/// Sockets of one visitor at once: tabs; more are replaced (4409), oldest first.
pub const VISITOR_SOCKETS_MAX: usize = 20;
/// Sockets of one operator at once: windows and devices.
pub const OPERATOR_SOCKETS_MAX: usize = 20;

// ---- actors ----------------------------------------------------------------------------------------------------

/// Messages in the mailbox of a chat's session; full means `unavailable`. At 1 µs each a full box drains in 0.3 ms.
pub const SESSION_MAILBOX: usize = 256;
/// Commands of one chat that may be under way at once; a commit of SQLite takes 0.5 ms, so this is 100,000 a second.
pub const SESSION_IN_FLIGHT_MAX: usize = 64;
/// Commands of one chat that may wait for appends under way: what an operator and a visitor may send at once
/// without being held up by their rate, and some more.
pub const SESSION_HELD_MAX: usize = 1024;
/// How long a connection waits for room in a full mailbox before it answers `unavailable`; nothing else of that
/// connection is read meanwhile.
pub const MAILBOX_PATIENCE: Duration = Duration::from_secs(2);
/// Messages in the mailbox of a group's queue.
pub const QUEUE_MAILBOX: usize = 4096;
/// Messages in the mailbox of an operator.
pub const OPERATOR_MAILBOX: usize = 1024;
/// Events of one chat; a day of one message each 5 s. Beyond it commands are refused with `conflict`, `why: full`.
pub const CHAT_EVENTS_MAX: u32 = 20_000;
/// A session whose chat is over, and that nobody reads, is put to rest after this time.
pub const SESSION_REST_AFTER: Duration = Duration::from_secs(30);
/// How often a waiting session tells its queue so until the queue's epoch has confirmed it.
pub const WAITING_REPEAT: Duration = Duration::from_secs(2);
/// How often a chat tells the groups that help its own that it waits, for one of their queues may have begun anew.
pub const GUEST_REPEAT: Duration = Duration::from_secs(5);
/// The same for the group that looks for a colleague: few chats are handed on at a time, and none for long.
pub const SEARCH_REPEAT: Duration = Duration::from_secs(2);
/// Chats of both kinds that a queue which begins anew asks whether they look for somebody there: more say it by themselves.
pub const GUESTS_ASKED_MAX: usize = 1_000;
/// How often a queue compares what it holds with the store; what it finds there is counted as a fault.
pub const QUEUE_RECONCILE: Duration = Duration::from_secs(5);
/// When in the day, after midnight of UTC, the counters of slots are held against the open chats: one short transaction an
/// account, at an hour in which most of Europe and Africa sleeps.
pub const RECOUNT_AT: Duration = Duration::from_secs(3 * 3600);

/// How often sockets and live lists are told what has changed (PROTOCOL: 4 updates a second).
pub const PULSE_EVERY: Duration = Duration::from_millis(250);
/// How long after the start running chats wait for their visitors before their sessions are woken anyway.
pub const WAKE_RUNNING_AFTER: Duration = Duration::from_secs(10);
/// Over how long a stopping node spreads the return of its sockets elsewhere.
pub const DRAIN_SPREAD: Duration = Duration::from_secs(20);

// ---- presence and waiting --------------------------------------------------------------------------------------

/// A lost operator keeps the status this long.
pub const OPERATOR_GRACE: Duration = Duration::from_secs(60);
/// What an account may set that to, in seconds: a reload takes 2 or 3, and nobody lets visitors wait an hour for one.
pub const OPERATOR_GRACE_S: RangeInclusive<u32> = 5..=900;
/// What an account may set the time without any doing to, in seconds, after which an operator is away: reading takes some
/// seconds, and no shift lasts longer than half a day.
pub const AWAY_AFTER_S: RangeInclusive<u32> = 10..=43_200;
/// A connection tells that its operator does something at most this often: away is counted in minutes.
pub const ACTIVITY_TOLD_EVERY: Duration = Duration::from_secs(1);
/// So long a request to remove a group or operator waits for the chats in the way; afterwards it goes on without it.
pub const CLOSING_ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How often the chats are told that are in the way of a group or operator about to be gone.
pub const CLOSING_EVERY: Duration = Duration::from_millis(500);
/// How often the chats of an operator who is lost are told that are not given back yet: soon enough for a visitor who waits.
pub const LOST_EVERY: Duration = Duration::from_secs(1);
/// How often a node writes down that its connected operators still are.
pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// A waiting visitor gone for this long ends as `left`.
pub const WAITING_VISITOR_GRACE: Duration = Duration::from_secs(60);
/// A visitor gone for this long in a running chat is shown as away: longer than a page change, shorter than a doubt.
pub const VISITOR_AWAY_AFTER: Duration = Duration::from_secs(5);
/// A chat that ended no longer ago is shown to its returning visitor; then the window begins anew.
pub const ENDED_CHAT_SHOWN: Duration = Duration::from_secs(3600);
/// An operator who let a chat go is not offered it again sooner (SPEC R4).
pub const OFFER_COOL_DOWN: Duration = Duration::from_secs(15);
/// How long a transfer or an invitation to a group looks for somebody: as long as a visitor bears being handed on.
pub const ASK_LASTS: Duration = Duration::from_secs(90);
/// Who just got a chat keeps it so long: of two who take it at once, the second must not take it from the first.
pub const TAKE_RESTS: Duration = Duration::from_secs(3);
/// Characters of the reason of a transfer or an invitation: it is read while it rings.
pub const REASON_CHARS_MAX: usize = 500;
/// How long an offer rings unless the group says otherwise.
pub const OFFER_EXPIRES_AFTER: Duration = Duration::from_secs(20);
/// How long a visitor waits for an operator unless the group says otherwise.
pub const CONNECTION_TIMEOUT: Duration = Duration::from_secs(300);
/// What an operator without any limit counts against when loads are compared (SPEC R3).
pub const UNLIMITED_COUNTS_AS: u32 = 10;
/// Seconds of waiting that one step of priority is worth (SPEC R6).
pub const PRIORITY_STEP: Duration = Duration::from_secs(60);
/// Visitors at the front of a queue who are told of a change at once (every 2 s at most); the others every 10 s.
pub const POSITION_FRONT: usize = 20;
/// See [`POSITION_FRONT`].
pub const POSITION_FRONT_EVERY: Duration = Duration::from_secs(2);
/// See [`POSITION_FRONT`].
pub const POSITION_BACK_EVERY: Duration = Duration::from_secs(10);
/// Chats behind the front that one look at the queue tells their position; the rest follows at once, behind what else came.
pub const POSITION_SLICE: usize = 1_000;
/// How long a queue waits for a chat's answer to a proposal before it counts as lost: ten slow commits.
pub const PROPOSAL_SETTLES_WITHIN: Duration = Duration::from_secs(5);
/// After a proposal that came to nothing, the chat (refused) or the operator (no slot) is left alone this long unless news come.
pub const PROPOSAL_REST: Duration = Duration::from_millis(500);
/// Members of a decision that are kept with their score (SPEC R12).
pub const DECISION_BEST_MAX: usize = 10;
/// Members of a group up to which a decision that is kept names each with the reason, some 45 bytes a member; of a larger
/// group the counts and the best tell enough.
pub const DECISION_MEMBERS_MAX: u32 = 20;
/// Waiting chats of a group whose reasons are looked at for the metric, once a second; more are counted with the others
/// that look among the same operators.
pub const REASONS_LOOKED_AT_MAX: usize = 200;
/// How long one queue may take to say why a chat waits: who looks at it is told that it does not answer, and asks again
/// every 2 s; it and all that help are answered for within the 10 s that clients wait.
pub const WHY_WAITING_WITHIN: Duration = Duration::from_secs(3);
/// Decisions kept with a chat, the latest: a chat that has been offered so often is explained by the last ones.
pub const DECISIONS_PER_CHAT_MAX: u32 = 50;
/// Classes of skills for which one group keeps an order of its own: each costs a step for each change of a
/// member who serves it. Chats of further classes are served as rightly, but somebody is looked for among all members.
pub const SKILL_CLASSES_MAX: usize = 64;
/// Characters of a skill's name: as of other names that people choose.
pub const SKILL_CHARS_MAX: usize = 64;
/// The best level of a skill: finer than ten steps nobody can judge.
pub const SKILL_LEVEL_MAX: u8 = 10;
/// Skills of one operator: more is not a person's any more.
pub const OPERATOR_SKILLS_MAX: usize = 100;
/// Skills that one chat may ask for: each is one more step of giving up.
pub const WISHED_SKILLS_MAX: usize = 8;
/// Groups to which one group may overflow: each is told of each chat that does.
pub const OVERFLOW_GROUPS_MAX: usize = 8;
/// Chats of a ring-all group that ring at once, the first that somebody may hear: what fits on an operator's screen.
pub const RING_ALL_CHATS_MAX: usize = 20;
/// How long the groups of an operator have to bid for a free slot: several hops between nodes; silence is no bid.
pub const BID_WITHIN: Duration = Duration::from_millis(100);
/// How long chats that wait in a group that turned off-line may hope (SPEC R5).
pub const OFFLINE_HOPE: Duration = Duration::from_secs(60);
/// How soon a chat that should have been turned away is told again.
pub const TURN_AWAY_REPEAT: Duration = Duration::from_secs(5);
/// Steps of priority of a chat whose operator was lost: a day, so that it is before all who came by themselves.
pub const REQUEUED_PRIORITY: i32 = 1_440;
/// Most and least steps of priority that settings may add up to: an hour and a half either way.
pub const PRIORITY_MAX: i32 = 90;
/// Variables that a brand trusts, and values that give steps of priority: more nobody overlooks, and each is compared
/// when a chat says that it waits.
pub const BRAND_VARIABLES_MAX: usize = 50;
/// Websites of a brand: its shop in many countries, and where they are tried.
pub const BRAND_ORIGINS_MAX: usize = 50;
/// How often it is looked whether the sender of a transfer that nobody took is there, and after which pause, while the
/// node that has them is being replaced: as long as a replacement takes.
pub const SENDER_LOOKS: u32 = 10;
/// How long the page of a sender who is off-line may take to be loaded again before it counts as closed: a cold start of
/// the console on a slow line.
pub const SENDER_RELOADS: Duration = Duration::from_secs(3);
/// See [`SENDER_LOOKS`].
pub const SENDER_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

// ---- who visitors are ------------------------------------------------------------------------------------------

/// Characters of the name by which a brand's server knows a visitor: as many as OpenID Connect allows a subject.
pub const SUBJECT_CHARS_MAX: usize = 255;
/// Bytes of a signed identity: as much as browsers and proxies take for a header, where sites send such tokens otherwise.
pub const IDENTITY_BYTES_MAX: usize = 8 * 1024;
/// By how much the clock of a brand's server may differ from ours.
pub const IDENTITY_LEEWAY: Duration = Duration::from_secs(60);
/// Keys of a brand at a time: one for each of a few servers, and as many that take over from them.
pub const IDENTITY_KEYS_MAX: usize = 8;
/// Characters of a key's name: as of other names that people choose.
pub const IDENTITY_KEY_NAME_CHARS_MAX: usize = 64;
/// Bytes of a secret that signs with HMAC-SHA-256 at least: as many as the hash has (RFC 7518 section 3.2).
pub const IDENTITY_SECRET_BYTES_MIN: usize = 32;
/// Bytes of a key as it is given: an RSA key of 8,192 bits as PEM has some 1,500.
pub const IDENTITY_KEY_BYTES_MAX: usize = 4 * 1024;
/// After this time what was seen of a group's pace counts half when a wait is estimated: some chats of each operator.
pub const PACE_HALF_LIFE: Duration = Duration::from_secs(600);
/// Chats of a group that are read when its queue begins, to know the pace it had: of so many it is wrong by 7 %, and they
/// are found in a few milliseconds.
pub const PACE_CHATS_MAX: usize = 200;
/// The most that counts of a time in which nothing happened in a queue, when its pace is found in what is stored: half of
/// [`PACE_HALF_LIFE`]. A server that was away is not told apart from a queue in which nobody came, left or was served.
pub const PACE_SILENCE_MAX: Duration = Duration::from_secs(300);
/// The longest wait that is told to anybody; beyond it no estimate is honest.
pub const ESTIMATE_MAX: Duration = Duration::from_secs(4 * 3600);
/// Up to which wait an estimate is told anew for which difference: nobody is told of seconds who waits an hour. Beyond the last
/// the last difference holds.
pub const ESTIMATE_STEPS: [(Duration, Duration); 3] = [
    (Duration::from_secs(60), Duration::from_secs(10)),
    (Duration::from_secs(600), Duration::from_secs(30)),
    (Duration::from_secs(3600), Duration::from_secs(120)),
];
/// Intervals of business hours on one day, and holidays, of one group.
pub const DAY_INTERVALS_MAX: usize = 8;
/// See [`DAY_INTERVALS_MAX`]: five years of them.
pub const HOLIDAYS_MAX: usize = 200;
/// The longest time that settings of routing may name, in seconds: a day, as for a time-out.
pub const RULE_SECONDS_MAX: u32 = 86_400;
/// The longest time a contact's last operator may be remembered, in days.
pub const LAST_OPERATOR_DAYS_MAX: u32 = 366;
/// The most by which what is stored may lie ahead of the machine's clock for time to go on from there after a restart:
/// a day is more than any wrong time zone; farther ahead the stored time is the wrong one, and would be kept for years.
pub const CLOCK_AHEAD_MAX: Duration = Duration::from_secs(24 * 3600);

// ---- sign-in ---------------------------------------------------------------------------------------------------

/// Wrong passwords for one account before a pause.
pub const SIGN_IN_TRIES: u32 = 5;
/// Wrong passwords from one address before a pause: an office behind one address has many forgetful people.
pub const SIGN_IN_TRIES_PER_ADDRESS: u32 = 50;
/// The pause.
pub const SIGN_IN_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Passwords hashed at once: each hash takes 19 MiB and some 20 ms of one core.
pub const HASHES_AT_ONCE: usize = 2;
/// Sign-ins that may wait for a hash: a second's work; more are answered `rate_limited`.
pub const SIGN_INS_WAITING_MAX: usize = 64;
/// When a sign-in that found too many others is worth a new try.
pub const SIGN_IN_RETRY_AFTER: Duration = Duration::from_secs(2);
/// A browser session ends after this time without use.
pub const SESSION_IDLE_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often sessions with open sockets are looked at, whether they have run out: one read each.
pub const SESSIONS_LOOKED_AT_EVERY: Duration = Duration::from_secs(600);
/// Characters of a password, at least and at most: NIST SP 800-63B section 3.1.1.2 asks for at least 8 and for 64 to be possible.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// See [`PASSWORD_CHARS_MIN`].
pub const PASSWORD_CHARS_MAX: usize = 128;
/// How often a use of a browser session is written down.
pub const SESSION_TOUCH_EVERY: Duration = Duration::from_secs(60);
/// Characters of what a browser says it is that are kept.
pub const USER_AGENT_CHARS_MAX: usize = 200;
/// Groups, departments, brands or operators of one account: lists are loaded whole below this.
pub const ACCOUNT_THINGS_MAX: u32 = 10_000;
/// Chats an operator or a membership may be allowed at once; far beyond what a person can hold, so that a slip is seen.
pub const OPERATOR_LIMIT_MAX: u32 = 10_000;
/// Shortest and longest time an offer may ring, in seconds.
pub const OFFER_EXPIRES_S: RangeInclusive<u64> = 5..=600;
/// Shortest and longest time a visitor may be left waiting, in seconds: a day at most.
pub const CONNECTION_TIMEOUT_S: RangeInclusive<u64> = 10..=86_400;

// ---- HTTP ------------------------------------------------------------------------------------------------------

/// Bytes of a request's body: as much as a frame.
pub const BODY_BYTES_MAX: usize = FRAME_BYTES_MAX;
/// How long a visitor's page may keep an answer of `/status`.
pub const STATUS_CACHED: Duration = Duration::from_secs(5);
/// How long a browser may keep the widget's loader before it asks whether there is a new one.
pub const LOADER_CACHED: Duration = Duration::from_secs(300);
/// A request's head must have arrived within this time.
pub const REQUEST_HEAD_WITHIN: Duration = Duration::from_secs(10);
/// A request's body must have arrived within this time: 64 KiB over a slow line.
pub const REQUEST_BODY_WITHIN: Duration = Duration::from_secs(20);
/// An idle HTTP connection is closed after this time: longer than the pauses of a person at a console.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Bytes read at once from a socket that is a WebSocket by now, in one buffer for all sockets of a thread.
pub const SOCKET_READ_AT_ONCE: usize = 16 * 1024;
/// How long the other side of a connection that is over may take to close it, too: closed with bytes unread it would be
/// reset, and the last that was said could be lost.
pub const LAST_BYTES_WITHIN: Duration = Duration::from_secs(1);
/// Connections that may wait to be accepted: a page of a busy shop reloads everywhere at once.
pub const ACCEPT_BACKLOG: u32 = 4096;
/// Sent bytes that a peer does not confirm, or does not make room for, end the connection after this time: it is gone, and
/// did not say so. Longer than [`OUTBOX_STALL_MAX`], so that a slow reader is told, and counted, before.
pub const TCP_UNCONFIRMED_MAX: Duration = Duration::from_secs(45);
/// Requests that still run when the server stops get this long.
pub const STOP_WITHIN: Duration = Duration::from_secs(5);

// ---- between nodes ---------------------------------------------------------------------------------------------

/// Other nodes that one node speaks with: a cluster of more is not built.
pub const NODES_MAX: usize = 64;
/// Envelopes that may wait to be read by a node: a second of a busy one. More are lost, and sent again.
pub const BUS_INBOX_MAX: usize = 16_384;
/// Messages of one envelope: what a commit sends to one node, in a few pieces at most.
pub const BUS_ENVELOPE_MESSAGES_MAX: usize = 256;
/// Bytes of the messages of one envelope; a single message may be longer.
pub const BUS_ENVELOPE_BYTES_MAX: usize = 256 * 1024;
/// Messages to one node that are kept until it has confirmed them; with more the two begin anew.
pub const BUS_UNCONFIRMED_MAX: usize = 8_192;
/// Bytes of those.
pub const BUS_UNCONFIRMED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Messages that came before their turn and are kept until it comes; more are dropped, and sent again.
pub const BUS_EARLY_MAX: usize = 8_192;
/// How long a confirmation may wait for something that goes the same way.
pub const BUS_CONFIRM_WITHIN: Duration = Duration::from_millis(10);
/// When a message that was not confirmed is first sent again: some round trips between machines.
pub const BUS_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// And at most, after it was sent again some times.
pub const BUS_AGAIN_AFTER_MAX: Duration = Duration::from_secs(1);
/// When nothing else was sent for so long a node says that it is there.
pub const NODE_BEAT_EVERY: Duration = Duration::from_secs(1);
/// A node not heard for so long counts as gone, until it is heard again.
pub const NODE_SILENT_MAX: Duration = Duration::from_secs(5);
/// How often a node looks up who owns what; news of it come over the bus too, and sooner.
pub const DIRECTORY_EVERY: Duration = Duration::from_secs(1);
/// Commands of sockets here that chats elsewhere have not answered; more are refused with `unavailable`.
pub const FAR_COMMANDS_MAX: usize = 8_192;
/// A command that was not answered from elsewhere in this time is answered `unavailable` (PROTOCOL: clients wait 10 s).
pub const FAR_ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// How long a question to another node may take before the one who asked goes on without the answer.
pub const FAR_QUESTION_WITHIN: Duration = Duration::from_secs(5);
/// Questions that may wait for answers at once: hellos of a storm; more go without.
pub const FAR_QUESTIONS_MAX: usize = 4_096;
/// A way back to a socket elsewhere is forgotten when it was not used for so long: well past every answer.
pub const FAR_WAY_BACK_KEPT: Duration = Duration::from_secs(60);
/// How often somebody who reads history is looked at again before missed events are filled in behind it.
pub const FILL_LOOK_EVERY: Duration = Duration::from_millis(50);
/// For how many looks: half a minute, then the reader asks by itself.
pub const FILL_LOOKS_MAX: u32 = 600;

// ---- simulation ------------------------------------------------------------------------------------------------

/// Replications of one scenario: more make no interval of confidence noticeably narrower.
pub const SIMULATED_REPLICATIONS: RangeInclusive<u32> = 1..=1_000;
/// Seconds of any length in a scenario: a year.
pub const SIMULATED_SECONDS_MAX: f64 = 366.0 * 86_400.0;
/// Intervals of a simulation's report: a year of half hours.
pub const SIMULATED_INTERVALS_MAX: u32 = 17_568;
/// Operators of a scenario: ten times the largest centre that routing is measured with, some 100 MB.
pub const SIMULATED_OPERATORS_MAX: u32 = 100_000;
/// Chats of one replication: their waits are kept, four bytes each.
pub const SIMULATED_CHATS_MAX: u32 = 50_000_000;
/// How long after the last visitor could come a simulated centre may go on: chats that nobody will ever serve wait
/// for ever otherwise.
pub const SIMULATED_REST: Duration = Duration::from_secs(86_400);

// ---- figures ---------------------------------------------------------------------------------------------------

/// Groups that metrics tell apart: with some 200 series each. The chats of more are counted together, as `other`.
pub const GROUPS_COUNTED: usize = 500;
/// The wait within which an answer counts for the service level (T), in seconds, where a group sets none: the custom
/// of contact centres.
pub const SERVICE_LEVEL_WITHIN_S: u32 = 20;
/// What T may be, in seconds: nobody calls an answer after an hour a service.
pub const SERVICE_LEVEL_S: RangeInclusive<u32> = 1..=3_600;
/// The span of one report: a quarter with its first and last day.
pub const REPORT_SPAN_MAX: Duration = Duration::from_secs(93 * 86_400);
/// Chats of one report: some seconds of a reader of the store, of which others wait for one. A longer one is asked for in parts.
pub const REPORT_CHATS_MAX: usize = 200_000;
/// How long it is kept how much of the slots was in use, an hour a group and operator in some 60 bytes: a year to
/// compare with, and a month.
pub const WORK_KEPT: Duration = Duration::from_secs(396 * 86_400);
/// Hours of groups and operators that wait for the store, some 100 bytes each: what 10,000 operators are in ten hours
/// without it. More is left out.
pub const WORK_WAITING_MAX: usize = 100_000;
/// How long one sending of traces may take: a collector stands near, and nobody waits for it but a server that stops.
pub const TRACES_WITHIN: Duration = Duration::from_secs(3);
/// Bytes of a collector's answer that are read: it says no more than what it left out.
pub const TRACES_ANSWER_MAX: u64 = 64 * 1024;
/// How often figures of chats that are over are held against their logs: soon enough to be seen in a test, seldom
/// enough to be nothing beside a chat.
pub const FIGURES_EVERY: Duration = Duration::from_secs(5);
/// How long a chat must be over before: what is told of its end is told by then.
pub const FIGURES_SETTLED_AFTER: Duration = Duration::from_secs(5);
/// Chats looked at in one go: 40 a second, each some reads of the store.
pub const FIGURES_AT_ONCE: usize = 200;
/// Chats that wait to be looked at, some 250 bytes each. Where more end, a part of them is looked at.
pub const FIGURES_WAITING_MAX: usize = 1_000;
/// Chats of the last two days that are looked at again at night, at most so many a second, each some reads of the store: 200,000
/// take 84 minutes, and people are served beside it.
pub const REVIEW_A_SECOND: u32 = 40;
/// How long ago those ended at most: two nights, so that one in which their node was not there is made up for, and an hour
/// for one that was late.
pub const REVIEW_ENDED: Duration = Duration::from_secs(49 * 3600);
/// How long ago they began at most, for lists go by the beginning: a chat that runs for more than a day may be left out.
pub const REVIEW_BEGAN: Duration = Duration::from_secs(73 * 3600);
/// How long a node that stops looks at those that wait: 1,000 of them took 0.6 s on two cores, and its disk may be busy.
pub const FIGURES_REST_WITHIN: Duration = Duration::from_secs(2);
/// Up to what idle times are told apart, in milliseconds: from an instant to an hour, as in the metrics.
pub const IDLE_STEPS_MS: [u64; 15] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 1_200_000, 1_800_000,
    3_600_000,
];
/// Chats read at once for a report, and held until they are added up: some kilobytes each where the first word was long.
pub const REPORT_PAGE: u32 = 1_000;
