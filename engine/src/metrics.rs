//! What the engine counts of itself. [`catalogue`] names every metric; here are the handles that count them, found
//! once and kept, so that counting costs next to nothing where messages pass. One recorder an engine, not the
//! process-wide one, so that two engines in one process do not mix.

pub mod catalogue;
mod counted;
mod dropped;
mod group;
mod invariant;
mod mailboxes;
mod recording;
mod slot_time;
mod store;
pub mod text;

pub use counted::{Counted, Judged, Over, WaitingFigures};
pub use dropped::Dropped;
pub use group::GroupMetrics;
pub use invariant::Invariant;
pub use mailboxes::Mailboxes;
pub use slot_time::SlotTime;
pub use store::StoreMetrics;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dashmap::DashMap;
use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};

use self::recording::{Each, Recording};
use crate::domain::event::Role;
use crate::domain::ids::{AccountId, GroupId};
use crate::domain::limits::{GROUPS_COUNTED, OPERATOR_MAILBOX, QUEUE_MAILBOX, SESSION_MAILBOX};
use crate::domain::report::OfferCount;

/// The recorder of one engine.
pub struct Metrics {
    pub(crate) recording: Recording,
    handle: PrometheusHandle,
    groups: DashMap<(AccountId, GroupId), Arc<GroupMetrics>>,
    /// All groups beyond [`GROUPS_COUNTED`] together.
    other_groups: OnceLock<Arc<GroupMetrics>>,
    operators: DashMap<AccountId, Arc<SlotTime>>,
    other_operators: OnceLock<Arc<SlotTime>>,
    left_messages: Each,
    restarts: Each,
    mailbox_full: Each,
    refused: Each,
    invariants: Each,
    bus_sent: Each,
    bus_received: Each,
    bus_dropped: Each,
    bus_again: Counter,
    commands_again: Counter,
    gaps_filled: Counter,
    /// See [`catalogue::MESSAGES`], by [`Role`].
    messages: [Counter; 3],
    /// See [`catalogue::ACK`].
    pub ack: Histogram,
    /// See [`catalogue::SOCKETS`], visitors'.
    pub sockets_visitor: Gauge,
    /// See [`catalogue::SOCKETS`], operators'.
    pub sockets_operator: Gauge,
    /// See [`catalogue::RESUMES`], visitors'.
    pub resumes_visitor: Counter,
    /// See [`catalogue::RESUMES`], operators'.
    pub resumes_operator: Counter,
    /// See [`catalogue::ACTORS`], sessions.
    pub actors_session: Gauge,
    /// See [`catalogue::ACTORS`], operators.
    pub actors_operator: Gauge,
    /// See [`catalogue::ACTORS`], queues.
    pub actors_queue: Gauge,
    /// The mailboxes of sessions.
    pub mailboxes_session: Arc<Mailboxes>,
    /// The mailboxes of operators.
    pub mailboxes_operator: Arc<Mailboxes>,
    /// The mailboxes of queues.
    pub mailboxes_queue: Arc<Mailboxes>,
    /// See [`catalogue::SLOW_READERS`].
    pub slow_readers: Counter,
    /// See [`catalogue::FENCED`].
    pub fenced: Counter,
    /// See [`catalogue::FIGURES_CHECKED`].
    pub figures_checked: Counter,
    /// See [`catalogue::FIGURES_REVIEWED`].
    pub figures_reviewed: Counter,
    /// See [`catalogue::FIGURES_UNCHECKED`].
    pub figures_unchecked: Counter,
    figures_counted: Each,
    figures_row: Each,
    /// Chats that are over, whose figures wait to be held against the log.
    pub figures_waiting: WaitingFigures,
}

