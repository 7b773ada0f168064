//! Every metric there is: its name, kind, help, labels and buckets. Nothing else names one; dashboards, alerts and
//! tests are held against this list.
//!
//! Conventions are those of Prometheus: base units (seconds, bytes), `_total` for counters. Labels are bounded: by an
//! enumeration, or by the groups of accounts up to a limit; never by visitors or chats.

use metrics::Unit;

use super::dropped::Dropped;
use super::invariant::Invariant;
use crate::domain::report::OfferOutcome;

/// What a metric does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Is what it is.
    Gauge,
    /// Counts values in buckets.
    Histogram,
}

/// What a label may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// One of these.
    Of(&'static [&'static str]),
    /// An account's number.
    Accounts,
    /// The id of a group, of at most as many as [`crate::domain::limits::GROUPS_COUNTED`]; `other` behind.
    Groups,
    /// The version that runs.
    Version,
}

/// A label.
#[derive(Debug, Clone, Copy)]
pub struct Dimension {
    /// Its name.
    pub name: &'static str,
    /// What it may say.
    pub values: Values,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// What it says, in words; begins with a space.
    help: &'static str,
    /// Its labels, in the order in which they are given.
    pub labels: &'static [Dimension],
    /// The upper ends of the buckets of a histogram.
    pub buckets: &'static [f64],
}

impl Definition {
    /// What it says, in words.
    pub fn help(&self) -> &'static str {
        self.help.trim_start()
    }

    /// The unit that its name ends with.
    pub fn unit(&self) -> Option<Unit> {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        match name.rsplit('_').next() {
            Some("seconds") => Some(Unit::Seconds),
            Some("bytes") => Some(Unit::Bytes),
            _ => None,
        }
    }

    const fn of(name: &'static str, kind: Kind, labels: &'static [Dimension]) -> Self {
        Self { name, kind, help: "", labels, buckets: &[] }
    }

    const fn says(self, help: &'static str) -> Self {
        Self { help, ..self }
    }
}

const fn counter(name: &'static str, labels: &'static [Dimension]) -> Definition {
    Definition::of(name, Kind::Counter, labels)
}

const fn gauge(name: &'static str, labels: &'static [Dimension]) -> Definition {
    Definition::of(name, Kind::Gauge, labels)
}

const fn histogram(name: &'static str, labels: &'static [Dimension], buckets: &'static [f64]) -> Definition {
    Definition { buckets, ..Definition::of(name, Kind::Histogram, labels) }
}

