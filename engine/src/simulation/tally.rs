//! What is counted while a centre runs: by group and interval of the report. A chat counts where it came, an offer
//! and the time of operators where they were.

use crate::domain::time::Timestamp;
use crate::simulation::scenario::Scenario;

/// One group in one interval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Chats that came.
    pub arrived: u64,
    /// Of these, chats that an operator got.
    pub answered: u64,
    /// Of these, answered within the time of the service level.
    pub answered_in_time: u64,
    /// Visitors who left.
    pub abandoned: u64,
    /// Of these, after the time of the service level.
    pub abandoned_late: u64,
    /// Visitors sent to the off-line form.
    pub timed_out: u64,
    /// Visitors for whom nobody ever came.
    pub unserved: u64,
    /// Milliseconds that those who were answered waited, together.
    pub answered_wait_ms: u64,
    /// Milliseconds that each one waited, however it ended.
    pub waits_ms: Vec<u32>,
    /// Offers that rang.
    pub rung: u64,
    /// Offers accepted.
    pub accepted: u64,
    /// Offers declined.
    pub declined: u64,
    /// Offers that nobody answered.
    pub expired: u64,
    /// Offers taken back.
    pub withdrawn: u64,
    /// Most chats that waited at once.
    pub queue_max: u64,
    /// Milliseconds of chats at operators, together.
    pub held_ms: u64,
    /// Milliseconds of chats of the group at members who received, together.
    pub used_ms: u64,
    /// Milliseconds of slots of members who received, together: the most that each may hold in the group.
    pub slot_ms: u64,
}

impl Cell {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.arrived += other.arrived;
        self.answered += other.answered;
        self.answered_in_time += other.answered_in_time;
        self.abandoned += other.abandoned;
        self.abandoned_late += other.abandoned_late;
        self.timed_out += other.timed_out;
        self.unserved += other.unserved;
        self.answered_wait_ms += other.answered_wait_ms;
        self.waits_ms.extend_from_slice(&other.waits_ms);
        self.rung += other.rung;
        self.accepted += other.accepted;
        self.declined += other.declined;
        self.expired += other.expired;
        self.withdrawn += other.withdrawn;
        self.queue_max = self.queue_max.max(other.queue_max);
        self.held_ms += other.held_ms;
        self.used_ms += other.used_ms;
        self.slot_ms += other.slot_ms;
    }
}

/// How the wait of a chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitEnd {
    /// An operator has it.
    Answered,
    /// The visitor left.
    Abandoned,
    /// The visitor was sent to the off-line form.
    TimedOut,
    /// Nothing could happen any more.
    Unserved,
}

/// One replication: its cells by group, then by interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// By group, then by interval.
    pub cells: Vec<Vec<Cell>>,
    from: i64,
    until: i64,
    interval: i64,
    in_time_ms: i64,
}

impl Run {
    /// Nothing has happened.
    pub fn new(scenario: &Scenario) -> Self {
        let [from, length, interval, in_time_ms] =
            [scenario.warm_up_s, scenario.length_s, scenario.interval_s, scenario.service_level_s]
                .map(|seconds| libm::round(seconds * 1000.0) as i64);
        let intervals = (length + interval - 1) / interval;
        let cells = vec![vec![Cell::default(); intervals as usize]; scenario.groups.len()];
        Self { cells, from, until: from + length, interval, in_time_ms }
    }

    /// The cell of a moment, if it is reported.
    pub fn cell(&mut self, group: usize, at: Timestamp) -> Option<&mut Cell> {
        let at = at.millis();
        let inside = (self.from..self.until).contains(&at);
        inside.then(|| &mut self.cells[group][((at - self.from) / self.interval) as usize])
    }

    /// A chat waits no longer.
    pub fn waited(&mut self, group: usize, since: Timestamp, until: Timestamp, end: WaitEnd) {
        let in_time_ms = self.in_time_ms;
        let Some(cell) = self.cell(group, since) else { return };
        let wait = until.millis() - since.millis();
        cell.waits_ms.push(u32::try_from(wait).unwrap_or(u32::MAX));
        match end {
            WaitEnd::Answered => {
                cell.answered += 1;
                cell.answered_in_time += u64::from(wait <= in_time_ms);
                cell.answered_wait_ms += wait as u64;
            }
            WaitEnd::Abandoned => {
                cell.abandoned += 1;
                cell.abandoned_late += u64::from(wait > in_time_ms);
            }
            WaitEnd::TimedOut => cell.timed_out += 1,
            WaitEnd::Unserved => cell.unserved += 1,
        }
    }

    /// Some time of operators passed; it is laid into the intervals that it touches.
    pub fn passed(&mut self, group: usize, since: Timestamp, until: Timestamp, put: impl Fn(&mut Cell, u64)) {
        let (mut at, until) = (since.millis().max(self.from), until.millis().min(self.until));
        while at < until {
            let index = (at - self.from) / self.interval;
            let end = until.min(self.from + (index + 1) * self.interval);
            put(&mut self.cells[group][index as usize], (end - at) as u64);
            at = end;
        }
    }
}