impl Metrics {
    /// A recorder with nothing counted.
    ///
    /// # Errors
    /// Only if a list of buckets were empty.
    pub fn new() -> Result<Self, BuildError> {
        let recording = Recording::new()?;
        let each = |metric| recording.each(metric, &[]);
        let plain = |metric| recording.counter(metric, &[]);
        let actors = |kind| recording.gauge(&catalogue::ACTORS, &[kind]);
        let mailboxes = |kind, room| Arc::new(Mailboxes::of(&recording, kind, room));
        Ok(Self {
            handle: recording.handle(),
            groups: DashMap::new(),
            other_groups: OnceLock::new(),
            operators: DashMap::new(),
            other_operators: OnceLock::new(),
            left_messages: each(&catalogue::LEFT_MESSAGES),
            restarts: each(&catalogue::RESTARTS),
            mailbox_full: each(&catalogue::MAILBOX_FULL),
            refused: each(&catalogue::REFUSED),
            invariants: each(&catalogue::INVARIANTS),
            bus_sent: each(&catalogue::BUS_SENT),
            bus_received: each(&catalogue::BUS_RECEIVED),
            bus_dropped: each(&catalogue::BUS_DROPPED),
            bus_again: plain(&catalogue::BUS_AGAIN),
            commands_again: plain(&catalogue::COMMANDS_AGAIN),
            gaps_filled: plain(&catalogue::GAPS_FILLED),
            messages: [Role::Visitor, Role::Operator, Role::System]
                .map(|role| recording.counter(&catalogue::MESSAGES, &[role.as_str()])),
            ack: recording.histogram(&catalogue::ACK, &[]),
            sockets_visitor: recording.gauge(&catalogue::SOCKETS, &["visitor"]),
            sockets_operator: recording.gauge(&catalogue::SOCKETS, &["operator"]),
            resumes_visitor: recording.counter(&catalogue::RESUMES, &["visitor"]),
            resumes_operator: recording.counter(&catalogue::RESUMES, &["operator"]),
            actors_session: actors("visitor_session"),
            actors_operator: actors("operator"),
            actors_queue: actors("queue"),
            mailboxes_session: mailboxes("visitor_session", SESSION_MAILBOX),
            mailboxes_operator: mailboxes("operator", OPERATOR_MAILBOX),
            mailboxes_queue: mailboxes("queue", QUEUE_MAILBOX),
            slow_readers: plain(&catalogue::SLOW_READERS),
            fenced: plain(&catalogue::FENCED),
            figures_checked: plain(&catalogue::FIGURES_CHECKED),
            figures_reviewed: plain(&catalogue::FIGURES_REVIEWED),
            figures_unchecked: plain(&catalogue::FIGURES_UNCHECKED),
            figures_counted: recording.each(&catalogue::FIGURES_DRIFT, &["counted"]),
            figures_row: recording.each(&catalogue::FIGURES_DRIFT, &["row"]),
            figures_waiting: WaitingFigures::default(),
            recording,
        })
    }

    /// The metrics of a group; of all others together when there are too many to tell apart.
    pub fn group(&self, account: AccountId, group: &GroupId) -> Arc<GroupMetrics> {
        let place = (account, group.clone());
        if let Some(known) = self.groups.get(&place) {
            return Arc::clone(&known);
        }
        if self.groups.len() >= GROUPS_COUNTED {
            let others = || Arc::new(GroupMetrics::new(&self.recording, OTHER, OTHER, false));
            return Arc::clone(self.other_groups.get_or_init(others));
        }
        let made = Arc::new(GroupMetrics::new(&self.recording, &account.0.to_string(), group.as_str(), true));
        Arc::clone(&self.groups.entry(place).or_insert(made))
    }

    /// How much of the slots of an account's operators was in use; of all other accounts together when there are too many
    /// to tell apart.
    pub fn operators(&self, account: AccountId) -> Arc<SlotTime> {
        if let Some(known) = self.operators.get(&account) {
            return Arc::clone(&known);
        }
        if self.operators.len() >= GROUPS_COUNTED {
            let others = || Arc::new(SlotTime::of_operators(&self.recording, OTHER));
            return Arc::clone(self.other_operators.get_or_init(others));
        }
        let made = Arc::new(SlotTime::of_operators(&self.recording, &account.0.to_string()));
        Arc::clone(&self.operators.entry(account).or_insert(made))
    }

    /// Counts a message of a chat that is stored.
    pub fn message(&self, from: Role) {
        self.messages[from as usize].increment(1);
    }

    /// Counts a message that a visitor left, after a chat that nobody answered or without one.
    pub fn message_left(&self, after_chat: bool) {
        self.left_messages.count(if after_chat { "chat" } else { "nothing" });
    }