const fn one_of(name: &'static str, values: &'static [&'static str]) -> Dimension {
    Dimension { name, values: Values::Of(values) }
}

/// Makes a constant of each metric, its help from its doc comment, and the list of all.
macro_rules! catalogue {
    ($($(#[doc = $help:literal])+ $name:ident = $definition:expr;)+) => {
        $($(#[doc = $help])+ pub const $name: Definition = $definition.says(concat!($($help),+));)+
        /// All of them.
        pub const CATALOGUE: &[Definition] = &[$($name),+];
    };
}

const ACCOUNT: Dimension = Dimension { name: "account", values: Values::Accounts };
const GROUP: Dimension = Dimension { name: "group", values: Values::Groups };
const OUTCOME: Dimension = one_of("outcome", &["answered", "abandoned", "sent_to_form", "turned_away"]);
const OFFER_OUTCOME: Dimension = one_of("outcome", OfferOutcome::NAMES);
const SIGN: Dimension = one_of("sign", &["longer", "shorter"]);
const BY: Dimension = one_of("by", &["visitor", "operator", "system"]);
const WHY_ENDED: Dimension =
    one_of("why", &["closed", "left", "timed_out", "sent_to_form", "offline", "group_deleted", "blocked"]);
const AFTER: Dimension = one_of("after", &["chat", "nothing"]);
const SIDE: Dimension = one_of("side", &["visitor", "operator"]);
const ROLE: Dimension = one_of("role", &["visitor", "operator", "system"]);
const ACTOR: Dimension = one_of("kind", &["visitor_session", "operator", "queue"]);
const CODE: Dimension = one_of(
    "code",
    &[
        "bad_frame",
        "unknown_type",
        "too_large",
        "unauthorized",
        "forbidden",
        "not_found",
        "conflict",
        "invalid",
        "rate_limited",
        "unavailable",
        "internal",
    ],
);
const BODY: Dimension =
    one_of("kind", &["command", "signal", "queue", "operator", "follow", "frames", "owners", "question", "news"]);
const DROPPED: Dimension = one_of("why", Dropped::NAMES);
const WHICH: Dimension = one_of("which", Invariant::NAMES);

const REASON: Dimension = one_of(
    "reason",
    &[
        "ringing",
        "ringing_elsewhere",
        "being_offered",
        "unheard",
        "in_line",
        "operator_awaited",
        "let_go",
        "choosing",
        "all_full",
        "connection_lost",
        "nobody_assigned",
        "without_slots",
        "nobody_skilled",
        "nobody_receives",
    ],
);
const KEPT: Dimension = one_of("kept", &["counted", "row"]);
const WITHIN: Dimension = one_of("within", &["yes", "no"]);
const FIGURE: Dimension = one_of(
    "figure",
    &[
        "outcome",
        "queue_time",
        "first_reply",
        "handling_time",
        "idle_time",
        "service_level",
        "group",
        "operator",
        "messages",
    ],
);

/// Seconds; from an instant to an hour, for what people wait for.
pub const WAITS: [f64; 15] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0];
/// Seconds; from a fast disk's sync to a disk in trouble.
const COMMITS: [f64; 12] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];
/// Seconds; from a commit of its own to what a person notices.
const ACKS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Commands; up to the most that one commit takes.
const GROUPS: [f64; 13] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0];

catalogue! {
    /// Time from entering a queue to being assigned, or to the end without it.
    QUEUE_TIME = histogram("switchboard_queue_time_seconds", &[ACCOUNT, GROUP, OUTCOME], &WAITS);
    /// Waits that count for the service level, by whether they were within the group's time: answered, or not: answered
    /// later, or abandoned after it.
    SERVICE_LEVEL = counter("switchboard_service_level_chats_total", &[ACCOUNT, GROUP, WITHIN]);
    /// The time within which an answer is in time, as the group sets it.
    SERVICE_LEVEL_WITHIN = gauge("switchboard_service_level_within_seconds", &[ACCOUNT, GROUP]);
    /// Time from the operator's last word, or the assignment, to the operator's next word.
    IDLE_TIME = histogram("switchboard_idle_time_seconds", &[ACCOUNT, GROUP], &WAITS);
    /// Time from assignment to the end of a chat; for the group that answered it, as all that comes after.
    HANDLING_TIME = histogram("switchboard_handling_time_seconds", &[ACCOUNT, GROUP], &WAITS);
    /// Time from assignment to the operator's first word.
    FIRST_REPLY = histogram("switchboard_first_reply_seconds", &[ACCOUNT, GROUP], &WAITS);
    /// By how much the wait that a visitor was told last differs from what came.
    ESTIMATE_ERROR = histogram("switchboard_queue_estimate_error_seconds", &[ACCOUNT, GROUP, SIGN], &WAITS);
    /// Slots of members who receive, the most that each may hold in the group; an unlimited member counts as 10. Over groups
    /// they do not add up where somebody is in several.
    CAPACITY = gauge("switchboard_capacity_slots", &[ACCOUNT, GROUP]);
    /// Slots in use by chats of the group, of members who receive. These add up over groups.
    CAPACITY_USED = gauge("switchboard_capacity_used_slots", &[ACCOUNT, GROUP]);
    /// Slots held by open offers of the group, of members who receive. These add up over groups.
    CAPACITY_RESERVED = gauge("switchboard_capacity_reserved_slots", &[ACCOUNT, GROUP]);
    /// Slots that members who receive have left for the group: of their own limit, less what they hold in any group, and of
    /// the group's. Chats of other groups make it less than all slots without used and held ones; over groups it does not
    /// add up where somebody is in several.
    CAPACITY_FREE = gauge("switchboard_capacity_free_slots", &[ACCOUNT, GROUP]);
    /// Slots of members who receive, times how long: what a group's occupancy is a share of. Over groups it does not add up
    /// where somebody is in several.
    SLOT_TIME = counter("switchboard_capacity_slot_seconds_total", &[ACCOUNT, GROUP]);
    /// Slots in use by chats of the group, of members who receive, times how long. These add up over groups.
    SLOT_TIME_USED = counter("switchboard_capacity_used_slot_seconds_total", &[ACCOUNT, GROUP]);
    /// Slots of operators who receive, all their groups together, times how long: what the occupancy of all is a share of.
    OPERATOR_SLOT_TIME = counter("switchboard_operator_slot_seconds_total", &[ACCOUNT]);
    /// Slots in use by chats, of operators who receive, times how long.
    OPERATOR_SLOT_TIME_USED = counter("switchboard_operator_used_slot_seconds_total", &[ACCOUNT]);
    /// Members who receive.
    RECEIVING = gauge("switchboard_receiving_operators", &[ACCOUNT, GROUP]);
    /// Chats that wait.
    WAITING = gauge("switchboard_waiting_chats", &[ACCOUNT, GROUP]);
    /// Chats that wait, by why nobody has them yet.
    WAITING_REASON = gauge("switchboard_queue_waiting_reason_chats", &[ACCOUNT, GROUP, REASON]);
    /// How long the chat that waits longest has waited.
    WAITING_LONGEST = gauge("switchboard_waiting_longest_seconds", &[ACCOUNT, GROUP]);
    /// Chats begun.
    CHATS_STARTED = counter("switchboard_chats_started_total", &[ACCOUNT, GROUP]);
    /// Chats ended, by whom and why, for the group that answered them, or in which their wait ended.
    CHATS_ENDED = counter("switchboard_chats_ended_total", &[ACCOUNT, GROUP, BY, WHY_ENDED]);
    /// Messages left by visitors, after a chat that nobody answered or without one.
    LEFT_MESSAGES = counter("switchboard_left_messages_total", &[AFTER]);
    /// Offers made, for this group. A ring at all is one, however many it rings at and whoever comes to it.
    OFFERS = counter("switchboard_offers_total", &[ACCOUNT, GROUP]);
    /// Offers that are over, in the group they were made for, each once: by how it ended, a ring at all by how the last one
    /// left it. `taken`: somebody took the chat by hand. Those made and not yet over are those that ring.
    OFFERS_SETTLED = counter("switchboard_offers_settled_total", &[ACCOUNT, GROUP, OFFER_OUTCOME]);
    /// Messages stored, by role of the sender, as reports count them: the question that a chat begins with is one, what
    /// operators write to each other in it is, and what the engine says by itself (`system`) is.
    MESSAGES = counter("switchboard_messages_total", &[ROLE]);
    /// Time from reading a command to its ack, the way through mailbox and store in it, the network not: what a sender waits
    /// for. One that comes from another node counts from there on.
    ACK = histogram("switchboard_ack_seconds", &[], &ACKS);
    /// Commands, and frames that are none, that were refused: by the code of the answer.
    REFUSED = counter("switchboard_commands_refused_total", &[CODE]);
    /// Sockets that are open.
    SOCKETS = gauge("switchboard_sockets", &[SIDE]);
    /// Sockets that asked for what they had missed of a chat.
    RESUMES = counter("switchboard_resumes_total", &[SIDE]);
    /// Readers cut off because they were too slow.
    SLOW_READERS = counter("switchboard_slow_readers_total", &[]);
    /// Actors that live.
    ACTORS = gauge("switchboard_actors", &[ACTOR]);
    /// Actors rebuilt after a panic.
    RESTARTS = counter("switchboard_actor_restarts_total", &[ACTOR]);
    /// How full the fullest mailbox was in the last 10 to 20 seconds; at 1 it refuses.
    MAILBOX_FILL = gauge("switchboard_mailbox_fill_ratio", &[ACTOR]);
    /// Messages refused because a mailbox was full.
    MAILBOX_FULL = counter("switchboard_mailbox_full_total", &[ACTOR]);
    /// Chats of which this node let go because another one has them.
    FENCED = counter("switchboard_chats_fenced_total", &[]);
    /// What must never happen; stays 0.
    INVARIANTS = counter("switchboard_invariant_violations_total", &[WHICH]);
    /// Chats of which a figure is not what their log says: what metrics counted, or what the row says to reports.
    FIGURES_DRIFT = counter("switchboard_figures_drift_total", &[KEPT, FIGURE]);
    /// Chats whose figures were held against their log, each soon after its end.
    FIGURES_CHECKED = counter("switchboard_figures_checked_total", &[]);
    /// Chats of the last two days whose rows were held against their log again, at night.
    FIGURES_REVIEWED = counter("switchboard_figures_reviewed_total", &[]);
    /// Chats whose figures could not be held against their log, or of too many at once.
    FIGURES_UNCHECKED = counter("switchboard_figures_unchecked_total", &[]);
    /// Messages to other nodes.
    BUS_SENT = counter("switchboard_bus_sent_total", &[BODY]);
    /// Messages from other nodes.
    BUS_RECEIVED = counter("switchboard_bus_received_total", &[BODY]);
    /// Envelopes and messages of other nodes that were passed over.
    BUS_DROPPED = counter("switchboard_bus_dropped_total", &[DROPPED]);
    /// Messages to other nodes that were sent again.
    BUS_AGAIN = counter("switchboard_bus_sent_again_total", &[]);
    /// Commands for chats elsewhere that were sent again: their node began anew, or they have another.
    COMMANDS_AGAIN = counter("switchboard_bus_commands_again_total", &[]);
    /// Readers whose missed events were read from the store.
    GAPS_FILLED = counter("switchboard_bus_gaps_filled_total", &[]);
    /// Time of one commit of the store, its sync included.
    COMMIT = histogram("switchboard_store_commit_seconds", &[], &COMMITS);
    /// Commands that one commit of the store settled.
    COMMIT_GROUP = histogram("switchboard_store_commit_commands", &[], &GROUPS);
    /// Commands that wait for the store's writer, those of the commit that it is at work on among them.
    WRITER_QUEUE = gauge("switchboard_store_writer_queue_commands", &[]);
    /// How long the oldest event in the journal has been waiting for the indexer.
    INDEX_LAG = gauge("switchboard_store_index_lag_seconds", &[]);
    /// Appends in the journal that the indexer has not brought to their place.
    INDEX_ROWS = gauge("switchboard_store_index_waiting_rows", &[]);
    /// Bytes of the write-ahead log.
    LOG_BYTES = gauge("switchboard_store_log_bytes", &[]);
    /// How often the write-ahead log came home whole.
    CHECKPOINTS = counter("switchboard_store_checkpoints_total", &[]);
    /// The version that runs.
    BUILD_INFO = gauge("switchboard_build_info", &[Dimension { name: "version", values: Values::Version }]);
    /// Whether the server is about to stop.
    DRAINING = gauge("switchboard_draining", &[]);
    /// Processor time of the process, user and system.
    PROCESS_CPU = counter("process_cpu_seconds_total", &[]);
    /// Resident memory of the process.
    PROCESS_MEMORY = gauge("process_resident_memory_bytes", &[]);
    /// Files and sockets that the process has open.
    PROCESS_FILES = gauge("process_open_fds", &[]);
    /// Files and sockets that the process may have open.
    PROCESS_FILES_MAX = gauge("process_max_fds", &[]);
    /// When the process started, since 1970.
    PROCESS_START = gauge("process_start_time_seconds", &[]);
    /// Threads of the process.
    PROCESS_THREADS = gauge("process_threads", &[]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::{Outcome, Replies};
    use crate::domain::event::{EndedBy, EndedWhy, Role};
    use crate::domain::limits::{COMMIT_GROUP_MAX, POSTGRES_GROUP_MAX};
    use crate::domain::report::ChatFacts;
    use crate::domain::routing::WhyStill;
    use crate::domain::time::Timestamp;
    use crate::protocol::error::Code;

    #[test]
    fn names_units_and_helps_are_by_the_conventions() {
        let mut names: Vec<_> = CATALOGUE.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len(), "each name once");
        for metric in CATALOGUE {
            let Definition { name, kind, .. } = metric;
            assert!(name.starts_with("switchboard_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(metric.buckets.is_empty(), *kind != Kind::Histogram, "{name}");
            assert!(metric.help().ends_with('.') && metric.help().len() > 10, "{name}");
            assert!(metric.buckets.is_sorted(), "{name}");
            let odd = name.split('_').find(|word| NOT_BASE.contains(word));
            assert_eq!(odd, None, "{name}: Prometheus counts in base units, seconds and bytes");
            if *kind == Kind::Histogram {
                assert!(["_seconds", "_bytes", "_commands"].iter().any(|end| name.ends_with(end)), "{name} of what?");
            }
        }
    }

    /// Units that are parts or multiples of others.
    const NOT_BASE: [&str; 18] = [
        "ns",
        "us",
        "ms",
        "micros",
        "millis",
        "milliseconds",
        "minutes",
        "hours",
        "days",
        "kb",
        "kib",
        "mb",
        "mib",
        "gb",
        "gib",
        "kilobytes",
        "megabytes",
        "percent",
    ];

    #[test]
    fn a_figure_that_drifts_is_counted_under_a_name_that_is_known() {
        let at = |seconds: i64| Timestamp::from_millis(1_000 * seconds);
        let one = ChatFacts {
            group: "sales".parse().unwrap(),
            queued_at: at(0),
            assigned_at: Some(at(1)),
            answered_at: Some(at(2)),
            ended_at: at(9),
            outcome: Outcome::Answered,
            operator: Some("joe".into()),
            messages: 3,
            replies: Replies::default(),
        };
        let other = ChatFacts {
            group: "support".parse().unwrap(),
            queued_at: at(0),
            assigned_at: Some(at(2)),
            answered_at: None,
            ended_at: at(20),
            outcome: Outcome::SentToForm,
            operator: None,
            messages: 4,
            replies: Replies { count: 1, ..Replies::default() },
        };
        let mut told = one.differing(&other);
        // What is not of the chat's own facts, but of what a group was judged by.
        told.push("service_level");
        told.sort_unstable();
        let Values::Of(known) = FIGURE.values else { panic!("figures are listed") };
        let mut known = known.to_vec();
        known.sort_unstable();
        assert_eq!(told, known);
    }

    #[test]
    fn reports_tell_idle_times_apart_as_the_metrics_do() {
        assert_eq!(WAITS.map(|seconds| (seconds * 1000.0) as u64), crate::domain::limits::IDLE_STEPS_MS);
    }

    #[test]
    fn the_last_bucket_of_commits_holds_the_largest_there_may_be() {
        assert_eq!(GROUPS.last().copied(), Some(COMMIT_GROUP_MAX.max(POSTGRES_GROUP_MAX) as f64));
    }

    #[test]
    fn labels_know_every_value_of_the_wire() {
        let values = |dimension: Dimension| match dimension.values {
            Values::Of(values) => values,
            _ => &[],
        };
        let known = |dimension: Dimension, value: &str| values(dimension).contains(&value);
        for by in [EndedBy::Visitor, EndedBy::Operator, EndedBy::System] {
            assert!(known(BY, by.as_str()));
        }
        let whys = [EndedWhy::Closed, EndedWhy::Left, EndedWhy::TimedOut, EndedWhy::SentToForm, EndedWhy::Offline];
        for why in whys.into_iter().chain([EndedWhy::GroupDeleted, EndedWhy::Blocked]) {
            assert!(known(WHY_ENDED, why.as_str()));
        }
        let roles = [Role::Visitor, Role::Operator, Role::System].map(Role::as_str);
        assert_eq!(values(ROLE), roles);
        assert_eq!(values(REASON), WhyStill::ALL.map(WhyStill::as_str));
        assert_eq!(values(DROPPED), Dropped::ALL.map(Dropped::as_str));
        let ours = [Code::Unavailable, Code::Internal];
        let theirs = [Code::BadFrame, Code::UnknownType, Code::TooLarge, Code::Invalid, Code::RateLimited];
        let answers = [Code::Unauthorized, Code::Forbidden, Code::NotFound, Code::Conflict];
        for code in ours.into_iter().chain(theirs).chain(answers) {
            assert!(known(CODE, code.as_str()));
        }
    }
}
