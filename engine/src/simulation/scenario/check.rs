//! Which scenarios can be run. The first wrong field is named, with the right form.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::domain::group::Instead;
use crate::domain::limits::{
    SIMULATED_CHATS_MAX, SIMULATED_INTERVALS_MAX, SIMULATED_OPERATORS_MAX, SIMULATED_REPLICATIONS,
    SIMULATED_SECONDS_MAX,
};
use crate::simulation::scenario::{Arrivals, Crew, Group, Scenario, Shift, Spread};

/// A field is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct ScenarioError {
    /// Which one, as a path from the top.
    pub field: String,
    /// The right form, in words.
    pub expected: String,
}

type Checked = Result<(), ScenarioError>;

impl Scenario {
    /// Whether this can be run.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(&self) -> Checked {
        let replications = &SIMULATED_REPLICATIONS;
        must(replications.contains(&self.replications), "replications", || between(replications))?;
        seconds("warm_up_s", self.warm_up_s, 0.0)?;
        seconds("length_s", self.length_s, 1.0)?;
        seconds("interval_s", self.interval_s, 1.0)?;
        seconds("service_level_s", self.service_level_s, 0.0)?;
        let intervals = (self.length_s / self.interval_s).ceil();
        must(intervals <= f64::from(SIMULATED_INTERVALS_MAX), "interval_s", || {
            format!("at most {SIMULATED_INTERVALS_MAX} intervals in length_s")
        })?;
        must(!self.groups.is_empty(), "groups", || "at least one group".into())?;
        let mut names = BTreeSet::new();
        for (n, group) in self.groups.iter().enumerate() {
            let at = |field: &str| format!("groups[{n}].{field}");
            must(names.insert(&group.id), &at("id"), || format!("each name once, {} is there twice", group.id))?;
            self.check_group(group, &at)?;
        }
        for (n, crew) in self.crews.iter().enumerate() {
            self.check_crew(crew, &|field| format!("crews[{n}].{field}"))?;
        }
        let operators: u64 = self.crews.iter().map(|crew| u64::from(crew.count)).sum();
        must(operators <= u64::from(SIMULATED_OPERATORS_MAX), "crews", || {
            format!("at most {SIMULATED_OPERATORS_MAX} operators together")
        })?;
        let chats: f64 = self.groups.iter().map(|group| self.expected_chats(group)).sum();
        must(chats <= f64::from(SIMULATED_CHATS_MAX), "groups", || {
            format!("at most {SIMULATED_CHATS_MAX} chats in a replication")
        })
    }

    fn check_group(&self, group: &Group, at: &dyn Fn(&str) -> String) -> Checked {
        seconds(&at("offer_expires_s"), group.offer_expires_s, 1.0)?;
        if let Some(timeout) = group.connection_timeout_s {
            seconds(&at("connection_timeout_s"), timeout, 1.0)?;
        }
        match &group.arrivals {
            Arrivals::None => {}
            Arrivals::Constant { per_hour } | Arrivals::Poisson { per_hour } => {
                rate(&at("arrivals.per_hour"), *per_hour)?;
            }
            Arrivals::Profile { step_s, per_hour } => {
                seconds(&at("arrivals.step_s"), *step_s, 1.0)?;
                must(!per_hour.is_empty(), &at("arrivals.per_hour"), || "at least one step".into())?;
                for (n, per_hour) in per_hour.iter().enumerate() {
                    rate(&at(&format!("arrivals.per_hour[{n}]")), *per_hour)?;
                }
            }
        }
        for (n, burst) in group.bursts.iter().enumerate() {
            seconds(&at(&format!("bursts[{n}].at_s")), burst.at_s, 0.0)?;
            seconds(&at(&format!("bursts[{n}].within_s")), burst.within_s, 0.0)?;
        }
        if let Some(patience) = &group.patience {
            spread(&at("patience"), patience)?;
        }
        let parts: f64 = group.kinds.iter().map(|kind| kind.part).sum();
        for (n, kind) in group.kinds.iter().enumerate() {
            must((0.0..=1.0).contains(&kind.part), &at(&format!("kinds[{n}].part")), || "a part from 0 to 1".into())?;
        }
        must(parts <= 1.0 + 1e-9, &at("kinds"), || "parts that are together at most 1".into())?;
        let rules = group.rules();
        rules.check(&group.id).map_err(|wrong| ScenarioError { field: at(&wrong.field), expected: wrong.expected })?;
        let overflow = group.overflow.iter().flat_map(|overflow| &overflow.groups).map(|id| ("overflow.groups", id));
        let instead = match &group.when_full {
            Instead::Group(id) => Some(("when_full", id)),
            Instead::OfflineForm => None,
        };
        for (field, id) in overflow.chain(instead) {
            must(self.groups.iter().any(|group| group.id == *id), &at(field), || {
                format!("the id of one of the groups, there is no {id}")
            })?;
        }
        spread(&at("handling"), &group.handling)
    }

    fn check_crew(&self, crew: &Crew, at: &dyn Fn(&str) -> String) -> Checked {
        let mut groups = BTreeSet::new();
        for (n, seat) in crew.seats.iter().enumerate() {
            let field = at(&format!("seats[{n}].group"));
            must(self.groups.iter().any(|group| group.id == seat.group), &field, || {
                format!("the id of one of the groups, there is no {}", seat.group)
            })?;
            must(groups.insert(&seat.group), &field, || format!("each group once, {} is there twice", seat.group))?;
        }
        must((0.0..=10.0).contains(&crew.slowdown), &at("slowdown"), || "a number from 0 to 10".into())?;
        spread(&at("answers.delay"), &crew.answers.delay)?;
        let (declined, ignored) = (crew.answers.declined, crew.answers.ignored);
        for (field, part) in [("answers.declined", declined), ("answers.ignored", ignored)] {
            must((0.0..=1.0).contains(&part), &at(field), || "a part from 0 to 1".into())?;
        }
        must(declined + ignored <= 1.0, &at("answers.ignored"), || "together with declined at most 1".into())?;
        let mut free_from = 0.0;
        for (n, shift) in crew.shifts.iter().enumerate() {
            check_shift(shift, free_from, &|field| at(&format!("shifts[{n}].{field}")))?;
            free_from = shift.to_s;
        }
        Ok(())
    }

    fn expected_chats(&self, group: &Group) -> f64 {
        let hours = (self.warm_up_s + self.length_s) / 3600.0;
        let by_rate = match &group.arrivals {
            Arrivals::None => 0.0,
            Arrivals::Constant { per_hour } | Arrivals::Poisson { per_hour } => per_hour * hours,
            Arrivals::Profile { per_hour, .. } => hours * per_hour.iter().copied().fold(0.0, f64::max),
        };
        by_rate + group.bursts.iter().map(|burst| f64::from(burst.chats)).sum::<f64>()
    }
}

