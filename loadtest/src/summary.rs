//! What came of a run, in the form it is shown, written as JSON and compared with others.

mod sum;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::recorder::{TALLIES, Tally};
use crate::scenario::Breach;
use crate::theory::Theory;
pub use sum::Sum;

/// Faults that are written out; more are only counted.
pub const FAULTS_SHOWN: usize = 100;
/// Of less CPU time of the server than this, in seconds, the tool's is no part: the kernel counts in hundredths of a
/// second.
const METERED_MIN_S: f64 = 1.0;

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// The target.
    pub target: String,
    /// Seconds from the first visitor's moment to the end.
    pub seconds: f64,
    /// How the run ended.
    pub ended: Ending,
    /// What was counted.
    pub counts: Counts,
    /// What was timed.
    pub latency: Latency,
    /// Errors by their words.
    pub errors: BTreeMap<String, u64>,
    /// The run second by second.
    pub series: Vec<Second>,
    /// What the judge found.
    pub verdict: Verdict,
    /// Limits that were passed.
    pub breaches: Vec<Breach>,
    /// What it took.
    pub cost: Cost,
    /// The server's own figures beside ours.
    pub server: Option<ServerView>,
    /// They were asked for, and could not be read at the end: whether it broke its own rules is not known.
    #[serde(default)]
    pub server_unread: bool,
    /// There were to be chats: a run in which none was judged has shown nothing.
    #[serde(default)]
    pub expects_chats: bool,
    /// Messages that were due beside those that left.
    #[serde(default)]
    pub pace: Pace,
    /// Waits beside what the theory of queues says of them.
    pub theory: Option<Theory>,
    /// How far the server's clock is ahead of this machine's, in seconds, as far as the way of a frame lets it be seen.
    pub clock_ahead_s: Option<f64>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// At its time.
    #[default]
    Complete,
    /// Somebody stopped it.
    Interrupted,
    /// The server was gone.
    ServerGone,
    /// One of the tool's own processes failed.
    WorkerGone,
}

impl Ending {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Interrupted => "ended early by request",
            Self::ServerGone => "the server was gone before the end",
            Self::WorkerGone => "one of the tool's own processes failed",
        }
    }
}

/// The part of the chats that began which has to be judged, where the run came to its end: a few may be cut by it before
/// both sides have said what they heard.
const JUDGED_MIN: f64 = 0.9;

/// The error of a client that fell: nobody knows what it heard.
pub const CLIENT_FAILED: &str = "client of the tool failed";

macro_rules! counts {
    ($($(#[$doc:meta])* $field:ident = $tally:ident,)*) => {
        /// What was counted.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Counts { $($(#[$doc])* pub $field: u64,)* }

        impl Counts {
            fn of(tallies: &[u64; TALLIES]) -> Self {
                Self { $($field: tallies[Tally::$tally as usize],)* }
            }
        }
    };
}

counts! {
    /// Visitors whose moment came.
    visitors_came = VisitorsCame,
    /// Chats that the server stored.
    chats_started = ChatsStarted,
    /// Chats that it refused because nobody received.
    chats_refused = ChatsRefused,
    /// Chats that an operator got.
    chats_answered = ChatsAnswered,
    /// Visitors whose patience ended before.
    chats_abandoned = ChatsAbandoned,
    /// Visitors whom the server sent to the form.
    chats_timed_out = ChatsTimedOut,
    /// Chats whose visitor heard the end.
    chats_ended = ChatsEnded,
    /// Offers that operators got.
    offers = Offers,
    /// Offers that they declined.
    offers_declined = OffersDeclined,
    /// Offers that they let ring.
    offers_ignored = OffersIgnored,
    /// Offers that ended otherwise.
    offers_gone = OffersGone,
    /// Messages whose moment came.
    #[serde(default)]
    messages_due = MessagesDue,
    /// Messages sent, each once however often it was sent again.
    messages_said = MessagesSaid,
    /// Messages that the server promised to keep.
    messages_acked = MessagesAcked,
    /// Messages that arrived, at their sender and the other side.
    messages_heard = MessagesHeard,
    /// Commands that crossed the end of their chat or offer.
    commands_crossed = MessagesTooLate,
    /// Messages that left more than 100 ms after their moment.
    messages_late = MessagesLate,
    /// First connections.
    connects = Connects,
    /// Connections that did not come about.
    connects_failed = ConnectsFailed,
    /// Connections again.
    reconnects = Reconnects,
    /// Connections that the scenario dropped, or the server asked to make anew.
    drops = Drops,
    /// Connections that the server or the network ended.
    cut_by_server = ServerCuts,
    /// Chats that a colleague took over.
    transfers = Transfers,
    /// Colleagues who came in.
    invitations = Invitations,
    /// Transfers and invitations that the server refused, for nobody could be asked.
    asks_refused = AsksRefused,
    /// Chats taken up again after a lost connection.
    resumed = Resumed,
    /// Times that commands were sent again after a lost connection.
    sent_again = Again,
}

/// What was timed, in milliseconds, from the moment each was meant to begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// To the server's greeting.
    pub connect: Percentiles,
    /// From a visitor's arrival to the stored chat.
    pub start: Percentiles,
    /// To the promise that a message is kept.
    pub ack: Percentiles,
    /// To its arrival at the other side.
    pub delivery: Percentiles,
    /// From coming back to having heard what was missed.
    pub resume: Percentiles,
    /// Of those who were answered: from queueing to the operator, by the server's clock.
    pub wait: Percentiles,
    /// Acks and messages of the others to visitors who read slowly, which stand in neither of those above.
    #[serde(default)]
    pub slow: Percentiles,
    /// How late the tool itself sent.
    pub lateness: Percentiles,
}

/// A distribution, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Percentiles {
    pub count: u64,
    pub mean_ms: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

impl Percentiles {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            count: histogram.len(),
            mean_ms: histogram.mean() / 1e3,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: histogram.max() as f64 / 1e3,
        }
    }
}

