//! Every metric of the engine: name, help, labels, and the handle that counts it. One recorder an engine, not the
//! process-wide one, so that two engines in one process do not mix.
//!
//! Conventions are those of Prometheus: base units (seconds, bytes), `_total` for counters. Labels are bounded: by
//! the groups of an account, or by an enumeration of the wire.

use std::time::Duration;

use dashmap::DashMap;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::domain::ids::{AccountId, GroupId};

/// From entering a queue to being assigned, or to the end without it.
pub const QUEUE_TIME: &str = "switchboard_queue_time_seconds";
/// From one word of the operator (or the assignment) to the next: what visitors waited for an answer.
pub const IDLE_TIME: &str = "switchboard_idle_time_seconds";
/// From assignment to the end.
pub const HANDLING_TIME: &str = "switchboard_handling_time_seconds";
/// From assignment to the operator's first word.
pub const FIRST_REPLY: &str = "switchboard_first_reply_seconds";
/// Slots of receiving members, limits summed; unlimited members count as in SPEC R3.
pub const CAPACITY: &str = "switchboard_capacity_slots";
/// Slots in use by chats.
pub const CAPACITY_USED: &str = "switchboard_capacity_used_slots";
/// Slots held by open offers.
pub const CAPACITY_RESERVED: &str = "switchboard_capacity_reserved_slots";
/// Members who receive.
pub const RECEIVING: &str = "switchboard_receiving_operators";
/// Chats that wait.
pub const WAITING: &str = "switchboard_waiting_chats";
/// How long the first in the queue has waited.
pub const WAITING_LONGEST: &str = "switchboard_waiting_longest_seconds";
/// Chats begun, by group.
pub const CHATS_STARTED: &str = "switchboard_chats_started_total";
/// Chats ended, by group, by whom and why.
pub const CHATS_ENDED: &str = "switchboard_chats_ended_total";
/// Messages left by visitors, after a chat that nobody answered or without one.
pub const LEFT_MESSAGES: &str = "switchboard_left_messages_total";
/// Offers made and how they ended, by group and outcome.
pub const OFFERS: &str = "switchboard_offers_total";
/// Messages stored, by role of the sender.
pub const MESSAGES: &str = "switchboard_messages_total";
/// Sockets that are open, by side.
pub const SOCKETS: &str = "switchboard_sockets";
/// Actors that live, by kind.
pub const ACTORS: &str = "switchboard_actors";
/// Actors rebuilt after a panic, by kind.
pub const RESTARTS: &str = "switchboard_actor_restarts_total";
/// Readers cut off because they were too slow.
pub const SLOW_READERS: &str = "switchboard_slow_readers_total";
/// Messages refused because a mailbox was full, by kind of actor.
pub const MAILBOX_FULL: &str = "switchboard_mailbox_full_total";
/// Chats of which this node let go because another one has them.
pub const FENCED: &str = "switchboard_chats_fenced_total";
/// How long one commit of the store took, its sync included.
pub const COMMIT: &str = "switchboard_store_commit_seconds";
/// Commands that one commit of the store settled.
pub const COMMIT_GROUP: &str = "switchboard_store_commit_commands";
/// Commands that wait for the store's writer.
pub const WRITER_QUEUE: &str = "switchboard_store_writer_queue_commands";
/// How long the oldest event in the journal has been waiting for the indexer.
pub const INDEX_LAG: &str = "switchboard_store_index_lag_seconds";
/// Appends in the journal that the indexer has not brought to their place.
pub const INDEX_ROWS: &str = "switchboard_store_index_waiting_rows";
/// Bytes of the write-ahead log.
pub const LOG_BYTES: &str = "switchboard_store_log_bytes";
/// How often the log came home whole.
pub const CHECKPOINTS: &str = "switchboard_store_checkpoints_total";
/// Messages to other nodes, by kind.
pub const BUS_SENT: &str = "switchboard_bus_sent_total";
/// Messages from other nodes, by kind.
pub const BUS_RECEIVED: &str = "switchboard_bus_received_total";
/// What came from other nodes and was passed over, by why.
pub const BUS_DROPPED: &str = "switchboard_bus_dropped_total";
/// Messages sent to another node again, because it had not confirmed them.
pub const BUS_AGAIN: &str = "switchboard_bus_sent_again_total";
/// Commands given to a chat or operator elsewhere again: its node began anew, or it has another.
pub const COMMANDS_AGAIN: &str = "switchboard_bus_commands_again_total";
/// Readers whose missed events were read from the store.
pub const GAPS_FILLED: &str = "switchboard_bus_gaps_filled_total";
/// By how much the wait that a visitor was told was wrong, by group and sign.
pub const ESTIMATE_ERROR: &str = "switchboard_queue_estimate_error_seconds";
/// What must never happen, by which. Must stay 0.
pub const INVARIANTS: &str = "switchboard_invariant_violations_total";

