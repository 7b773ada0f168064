//! What a scenario's group is to routing.

use crate::domain::group::RoutingRules;
use crate::domain::skills::Need;
use crate::simulation::scenario::Group;

impl Group {
    /// Its rules, as a group has them in production.
    pub(crate) fn rules(&self) -> RoutingRules {
        RoutingRules {
            overflow: self.overflow.clone(),
            queue_length_max: self.queue_length_max,
            queue_wait_max_s: self.queue_wait_max_s,
            when_full: self.when_full.clone(),
            skill_relaxed_every_s: self.skill_relaxed_every_s,
            ..RoutingRules::default()
        }
    }

    /// What its next chat asks for, given a number between 0 and 1 by chance; without kinds none is drawn.
    pub(crate) fn needs(&self, chance: impl FnOnce() -> f64) -> Vec<Need> {
        if self.kinds.is_empty() {
            return Vec::new();
        }
        let mut left = chance();
        for kind in &self.kinds {
            if left < kind.part {
                return kind.skills.clone();
            }
            left -= kind.part;
        }
        Vec::new()
    }
}
