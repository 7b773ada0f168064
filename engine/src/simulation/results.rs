//! What came of a run, for people, for programs and for spreadsheets. Chats of all replications count together.

use std::fmt::Write;

use serde::Serialize;

use crate::domain::ids::GroupId;
use crate::simulation::scenario::Scenario;
use crate::simulation::tally::{Cell, Run};

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The replications, in order.
    pub runs: Vec<Run>,
    /// For each group a row for the whole time, then one for each interval.
    pub rows: Vec<Row>,
}

/// One group, over the whole time or in one interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which group.
    pub group: GroupId,
    /// Seconds from the end of the warm-up to the interval; absent: the whole time.
    pub from_s: Option<f64>,
    /// What happened.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What happened in one group. Absent: nothing to divide by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Chats that came.
    pub arrived: u64,
    /// Of these, chats that an operator got.
    pub answered: u64,
    /// Visitors who left.
    pub abandoned: u64,
    /// Visitors sent to the off-line form.
    pub timed_out: u64,
    /// Visitors for whom nobody ever came.
    pub unserved: u64,
    /// Mean seconds until the wait was over, however it ended.
    pub wait_mean_s: Option<f64>,
    /// Seconds within which half of the waits were over.
    pub wait_p50_s: Option<f64>,
    /// The same for 90 of 100.
    pub wait_p90_s: Option<f64>,
    /// The same for 99 of 100.
    pub wait_p99_s: Option<f64>,
    /// Average speed of answer: mean seconds that those who were answered waited.
    pub answer_mean_s: Option<f64>,
    /// Answered within the time ÷ (answered + abandoned after that time).
    pub service_level: Option<f64>,
    /// Abandoned ÷ arrived.
    pub abandoned_part: Option<f64>,
    /// Slots in use by chats of the group × time ÷ slots × time, of members who receive, as reports and metrics count it.
    pub occupancy: Option<f64>,
    /// Hours of chats of the group at operators, together.
    pub held_hours: f64,
    /// Most chats that waited at once.
    pub queue_max: u64,
    /// What became of offers.
    pub offers: Offers,
}

/// What became of offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Offers {
    /// That rang.
    pub rung: u64,
    /// Accepted.
    pub accepted: u64,
    /// Declined.
    pub declined: u64,
    /// That nobody answered.
    pub expired: u64,
    /// Taken back.
    pub withdrawn: u64,
}

const COLUMNS: [&str; 20] = [
    "group",
    "from_s",
    "arrived",
    "answered",
    "abandoned",
    "timed_out",
    "unserved",
    "wait_mean_s",
    "wait_p50_s",
    "wait_p90_s",
    "wait_p99_s",
    "answer_mean_s",
    "service_level",
    "abandoned_part",
    "occupancy",
    "held_hours",
    "queue_max",
    "offers_rung",
    "offers_declined",
    "offers_expired",
];

impl Results {
    /// Of these replications.
    pub fn new(scenario: &Scenario, runs: Vec<Run>) -> Self {
        let mut rows = Vec::new();
        for (index, group) in scenario.groups.iter().enumerate() {
            let intervals = runs.first().map_or(0, |run| run.cells[index].len());
            let mut total = Cell::default();
            let mut parts = Vec::new();
            for interval in 0..intervals {
                let mut cell = Cell::default();
                runs.iter().for_each(|run| cell.add(&run.cells[index][interval]));
                total.add(&cell);
                let from_s = Some(interval as f64 * scenario.interval_s);
                parts.push(Row { group: group.id.clone(), from_s, figures: Figures::of(cell) });
            }
            rows.push(Row { group: group.id.clone(), from_s: None, figures: Figures::of(total) });
            rows.append(&mut parts);
        }
        Self { runs, rows }
    }

    /// The whole time of a group.
    pub fn total(&self, group: &str) -> Option<&Figures> {
        let row = self.rows.iter().find(|row| row.group.as_str() == group && row.from_s.is_none());
        row.map(|row| &row.figures)
    }