/// Seconds; from a fast disk's sync to a disk in trouble.
const COMMIT_BUCKETS: [f64; 12] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0];
/// Commands; up to the most that one commit takes.
const GROUP_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Seconds; from an instant to an hour, for what people wait for.
const WAIT_BUCKETS: [f64; 14] =
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1800.0, 3600.0];

const STORE_HELP: [(&str, &str); 7] = [
    (COMMIT, "Time of one commit, its sync included."),
    (COMMIT_GROUP, "Commands that one commit settled."),
    (WRITER_QUEUE, "Commands that wait for the writer."),
    (INDEX_LAG, "How long the oldest event in the journal has been waiting for the indexer."),
    (INDEX_ROWS, "Appends in the journal that the indexer has not brought to their place."),
    (LOG_BYTES, "Bytes of the write-ahead log."),
    (CHECKPOINTS, "How often the write-ahead log came home whole."),
];

const HELP: [(&str, &str); 29] = [
    (QUEUE_TIME, "Time from entering a queue to being assigned, or to the end without it."),
    (IDLE_TIME, "Time from the operator's last word, or the assignment, to the next word."),
    (HANDLING_TIME, "Time from assignment to the end of a chat."),
    (FIRST_REPLY, "Time from assignment to the operator's first word."),
    (CAPACITY, "Slots of members who receive."),
    (CAPACITY_USED, "Slots in use by chats, of members who receive."),
    (CAPACITY_RESERVED, "Slots held by open offers, of members who receive."),
    (RECEIVING, "Members who receive."),
    (WAITING, "Chats that wait."),
    (WAITING_LONGEST, "How long the chat at the front of the queue has waited."),
    (CHATS_STARTED, "Chats begun."),
    (CHATS_ENDED, "Chats ended, by whom and why."),
    (LEFT_MESSAGES, "Messages left by visitors, after a chat that nobody answered or without one."),
    (OFFERS, "Offers by outcome."),
    (MESSAGES, "Messages stored, by role of the sender."),
    (SOCKETS, "Sockets that are open."),
    (ACTORS, "Actors that live."),
    (RESTARTS, "Actors rebuilt after a panic."),
    (SLOW_READERS, "Readers cut off because they were too slow."),
    (MAILBOX_FULL, "Messages refused because a mailbox was full."),
    (FENCED, "Chats of which this node let go because another one has them."),
    (BUS_SENT, "Messages to other nodes."),
    (BUS_RECEIVED, "Messages from other nodes."),
    (BUS_DROPPED, "Envelopes and messages of other nodes that were passed over."),
    (BUS_AGAIN, "Messages to other nodes that were sent again."),
    (COMMANDS_AGAIN, "Commands for chats elsewhere that were sent again."),
    (GAPS_FILLED, "Readers whose missed events were read from the store."),
    (ESTIMATE_ERROR, "By how much the wait that a visitor was told last differs from what came."),
    (INVARIANTS, "What must never happen; stays 0."),
];

