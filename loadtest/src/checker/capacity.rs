//! Who had how many chats when, by the moments that events bear. Of two facts of one millisecond the release counts
//! first: from outside their order cannot be seen, and a freed slot may be filled in the same millisecond.

use std::collections::BTreeMap;

use super::{Fault, Millis, Operator};

/// Chats taken and given up, by operator.
#[derive(Debug, Default)]
pub struct Capacity {
    limits: BTreeMap<Operator, u32>,
    changes: BTreeMap<Operator, Vec<(Millis, i32)>>,
}

impl Capacity {
    /// How many chats an operator may have at once; one without a limit is not judged.
    pub fn limit(&mut self, operator: &str, limit: u32) {
        self.limits.insert(operator.to_owned(), limit);
    }

    /// An operator was told of a chat of their own.
    pub fn taken(&mut self, operator: &str, at: Millis) {
        self.changes.entry(operator.to_owned()).or_default().push((at, 1));
    }

    /// An operator was told that a chat of their own is no longer theirs.
    pub fn given_up(&mut self, operator: &str, at: Millis) {
        self.changes.entry(operator.to_owned()).or_default().push((at, -1));
    }

    /// Each moment at which a limit was passed.
    pub fn faults(&self) -> Vec<Fault> {
        self.limits.iter().flat_map(|(operator, limit)| self.judge(operator, *limit)).collect()
    }

    fn judge(&self, operator: &Operator, limit: u32) -> Vec<Fault> {
        let mut changes = self.changes.get(operator).cloned().unwrap_or_default();
        changes.sort_unstable();
        let (mut running, mut faults) = (0_i32, Vec::new());
        for (at, change) in changes {
            running += change;
            let over = u32::try_from(running).ok().filter(|running| change > 0 && *running > limit);
            if let Some(running) = over {
                faults.push(Fault::OverCapacity { operator: operator.clone(), running, limit, at });
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_filled_in_the_millisecond_it_was_freed_is_within_the_limit() {
        let mut capacity = Capacity::default();
        capacity.limit("joe", 1);
        capacity.taken("joe", 10);
        capacity.taken("joe", 20);
        capacity.given_up("joe", 20);
        assert_eq!(capacity.faults(), []);
    }

    #[test]
    fn a_chat_too_many_is_found_however_late_it_was_heard_of() {
        let mut capacity = Capacity::default();
        capacity.limit("joe", 1);
        capacity.taken("joe", 10);
        capacity.given_up("joe", 30);
        capacity.taken("joe", 20);
        let fault = Fault::OverCapacity { operator: "joe".into(), running: 2, limit: 1, at: 20 };
        assert_eq!(capacity.faults(), [fault]);
    }
}