fn check_shift(shift: &Shift, free_from: f64, at: &dyn Fn(&str) -> String) -> Checked {
    seconds(&at("from_s"), shift.from_s, 0.0)?;
    seconds(&at("to_s"), shift.to_s, 0.0)?;
    must(shift.from_s >= free_from, &at("from_s"), || "a moment after the shift before".into())?;
    must(shift.to_s > shift.from_s, &at("to_s"), || "a moment after from_s".into())?;
    let mut there_from = shift.from_s;
    for (n, pause) in shift.breaks.iter().enumerate() {
        let inside = pause.from_s >= there_from && pause.to_s > pause.from_s && pause.to_s <= shift.to_s;
        must(inside, &at(&format!("breaks[{n}]")), || "a time within the shift, after the break before".into())?;
        there_from = pause.to_s;
    }
    Ok(())
}

fn spread(field: &str, spread: &Spread) -> Checked {
    match *spread {
        Spread::Exponential { mean_s } => seconds(&format!("{field}.mean_s"), mean_s, 0.001),
        Spread::Lognormal { mean_s, cv } => {
            seconds(&format!("{field}.mean_s"), mean_s, 0.001)?;
            must((0.0..=100.0).contains(&cv), &format!("{field}.cv"), || "a number from 0 to 100".into())
        }
        Spread::Fixed { s } => seconds(&format!("{field}.s"), s, 0.0),
    }
}

fn rate(field: &str, per_hour: f64) -> Checked {
    // A distance below a millisecond could not be told apart.
    must((0.0..=3_600_000.0).contains(&per_hour), field, || "chats an hour, from 0 to 3600000".into())
}

fn seconds(field: &str, value: f64, least: f64) -> Checked {
    let most = SIMULATED_SECONDS_MAX;
    must((least..=most).contains(&value), field, || format!("seconds, from {least} to {most}"))
}

fn between(range: &RangeInclusive<u32>) -> String {
    format!("a number from {} to {}", range.start(), range.end())
}

fn must(holds: bool, field: &str, expected: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(ScenarioError { field: field.to_owned(), expected: expected() }) }
}