/// The metrics of one group.
#[derive(Clone)]
pub struct GroupMetrics {
    /// See [`QUEUE_TIME`], for chats that were assigned.
    pub queue_time_assigned: Histogram,
    /// See [`QUEUE_TIME`], for chats that ended without it.
    pub queue_time_abandoned: Histogram,
    /// See [`IDLE_TIME`].
    pub idle_time: Histogram,
    /// See [`HANDLING_TIME`].
    pub handling_time: Histogram,
    /// See [`FIRST_REPLY`].
    pub first_reply: Histogram,
    /// See [`ESTIMATE_ERROR`], for those who waited longer than told.
    pub estimate_longer: Histogram,
    /// See [`ESTIMATE_ERROR`], for those who did not.
    pub estimate_shorter: Histogram,
    /// See [`CAPACITY`].
    pub capacity: Gauge,
    /// See [`CAPACITY_USED`].
    pub capacity_used: Gauge,
    /// See [`CAPACITY_RESERVED`].
    pub capacity_reserved: Gauge,
    /// See [`RECEIVING`].
    pub receiving: Gauge,
    /// See [`WAITING`].
    pub waiting: Gauge,
    /// See [`WAITING_LONGEST`].
    pub waiting_longest: Gauge,
    /// See [`CHATS_STARTED`].
    pub started: Counter,
}

/// The recorder of one engine.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    groups: DashMap<(AccountId, GroupId), GroupMetrics>,
    /// See [`MESSAGES`], from visitors.
    pub messages_visitor: Counter,
    /// See [`MESSAGES`], from operators.
    pub messages_operator: Counter,
    /// See [`SOCKETS`], visitors'.
    pub sockets_visitor: Gauge,
    /// See [`SOCKETS`], operators'.
    pub sockets_operator: Gauge,
    /// See [`ACTORS`], sessions.
    pub actors_session: Gauge,
    /// See [`ACTORS`], operators.
    pub actors_operator: Gauge,
    /// See [`ACTORS`], queues.
    pub actors_queue: Gauge,
    /// See [`SLOW_READERS`].
    pub slow_readers: Counter,
    /// See [`FENCED`].
    pub fenced: Counter,
}