    /// Counts an offer for a group: that it was made, or how it ended.
    pub fn offer(&self, account: AccountId, group: &GroupId, count: OfferCount) {
        let group = self.group(account, group);
        match count {
            OfferCount::Made => group.offers.increment(1),
            OfferCount::Over(how) => group.offer_over(how),
        }
    }

    /// Counts a command that was refused, by its code.
    pub fn refused(&self, code: &'static str) {
        self.refused.count(code);
    }

    /// Counts an actor that was rebuilt.
    pub fn restarted(&self, kind: &'static str) {
        self.restarts.count(kind);
    }

    /// Counts a message refused by a full mailbox.
    pub fn mailbox_full(&self, kind: &'static str) {
        self.mailbox_full.count(kind);
    }

    /// Counts a message to another node.
    pub fn bus_sent(&self, kind: &'static str) {
        self.bus_sent.count(kind);
    }

    /// Counts a message from another node.
    pub fn bus_received(&self, kind: &'static str) {
        self.bus_received.count(kind);
    }

    /// Counts what is passed over.
    pub fn bus_dropped(&self, why: Dropped) {
        self.bus_dropped.count(why.as_str());
    }

    /// Counts messages that are sent again.
    pub fn bus_again(&self, count: u64) {
        self.bus_again.increment(count);
    }

    /// Counts a command that is sent again.
    pub fn bus_command_again(&self) {
        self.commands_again.increment(1);
    }

    /// Counts a reader whose missed events are read.
    pub fn bus_gap(&self) {
        self.gaps_filled.increment(1);
    }

    /// A chat is over: its figures are held against its log soon, unless too many wait for that.
    pub fn figures_due(&self, over: Over) {
        if !self.figures_waiting.push(over) {
            self.figures_unchecked.increment(1);
        }
    }

    /// Counts a figure of a chat that is not what its log says: what was `counted`, or what the `row` says.
    pub fn figures_drift(&self, kept: &str, figure: &'static str) {
        let of = if kept == "row" { &self.figures_row } else { &self.figures_counted };
        of.count(figure);
    }

    /// Counts what must never happen.
    pub fn violated(&self, which: Invariant) {
        self.invariants.count(which.as_str());
    }