    /// A table for people: columns stand below each other.
    pub fn to_text(&self) -> String {
        let mut lines = vec![COLUMNS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::fields));
        let widths: Vec<usize> =
            (0..COLUMNS.len()).map(|n| lines.iter().map(|line| line[n].len()).max().unwrap_or(0)).collect();
        let mut text = String::new();
        for line in lines {
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(field, width)| format!("{field:>width$}", width = *width)).collect();
            let _ = writeln!(text, "{}", cells.join("  "));
        }
        text
    }

    /// Comma-separated values with a line of names.
    pub fn to_csv(&self) -> String {
        let mut text = COLUMNS.join(",") + "\n";
        for row in &self.rows {
            text += &(row.fields().join(",") + "\n");
        }
        text
    }

    /// A list of rows.
    ///
    /// # Errors
    /// Never for rows of a run; the form of a JSON text allows for it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(&self.rows)
    }
}

impl Row {
    fn fields(&self) -> [String; COLUMNS.len()] {
        let (figures, offers) = (&self.figures, &self.figures.offers);
        let number = |value: Option<f64>| value.map(|value| format!("{value:.3}")).unwrap_or_default();
        [
            self.group.to_string(),
            self.from_s.map_or_else(|| "all".to_owned(), |from_s| format!("{from_s}")),
            figures.arrived.to_string(),
            figures.answered.to_string(),
            figures.abandoned.to_string(),
            figures.timed_out.to_string(),
            figures.unserved.to_string(),
            number(figures.wait_mean_s),
            number(figures.wait_p50_s),
            number(figures.wait_p90_s),
            number(figures.wait_p99_s),
            number(figures.answer_mean_s),
            number(figures.service_level),
            number(figures.abandoned_part),
            number(figures.occupancy),
            format!("{:.3}", figures.held_hours),
            figures.queue_max.to_string(),
            offers.rung.to_string(),
            offers.declined.to_string(),
            offers.expired.to_string(),
        ]
    }
}

impl Figures {
    fn of(mut cell: Cell) -> Self {
        cell.waits_ms.sort_unstable();
        let waits = &cell.waits_ms;
        let wait_ms: u64 = waits.iter().map(|wait| u64::from(*wait)).sum();
        let seconds = |part: Option<f64>| part.map(|millis| millis / 1000.0);
        let percentile = |percent: usize| {
            let rank = (waits.len() * percent).div_ceil(100).max(1);
            waits.get(rank - 1).map(|wait| f64::from(*wait) / 1000.0)
        };
        Self {
            arrived: cell.arrived,
            answered: cell.answered,
            abandoned: cell.abandoned,
            timed_out: cell.timed_out,
            unserved: cell.unserved,
            wait_mean_s: seconds(ratio(wait_ms, waits.len() as u64)),
            wait_p50_s: percentile(50),
            wait_p90_s: percentile(90),
            wait_p99_s: percentile(99),
            answer_mean_s: seconds(ratio(cell.answered_wait_ms, cell.answered)),
            service_level: ratio(cell.answered_in_time, cell.answered + cell.abandoned_late),
            abandoned_part: ratio(cell.abandoned, cell.arrived),
            occupancy: ratio(cell.used_ms, cell.slot_ms),
            held_hours: cell.held_ms as f64 / 3_600_000.0,
            queue_max: cell.queue_max,
            offers: Offers {
                rung: cell.rung,
                accepted: cell.accepted,
                declined: cell.declined,
                expired: cell.expired,
                withdrawn: cell.withdrawn,
            },
        }
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_what_its_formula_says() {
        let cell = Cell {
            arrived: 12,
            answered: 6,
            answered_in_time: 4,
            abandoned: 3,
            abandoned_late: 2,
            timed_out: 1,
            unserved: 2,
            answered_wait_ms: 12_000,
            waits_ms: (1..=10).rev().map(|second| second * 1_000).collect(),
            held_ms: 5_400_000,
            used_ms: 3_600_000,
            slot_ms: 9_000_000,
            queue_max: 5,
            ..Cell::default()
        };
        let figures = Figures::of(cell);
        assert_eq!((figures.wait_mean_s, figures.answer_mean_s), (Some(5.5), Some(2.0)));
        assert_eq!((figures.wait_p50_s, figures.wait_p90_s, figures.wait_p99_s), (Some(5.0), Some(9.0), Some(10.0)));
        assert_eq!((figures.service_level, figures.abandoned_part), (Some(0.5), Some(0.25)));
        assert_eq!((figures.occupancy, figures.held_hours, figures.queue_max), (Some(0.4), 1.5, 5));
        let none = Figures::of(Cell::default());
        let shares = [none.wait_mean_s, none.wait_p50_s, none.service_level, none.abandoned_part, none.occupancy];
        assert_eq!(shares, [None; 5], "nothing to divide by");
    }
}