impl Metrics {
    /// A recorder with nothing counted.
    ///
    /// # Errors
    /// Only if a list of buckets were empty.
    pub fn new() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for name in [QUEUE_TIME, IDLE_TIME, HANDLING_TIME, FIRST_REPLY, ESTIMATE_ERROR] {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), &WAIT_BUCKETS)?;
        }
        let recorder = builder.build_recorder();
        describe(&recorder, &HELP);
        let handle = recorder.handle();
        let side = |name, kind: &'static str, label: &'static str| {
            recorder.register_gauge(&key(name, vec![Label::new(label, kind)]), &META)
        };
        let messages =
            |role: &'static str| recorder.register_counter(&key(MESSAGES, vec![Label::new("role", role)]), &META);
        Ok(Self {
            messages_visitor: messages("visitor"),
            messages_operator: messages("operator"),
            sockets_visitor: side(SOCKETS, "visitor", "side"),
            sockets_operator: side(SOCKETS, "operator", "side"),
            actors_session: side(ACTORS, "visitor_session", "kind"),
            actors_operator: side(ACTORS, "operator", "kind"),
            actors_queue: side(ACTORS, "queue", "kind"),
            slow_readers: recorder.register_counter(&key(SLOW_READERS, Vec::new()), &META),
            fenced: recorder.register_counter(&key(FENCED, Vec::new()), &META),
            groups: DashMap::new(),
            handle,
            recorder,
        })
    }

    /// The metrics of a group.
    pub fn group(&self, account: AccountId, group: &GroupId) -> GroupMetrics {
        let place = (account, group.clone());
        if let Some(known) = self.groups.get(&place) {
            return known.clone();
        }
        let labels = || vec![Label::new("account", account.0.to_string()), Label::new("group", group.to_string())];
        let histogram = |name, more: Option<Label>| {
            let labels = labels().into_iter().chain(more).collect();
            self.recorder.register_histogram(&key(name, labels), &META)
        };
        let gauge = |name| self.recorder.register_gauge(&key(name, labels()), &META);
        let made = GroupMetrics {
            queue_time_assigned: histogram(QUEUE_TIME, Some(Label::new("outcome", "assigned"))),
            queue_time_abandoned: histogram(QUEUE_TIME, Some(Label::new("outcome", "abandoned"))),
            idle_time: histogram(IDLE_TIME, None),
            handling_time: histogram(HANDLING_TIME, None),
            first_reply: histogram(FIRST_REPLY, None),
            estimate_longer: histogram(ESTIMATE_ERROR, Some(Label::new("sign", "longer"))),
            estimate_shorter: histogram(ESTIMATE_ERROR, Some(Label::new("sign", "shorter"))),
            capacity: gauge(CAPACITY),
            capacity_used: gauge(CAPACITY_USED),
            capacity_reserved: gauge(CAPACITY_RESERVED),
            receiving: gauge(RECEIVING),
            waiting: gauge(WAITING),
            waiting_longest: gauge(WAITING_LONGEST),
            started: self.recorder.register_counter(&key(CHATS_STARTED, labels()), &META),
        };
        self.groups.entry(place).or_insert(made).clone()
    }

    /// Counts an ended chat.
    pub fn chat_ended(&self, account: AccountId, group: &GroupId, by: &'static str, why: &'static str) {
        let labels = vec![
            Label::new("account", account.0.to_string()),
            Label::new("group", group.to_string()),
            Label::new("by", by),
            Label::new("why", why),
        ];
        self.recorder.register_counter(&key(CHATS_ENDED, labels), &META).increment(1);
    }

    /// Counts a message that a visitor left, after a chat that nobody answered or without one.
    pub fn message_left(&self, after_chat: bool) {
        let labels = vec![Label::new("after", if after_chat { "chat" } else { "nothing" })];
        self.recorder.register_counter(&key(LEFT_MESSAGES, labels), &META).increment(1);
    }

    /// Counts an offer: `made`, or how it ended.
    pub fn offer(&self, account: AccountId, group: &GroupId, outcome: &'static str) {
        let labels = vec![
            Label::new("account", account.0.to_string()),
            Label::new("group", group.to_string()),
            Label::new("outcome", outcome),
        ];
        self.recorder.register_counter(&key(OFFERS, labels), &META).increment(1);
    }

    /// Counts an actor that was rebuilt.
    pub fn restarted(&self, kind: &'static str) {
        self.recorder.register_counter(&key(RESTARTS, vec![Label::new("kind", kind)]), &META).increment(1);
    }

    /// Counts a message refused by a full mailbox.
    pub fn mailbox_full(&self, kind: &'static str) {
        self.recorder.register_counter(&key(MAILBOX_FULL, vec![Label::new("kind", kind)]), &META).increment(1);
    }

    /// Counts a message to another node.
    pub fn bus_sent(&self, kind: &'static str) {
        self.recorder.register_counter(&key(BUS_SENT, vec![Label::new("kind", kind)]), &META).increment(1);
    }

    /// Counts a message from another node.
    pub fn bus_received(&self, kind: &'static str) {
        self.recorder.register_counter(&key(BUS_RECEIVED, vec![Label::new("kind", kind)]), &META).increment(1);
    }

    /// Counts what is passed over.
    pub fn bus_dropped(&self, why: &'static str) {
        self.recorder.register_counter(&key(BUS_DROPPED, vec![Label::new("why", why)]), &META).increment(1);
    }

    /// Counts messages that are sent again.
    pub fn bus_again(&self, count: u64) {
        if count > 0 {
            self.recorder.register_counter(&key(BUS_AGAIN, Vec::new()), &META).increment(count);
        }
    }

    /// Counts a command that is sent again.
    pub fn bus_command_again(&self) {
        self.recorder.register_counter(&key(COMMANDS_AGAIN, Vec::new()), &META).increment(1);
    }

    /// Counts a reader whose missed events are read.
    pub fn bus_gap(&self) {
        self.recorder.register_counter(&key(GAPS_FILLED, Vec::new()), &META).increment(1);
    }

    /// Counts what must never happen.
    pub fn violated(&self, which: &'static str) {
        self.recorder.register_counter(&key(INVARIANTS, vec![Label::new("which", which)]), &META).increment(1);
    }

    /// Sums up what was recorded since the last time: samples that nobody sums up or asks for grow without bound.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// The text of `/metrics`.
    pub fn render(&self) -> String {
        self.upkeep();
        self.handle.render()
    }
}

