//! The metrics of one group: found once by whoever counts, and kept.

use std::collections::BTreeMap;

use metrics::{Counter, Gauge, Histogram};

use super::catalogue;
use super::recording::{Each, Recording};
use super::slot_time::SlotTime;
use crate::domain::chat::Outcome;
use crate::domain::event::{EndedBy, EndedWhy};
use crate::domain::report::OfferOutcome;
use crate::domain::routing::WhyStill;

/// The metrics of one group.
pub struct GroupMetrics {
    /// See [`catalogue::QUEUE_TIME`]; one for each [`Outcome`], in their order.
    queue_time: [Histogram; 4],
    offers_settled: Each,
    service_level: Each,
    /// See [`catalogue::CHATS_ENDED`]; one for each way a chat can end, there from the start as those of [`Each`].
    ended: Vec<(EndedBy, EndedWhy, Counter)>,
    /// How much of the members' slots was in use.
    pub slot_time: SlotTime,
    /// See [`catalogue::WAITING_REASON`]; one for each [`WhyStill`].
    waiting_reason: [(WhyStill, Gauge); WhyStill::ALL.len()],
    /// See [`catalogue::SERVICE_LEVEL_WITHIN`].
    pub service_level_within: Gauge,
    /// See [`catalogue::IDLE_TIME`].
    pub idle_time: Histogram,
    /// See [`catalogue::HANDLING_TIME`].
    pub handling_time: Histogram,
    /// See [`catalogue::FIRST_REPLY`].
    pub first_reply: Histogram,
    /// See [`catalogue::ESTIMATE_ERROR`], for those who waited longer than told.
    pub estimate_longer: Histogram,
    /// See [`catalogue::ESTIMATE_ERROR`], for those who did not.
    pub estimate_shorter: Histogram,
    /// See [`catalogue::CAPACITY`].
    pub capacity: Gauge,
    /// See [`catalogue::CAPACITY_USED`].
    pub capacity_used: Gauge,
    /// See [`catalogue::CAPACITY_RESERVED`].
    pub capacity_reserved: Gauge,
    /// See [`catalogue::CAPACITY_FREE`].
    pub capacity_free: Gauge,
    /// See [`catalogue::RECEIVING`].
    pub receiving: Gauge,
    /// See [`catalogue::WAITING`].
    pub waiting: Gauge,
    /// See [`catalogue::WAITING_LONGEST`].
    pub waiting_longest: Gauge,
    /// See [`catalogue::CHATS_STARTED`].
    pub started: Counter,
    /// See [`catalogue::OFFERS`].
    pub offers: Counter,
}

impl GroupMetrics {
    /// Those of a group, by the labels of its account and of itself.
    pub(super) fn new(recording: &Recording, account: &str, group: &str, own: bool) -> Self {
        let of = [account, group];
        let histogram = |metric| recording.histogram(metric, &of);
        // Groups that are counted together have no common state.
        let gauge = |metric| if own { recording.gauge(metric, &of) } else { Gauge::noop() };
        let waited =
            |outcome: Outcome| recording.histogram(&catalogue::QUEUE_TIME, &[account, group, outcome.as_str()]);
        let estimate = |sign| recording.histogram(&catalogue::ESTIMATE_ERROR, &[account, group, sign]);
        Self {
            queue_time: [Outcome::Answered, Outcome::Abandoned, Outcome::SentToForm, Outcome::TurnedAway].map(waited),
            waiting_reason: WhyStill::ALL.map(|reason| {
                let labels = [account, group, reason.as_str()];
                let gauge = || recording.gauge(&catalogue::WAITING_REASON, &labels);
                (reason, if own { gauge() } else { Gauge::noop() })
            }),
            offers_settled: recording.each(&catalogue::OFFERS_SETTLED, &of),
            service_level: recording.each(&catalogue::SERVICE_LEVEL, &of),
            ended: ends()
                .map(|(by, why)| {
                    let labels = [account, group, by.as_str(), why.as_str()];
                    (by, why, recording.counter(&catalogue::CHATS_ENDED, &labels))
                })
                .collect(),
            slot_time: SlotTime::of_group(recording, &of),
            service_level_within: gauge(&catalogue::SERVICE_LEVEL_WITHIN),
            idle_time: histogram(&catalogue::IDLE_TIME),
            handling_time: histogram(&catalogue::HANDLING_TIME),
            first_reply: histogram(&catalogue::FIRST_REPLY),
            estimate_longer: estimate("longer"),
            estimate_shorter: estimate("shorter"),
            capacity: gauge(&catalogue::CAPACITY),
            capacity_used: gauge(&catalogue::CAPACITY_USED),
            capacity_reserved: gauge(&catalogue::CAPACITY_RESERVED),
            capacity_free: gauge(&catalogue::CAPACITY_FREE),
            receiving: gauge(&catalogue::RECEIVING),
            waiting: gauge(&catalogue::WAITING),
            waiting_longest: gauge(&catalogue::WAITING_LONGEST),
            started: recording.counter(&catalogue::CHATS_STARTED, &of),
            offers: recording.counter(&catalogue::OFFERS, &of),
        }
    }

    /// See [`catalogue::QUEUE_TIME`].
    pub fn queue_time(&self, outcome: Outcome) -> &Histogram {
        &self.queue_time[outcome as usize]
    }

    /// Counts an offer that is over.
    pub fn offer_over(&self, how: OfferOutcome) {
        self.offers_settled.count(how.as_str());
    }

    /// Counts a chat that is over.
    pub fn chat_over(&self, by: EndedBy, why: EndedWhy) {
        match self.ended.iter().find(|(known_by, known_why, _)| (*known_by, *known_why) == (by, why)) {
            Some((.., counter)) => counter.increment(1),
            None => tracing::error!(?by, ?why, "a chat cannot end so, it is not counted"),
        }
    }

    /// Counts a wait that counts for the service level.
    pub fn in_time(&self, in_time: bool) {
        self.service_level.count(if in_time { "yes" } else { "no" });
    }

    /// Says how many chats wait for which reason; for others none does.
    pub fn set_waiting_reasons(&self, reasons: &BTreeMap<WhyStill, usize>) {
        for (reason, gauge) in &self.waiting_reason {
            gauge.set(reasons.get(reason).copied().unwrap_or(0) as f64);
        }
    }

    /// Sets the gauges of the group to nothing: another node has its queue.
    pub fn let_go(&self) {
        let slots = [&self.capacity, &self.capacity_used, &self.capacity_reserved, &self.capacity_free];
        slots
            .into_iter()
            .chain([&self.receiving, &self.waiting, &self.waiting_longest, &self.service_level_within])
            .for_each(|gauge| gauge.set(0.0));
        self.set_waiting_reasons(&BTreeMap::new());
    }
}

/// All ways in which a chat can end.
fn ends() -> impl Iterator<Item = (EndedBy, EndedWhy)> {
    use EndedWhy::{Blocked, Closed, GroupDeleted, Left, Offline, SentToForm, TimedOut};
    let by_system = [Closed, Left, TimedOut, Offline, GroupDeleted, Blocked].map(|why| (EndedBy::System, why));
    let by_people = [(EndedBy::Visitor, Closed), (EndedBy::Operator, Closed), (EndedBy::Operator, SentToForm)];
    by_people.into_iter().chain(by_system)
}