    /// Tells how full mailboxes were since the last time, and the time before.
    pub fn measure_mailboxes(&self) {
        for kind in [&self.mailboxes_session, &self.mailboxes_operator, &self.mailboxes_queue] {
            kind.measure();
        }
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

/// What groups are called that are counted together.
const OTHER: &str = "other";

/// Records a span in seconds.
pub fn seconds(histogram: &Histogram, span: Duration) {
    histogram.record(span.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Outcome;
    use crate::domain::event::{EndedBy, EndedWhy};
    use crate::domain::report::{OfferOutcome, Work};
    use crate::domain::routing::WhyStill;

    #[test]
    fn a_group_is_counted_under_its_name_and_its_account() {
        let metrics = Metrics::new().unwrap();
        let support: GroupId = "support".parse().unwrap();
        let group = metrics.group(AccountId(1), &support);
        seconds(group.queue_time(Outcome::Answered), Duration::from_secs(7));
        group.waiting.set(3.0);
        metrics.offer(AccountId(1), &support, OfferCount::Made);
        metrics.offer(AccountId(1), &support, OfferCount::Over(OfferOutcome::Declined));
        group.chat_over(EndedBy::Visitor, EndedWhy::Closed);
        let text = metrics.render();
        assert!(text.contains("# HELP switchboard_queue_time_seconds "), "{text}");
        assert!(text.contains(r#"outcome="answered",le="10"} 1"#), "{text}");
        assert!(text.contains(r#"outcome="abandoned",le="10"} 0"#), "{text}");
        assert!(text.contains(r#"switchboard_waiting_chats{account="1",group="support"} 3"#), "{text}");
        assert!(text.contains(r#"switchboard_offers_total{account="1",group="support"} 1"#), "{text}");
        assert!(text.contains(r#"outcome="declined"} 1"#), "{text}");
        assert!(text.contains(r#"{account="1",group="support",by="visitor",why="closed"} 1"#), "{text}");
        for another in [r#"by="operator",why="sent_to_form"} 0"#, r#"by="system",why="timed_out"} 0"#] {
            assert!(text.contains(&format!(r#"{{account="1",group="support",{another}"#)), "{text}");
        }
    }

    #[test]
    fn what_must_never_happen_is_zero_from_the_start() {
        let metrics = Metrics::new().unwrap();
        let all = [
            Invariant::SlotsRecounted,
            Invariant::QueueDisagrees,
            Invariant::QueueMissedLoad,
            Invariant::QueueMissedReception,
            Invariant::SlotNotRefilled,
            Invariant::SlotsLeftClosed,
            Invariant::ChatSetAside,
        ];
        assert_eq!(all.map(Invariant::as_str), Invariant::NAMES);
        for which in all {
            let line = |count: u32| format!("invariant_violations_total{{which=\"{}\"}} {count}", which.as_str());
            assert!(metrics.render().contains(&line(0)));
            metrics.violated(which);
            assert!(metrics.render().contains(&line(1)), "what is found is counted: {which:?}");
        }
    }

    #[test]
    fn each_reason_to_wait_is_told_under_its_own_name() {
        let metrics = Metrics::new().unwrap();
        let group = metrics.group(AccountId(1), &"support".parse().unwrap());
        for reason in WhyStill::ALL {
            group.set_waiting_reasons(&[(reason, 3)].into());
            let text = metrics.render();
            for other in WhyStill::ALL {
                let labels = format!(r#"account="1",group="support",reason="{}""#, other.as_str());
                let waiting = if other == reason { 3 } else { 0 };
                let line = format!("switchboard_queue_waiting_reason_chats{{{labels}}} {waiting}\n");
                assert!(text.contains(&line), "{reason:?}: no {line}");
            }
        }
    }

    #[test]
    fn more_groups_than_are_told_apart_are_counted_together() {
        let metrics = Metrics::new().unwrap();
        for number in 0..GROUPS_COUNTED + 5 {
            let group = format!("group-{number}").parse().unwrap();
            let group = metrics.group(AccountId(1), &group);
            group.started.increment(1);
            group.chat_over(EndedBy::Visitor, EndedWhy::Closed);
        }
        let text = metrics.render();
        let series = text.lines().filter(|line| line.starts_with("switchboard_chats_started_total{")).count();
        assert_eq!(series, GROUPS_COUNTED + 1);
        for counted in [
            "started_total{account=\"other\",group=\"other\"} 5",
            "ended_total{account=\"other\",group=\"other\",by=\"visitor\",why=\"closed\"} 5",
        ] {
            assert!(text.contains(&format!("switchboard_chats_{counted}\n")), "{counted}");
        }
    }

    #[test]
    fn slots_of_what_is_counted_together_lose_no_part_of_a_second() {
        let metrics = Metrics::new().unwrap();
        let half = Work::of(2, 1, Duration::from_millis(600));
        for number in 0..GROUPS_COUNTED as i64 + 2 {
            let account = AccountId(number + 1);
            metrics.group(account, &"support".parse().unwrap()).slot_time.worked(half);
            metrics.operators(account).worked(half);
        }
        let text = metrics.render();
        for line in [
            r#"switchboard_capacity_slot_seconds_total{account="other",group="other"} 2"#,
            r#"switchboard_capacity_used_slot_seconds_total{account="other",group="other"} 1"#,
            r#"switchboard_operator_slot_seconds_total{account="other"} 2"#,
            r#"switchboard_operator_used_slot_seconds_total{account="other"} 1"#,
            r#"switchboard_operator_slot_seconds_total{account="1"} 1"#,
        ] {
            assert!(text.contains(&format!("{line}\n")), "no {line}");
        }
    }

    #[test]
    fn two_engines_do_not_mix() {
        let (one, two) = (Metrics::new().unwrap(), Metrics::new().unwrap());
        one.message(Role::Visitor);
        assert!(!two.render().contains(r#"role="visitor"} 1"#));
    }

    #[test]
    fn messages_are_told_apart_by_who_wrote_them() {
        let metrics = Metrics::new().unwrap();
        for (count, role) in (1..).zip([Role::Visitor, Role::Operator, Role::System]) {
            (0..count).for_each(|_| metrics.message(role));
            let line = format!("switchboard_messages_total{{role=\"{}\"}} {count}\n", role.as_str());
            assert!(metrics.render().contains(&line), "{role:?}");
        }
    }
}