/// The metrics of a store: a recorder of their own, because it is there before the engine is.
#[derive(Clone)]
pub struct StoreMetrics {
    handle: PrometheusHandle,
    /// See [`COMMIT`].
    pub commit: Histogram,
    /// See [`COMMIT_GROUP`].
    pub group_size: Histogram,
    /// See [`WRITER_QUEUE`].
    pub writer_queue: Gauge,
    /// See [`INDEX_LAG`].
    pub index_lag: Gauge,
    /// See [`INDEX_ROWS`].
    pub index_rows: Gauge,
    /// See [`LOG_BYTES`].
    pub log_bytes: Gauge,
    /// See [`CHECKPOINTS`].
    pub checkpoints: Counter,
}

impl StoreMetrics {
    /// Metrics with nothing counted.
    ///
    /// # Errors
    /// Only if a list of buckets were empty.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(COMMIT.to_owned()), &COMMIT_BUCKETS)?
            .set_buckets_for_metric(Matcher::Full(COMMIT_GROUP.to_owned()), &GROUP_BUCKETS)?
            .build_recorder();
        describe(&recorder, &STORE_HELP);
        let histogram = |name| recorder.register_histogram(&key(name, Vec::new()), &META);
        let gauge = |name| recorder.register_gauge(&key(name, Vec::new()), &META);
        Ok(Self {
            handle: recorder.handle(),
            commit: histogram(COMMIT),
            group_size: histogram(COMMIT_GROUP),
            writer_queue: gauge(WRITER_QUEUE),
            index_lag: gauge(INDEX_LAG),
            index_rows: gauge(INDEX_ROWS),
            log_bytes: gauge(LOG_BYTES),
            checkpoints: recorder.register_counter(&key(CHECKPOINTS, Vec::new()), &META),
        })
    }

    /// Sums up what was recorded; until then each record of a histogram takes memory.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// Their part of the text of `/metrics`.
    pub fn render(&self) -> String {
        self.upkeep();
        self.handle.render()
    }
}

/// Gives metrics their help, kind and unit, all by the conventions of their names.
fn describe(recorder: &PrometheusRecorder, help: &[(&'static str, &'static str)]) {
    for (name, help) in help {
        let (key, help) = (KeyName::from_const_str(name), SharedString::const_str(help));
        let unit = match name.rsplit('_').next() {
            Some("seconds") => Some(Unit::Seconds),
            Some("bytes") => Some(Unit::Bytes),
            _ => None,
        };
        if name.ends_with("_total") {
            recorder.describe_counter(key, unit, help);
        } else if HISTOGRAMS.contains(name) {
            recorder.describe_histogram(key, unit, help);
        } else {
            recorder.describe_gauge(key, unit, help);
        }
    }
}

const HISTOGRAMS: [&str; 7] = [QUEUE_TIME, IDLE_TIME, HANDLING_TIME, FIRST_REPLY, ESTIMATE_ERROR, COMMIT, COMMIT_GROUP];

const META: Metadata<'static> = Metadata::new("switchboard", Level::INFO, None);

fn key(name: &'static str, labels: Vec<Label>) -> Key {
    Key::from_parts(name, labels)
}

/// Records a span in seconds.
pub fn seconds(histogram: &Histogram, span: Duration) {
    histogram.record(span.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_help_and_a_name_by_the_conventions() {
        let metrics = Metrics::new().unwrap();
        let group = metrics.group(AccountId(1), &"support".parse().unwrap());
        seconds(&group.queue_time_assigned, Duration::from_secs(7));
        group.waiting.set(3.0);
        metrics.chat_ended(AccountId(1), &"support".parse().unwrap(), "visitor", "closed");
        let text = metrics.render();
        assert!(text.contains("# HELP switchboard_queue_time_seconds "), "{text}");
        assert!(text.contains(r#"outcome="assigned",le="10"} 1"#), "{text}");
        assert!(text.contains(r#"switchboard_waiting_chats{account="1",group="support"} 3"#), "{text}");
        for (name, help) in HELP.into_iter().chain(STORE_HELP) {
            assert!(name.starts_with("switchboard_") && help.ends_with('.'));
        }
    }

    #[test]
    fn two_engines_do_not_mix() {
        let (one, two) = (Metrics::new().unwrap(), Metrics::new().unwrap());
        one.messages_visitor.increment(1);
        assert!(!two.render().contains(r#"role="visitor"} 1"#));
    }
}
