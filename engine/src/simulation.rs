//! A contact centre in simulated time: the cores that serve production, fed by a clock that jumps from one thing that
//! happens to the next. Planning, tests against the theory of queues and what-if runs all come through [`run`].
//! A run is a function of its [`Scenario`]: the same one gives the same [`Results`], byte for byte.

mod checker;
mod clock;
mod draw;
mod results;
mod scenario;
mod tally;
pub mod theory;
mod world;

#[cfg(test)]
mod tests;

pub use checker::Violation;
pub use results::{Figures, Offers, Results, Row};
pub use scenario::{Answers, Arrivals, Break, Burst, Crew, Group, Kind, Scenario, ScenarioError, Seat, Shift, Spread};
pub use tally::{Cell, Run};

use world::World;

/// Why there are no results.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// The scenario cannot be.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The cores broke a rule that must always hold.
    #[error(transparent)]
    Violation(#[from] Violation),
}

/// Runs a scenario, each replication with random numbers of its own. `check_every` is how many happenings lie between
/// two looks at the whole centre, each O(operators + waiting chats); limits and owners are checked at each change.
///
/// # Errors
/// When a setting is wrong, or the cores break a rule.
pub fn run(scenario: &Scenario, check_every: u32) -> Result<Results, SimulationError> {
    scenario.validate()?;
    let runs = (0..scenario.replications).map(|n| World::new(scenario, n, check_every).run());
    Ok(Results::new(scenario, runs.collect::<Result<_, _>>()?))
}