/// About a second of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Seconds from the beginning to its end.
    pub at_s: f64,
    /// Visitors who came.
    pub came: u64,
    /// Messages that were acked.
    pub acked: u64,
    /// Visitors connected at its end.
    pub connected: i64,
    /// Chats that wait at its end.
    pub waiting: i64,
    /// Chats with an operator at its end.
    pub active: i64,
    /// Errors within it.
    pub errors: u64,
    /// Of the acks within it.
    pub ack_p50_ms: f64,
    /// Of the acks within it.
    pub ack_p99_ms: f64,
}

/// What the judge found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Chats that were judged.
    pub chats: u64,
    /// Promises that were broken.
    pub faults: u64,
    /// The first of them, in words.
    pub first: Vec<String>,
    /// Of two chats that came, or were offered, within so many milliseconds either may have been first: finer the order
    /// of service cannot be seen from outside. The largest of all offers.
    #[serde(default)]
    pub tolerance_ms: i64,
    /// Offers whose order was judged, and those of them that were judged with more than the least tolerance, for answers
    /// were slow around them.
    #[serde(default)]
    pub offers: u64,
    /// See above.
    #[serde(default)]
    pub offers_coarse: u64,
}

/// How the run kept its pace: whether what was due in a second left in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// The largest part of a second's messages by which those that left differed from those that were due; behind the
    /// warm-up, over seconds in which so many were due that one more or less is none of it. None: there was none.
    pub off: Option<f64>,
    /// How many such seconds there were.
    pub seconds: u64,
    /// By second of the run: messages that were due in it, and those that left in it.
    pub by_second: Vec<(u64, u64)>,
}

/// What a run took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time of the tool's processes, in seconds.
    pub tool_cpu_s: f64,
    /// Most memory of the tool's processes together, in bytes.
    pub tool_bytes: u64,
    /// CPU time of the server where it runs on this machine for this run, in seconds.
    pub server_cpu_s: Option<f64>,
    /// Its most memory, in bytes.
    pub server_bytes: Option<u64>,
    /// The part of it that fell behind the warm-up; none: there was no such time.
    #[serde(default)]
    pub steady: Option<Steady>,
}

/// What the steady time of a run took: from the end of the warm-up to the visitors' last moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// Messages acked within it.
    pub messages: u64,
    /// CPU time of the tool's processes, in seconds.
    pub tool_cpu_s: f64,
    /// CPU time of the server, in seconds, where it runs on this machine for this run or its metrics are read.
    pub server_cpu_s: Option<f64>,
}

/// The server's own figures beside ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerView {
    /// Chats of the scenario's group whose queue time the server counted as answered.
    pub answered: f64,
    /// Their mean wait as the server says, in seconds.
    pub wait_mean_s: f64,
    /// The difference of our mean from it, in seconds.
    pub difference_s: f64,
    /// What the server counts as broken within itself; must be 0.
    pub invariant_violations: f64,
}

impl Summary {
    /// The part of visitors who chat that left before anybody came.
    pub fn abandoned_part(&self) -> f64 {
        self.counts.chats_abandoned as f64 / self.counts.chats_started.max(1) as f64
    }

    /// Errors for each message and chat.
    pub fn error_part(&self) -> f64 {
        self.errors.values().sum::<u64>() as f64 / self.tried().max(1) as f64
    }

    /// Messages, chats and connections together.
    pub fn tried(&self) -> u64 {
        self.counts.messages_said + self.counts.chats_started + self.counts.connects
    }

    /// The part of messages that left late.
    pub fn late_part(&self) -> f64 {
        self.counts.messages_late as f64 / self.counts.messages_said.max(1) as f64
    }

    /// Acked messages a second.
    pub fn rate(&self) -> f64 {
        self.counts.messages_acked as f64 / self.seconds.max(1e-3)
    }

    /// CPU microseconds for each acked message, where there are any: the tool's, the server's.
    pub fn cpu_a_message_us(&self) -> (Option<f64>, Option<f64>) {
        let messages = self.counts.messages_acked;
        let each = |seconds: f64| (messages > 0).then(|| seconds * 1e6 / messages as f64);
        (each(self.cost.tool_cpu_s), self.cost.server_cpu_s.and_then(each))
    }

    /// The tool's CPU time a message divided by the server's, over the steady time; none where that had no message, or
    /// the server used too little to tell, or nobody knows how much.
    pub fn tool_cpu_part(&self) -> Option<f64> {
        let steady = self.cost.steady.filter(|steady| steady.messages > 0)?;
        let server_s = steady.server_cpu_s.filter(|seconds| *seconds >= METERED_MIN_S)?;
        // Both are of the same messages.
        Some(steady.tool_cpu_s / server_s)
    }

    /// Whether the run shows that all is well.
    pub fn passed(&self) -> bool {
        let kept = self.verdict.faults == 0 && self.breaches.is_empty();
        kept && self.shortcomings().is_empty()
    }

    /// How many chats were judged, and of how many where some were not.
    pub fn judged(&self) -> String {
        let (judged, began) = (self.verdict.chats, self.counts.chats_started);
        if judged < began { format!("{judged} of {began} chats judged") } else { format!("{judged} chats judged") }
    }

    /// Why the run shows nothing, or not that all is well, beside broken promises and limits; in words.
    pub fn shortcomings(&self) -> Vec<&'static str> {
        let ended = match self.ended {
            Ending::Complete | Ending::Interrupted => None,
            Ending::ServerGone | Ending::WorkerGone => Some(self.ended.words()),
        };
        let fell = self.errors.contains_key(CLIENT_FAILED);
        let nothing = self.expects_chats && self.verdict.chats == 0;
        let too_few = (self.verdict.chats as f64) < JUDGED_MIN * self.counts.chats_started as f64;
        let unheard = self.ended == Ending::Complete && too_few && !nothing;
        let violated = self.server.is_some_and(|server| server.invariant_violations > 0.0);
        let rows = [
            ended,
            fell.then_some("a client of the tool failed, and nobody knows what it heard"),
            nothing.then_some("visitors were to come, and not one chat could be judged"),
            unheard.then_some("more than a tenth of the chats that began could not be judged"),
            self.server_unread.then_some("the server's metrics could not be read at the end"),
            violated.then_some("the server counts violations within itself"),
        ];
        rows.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_set_beside_a_server_that_is_known_to_have_worked() {
        let part = |messages, server_cpu_s| {
            let steady = Some(Steady { messages, tool_cpu_s: 1.5, server_cpu_s });
            Summary { cost: Cost { steady, ..Cost::default() }, ..Summary::default() }.tool_cpu_part()
        };
        assert_eq!((part(10, Some(3.0)), part(10, Some(1.0))), (Some(0.5), Some(1.5)));
        assert_eq!((part(10, Some(0.99)), part(10, None), part(0, Some(3.0))), (None, None, None));
        assert_eq!(Summary::default().tool_cpu_part(), None, "no steady time");
    }

    #[test]
    fn a_run_that_shows_nothing_has_not_passed() {
        let good =
            Summary { expects_chats: true, verdict: Verdict { chats: 1, ..Verdict::default() }, ..Summary::default() };
        assert!(good.passed());
        let none = Summary { verdict: Verdict::default(), ..good.clone() };
        let unread = Summary { server_unread: true, ..good.clone() };
        let violated = ServerView { invariant_violations: 1.0, ..ServerView::default() };
        let violated = Summary { server: Some(violated), ..good.clone() };
        let gone = Summary { ended: Ending::ServerGone, ..good.clone() };
        let judged = |judged, began| {
            let counts = Counts { chats_started: began, ..Counts::default() };
            Summary { counts, verdict: Verdict { chats: judged, ..Verdict::default() }, ..good.clone() }
        };
        assert!(judged(9, 10).passed() && judged(8, 9).judged() == "8 of 9 chats judged");
        assert!(judged(9, 9).judged() == "9 chats judged");
        assert!(Summary { ended: Ending::Interrupted, ..judged(1, 10) }.passed(), "somebody was in a hurry");
        let unheard = judged(8, 10);
        for (broken, why) in [
            (none, "not one chat"),
            (unread, "metrics"),
            (violated, "violations"),
            (gone, "gone"),
            (unheard, "a tenth"),
        ] {
            assert!(!broken.passed() && broken.shortcomings()[0].contains(why), "{:?}", broken.shortcomings());
        }
        assert!(Summary { expects_chats: false, verdict: Verdict::default(), ..good }.passed(), "onlookers only");
    }
}
