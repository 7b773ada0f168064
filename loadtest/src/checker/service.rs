//! The order of service in a group: who waits longest is offered first. From outside a chat's place is known only by
//! the moment its visitor was told of, so two chats that began within the tolerance are in either order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Chat, Fault, Millis};

/// How much later a chat may have begun and still be offered first, in milliseconds: chats of different actors reach
/// their queue in any order within the commits under way, which take some milliseconds each.
pub const TOLERANCE_MS: i64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Queued,
    /// The visitor went before any offer.
    Gone,
    Offered,
    /// An offer was heard of.
    Heard,
    /// It had an operator, and waits again: before all others.
    Again,
}

/// What became of every chat that waited, by group.
#[derive(Debug, Default)]
pub struct Service {
    slowest_ms: Millis,
    facts: BTreeMap<String, Vec<(Millis, Fact, Chat)>>,
}

impl Service {
    /// A chat began to wait.
    pub fn queued(&mut self, group: &str, chat: &str, at: Millis) {
        self.note(group, chat, at, Fact::Queued);
    }

    /// A chat was offered for the first time.
    pub fn offered(&mut self, group: &str, chat: &str, at: Millis) {
        self.note(group, chat, at, Fact::Offered);
    }

    /// An operator heard of an offer, which was made some time before; when, nobody may ever tell.
    pub fn heard(&mut self, group: &str, chat: &str, at: Millis) {
        self.note(group, chat, at, Fact::Heard);
    }

    /// A chat ended without an offer.
    pub fn gone(&mut self, group: &str, chat: &str, at: Millis) {
        self.note(group, chat, at, Fact::Gone);
    }

    /// A chat that had an operator waits again, before all others whenever they came.
    pub fn again(&mut self, group: &str, chat: &str, at: Millis) {
        self.note(group, chat, at, Fact::Again);
    }

    /// The slowest answer of the run: where commits took longer than the tolerance, so may a chat's way to its queue.
    pub fn slowest(&mut self, millis: Millis) {
        self.slowest_ms = self.slowest_ms.max(millis);
    }

    /// How much later a chat may have begun to wait and still be offered first, in milliseconds.
    pub fn tolerance(&self) -> Millis {
        self.slowest_ms.max(TOLERANCE_MS)
    }

    /// Each chat that was offered before one that had waited longer by more than the tolerance.
    pub fn faults(&self) -> Vec<Fault> {
        self.facts.iter().flat_map(|(group, facts)| judge(group, facts, self.tolerance())).collect()
    }

    fn note(&mut self, group: &str, chat: &str, at: Millis, fact: Fact) {
        self.facts.entry(group.to_owned()).or_default().push((at, fact, chat.to_owned()));
    }
}

fn judge(group: &str, facts: &[(Millis, Fact, Chat)], tolerance: Millis) -> Vec<Fault> {
    // An offer that was heard of is taken to have been made as early as can be for the chat's own waiting, and as late
    // as can be for those whom it passed.
    let made = facts.iter().map(|(at, fact, chat)| match fact {
        Fact::Heard => (at - tolerance, Fact::Gone, chat),
        other => (*at, *other, chat),
    });
    let heard = facts.iter().filter(|(_, fact, _)| *fact == Fact::Heard);
    let mut facts: Vec<_> = made.chain(heard.map(|(at, _, chat)| (*at, Fact::Offered, chat))).collect();
    facts.sort_unstable();
    let mut since: BTreeMap<&Chat, Millis> = BTreeMap::new();
    let mut waiting: BTreeSet<(Millis, &Chat)> = BTreeSet::new();
    // Offered as soon as they came, for all that can be seen.
    let mut at_once: BTreeSet<&Chat> = BTreeSet::new();
    let mut faults = Vec::new();
    for (at, fact, chat) in facts {
        if fact == Fact::Queued {
            since.insert(chat, at);
            if !at_once.contains(chat) {
                waiting.insert((at, chat));
            }
            continue;
        }
        let Some(begun) = since.get(chat).copied() else {
            at_once.insert(chat);
            continue;
        };
        waiting.remove(&(begun, chat));
        if fact == Fact::Again {
            since.remove(chat);
            continue;
        }
        let longest = waiting.first().filter(|(first, _)| begun - first > tolerance);
        if let (Fact::Offered, Some((first, longer))) = (fact, longest) {
            let (chat, longer, by_ms) = (chat.clone(), (*longer).clone(), begun - first);
            faults.push(Fault::OutOfTurn { group: group.to_owned(), chat, longer, by_ms });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_wait(apart: Millis) -> Service {
        let mut service = Service::default();
        service.queued("support", "old", 1_000);
        service.queued("support", "new", 1_000 + apart);
        service
    }

    #[test]
    fn the_newest_served_first_is_found() {
        let mut service = two_wait(500);
        service.offered("support", "new", 2_000);
        service.offered("support", "old", 2_001);
        let (chat, longer) = ("new".into(), "old".into());
        assert_eq!(service.faults(), [Fault::OutOfTurn { group: "support".into(), chat, longer, by_ms: 500 }]);
    }

    #[test]
    fn two_that_came_together_are_served_in_either_order() {
        let mut service = two_wait(TOLERANCE_MS);
        service.offered("support", "new", 2_000);
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn where_answers_were_slow_the_order_is_known_less_well() {
        let mut service = two_wait(500);
        service.offered("support", "new", 2_000);
        assert_eq!(service.faults().len(), 1);
        service.slowest(600);
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn an_offer_that_was_only_heard_of_may_have_been_made_before_it_was_heard() {
        // The old one's offer was heard a moment after the new one's was made.
        let mut service = two_wait(500);
        service.offered("support", "new", 2_000);
        service.heard("support", "old", 2_000 + TOLERANCE_MS);
        assert_eq!(service.faults(), []);
        let mut later = two_wait(500);
        later.offered("support", "new", 2_000);
        later.heard("support", "old", 2_001 + TOLERANCE_MS);
        assert_eq!(later.faults().len(), 1);
        let mut at_once = two_wait(150);
        at_once.offered("support", "new", 1_150);
        at_once.heard("support", "old", 1_000 + TOLERANCE_MS - 50);
        assert_eq!(at_once.faults(), []);
        // Whom a heard one passed is seen when it was heard.
        let mut passed = two_wait(500);
        passed.heard("support", "new", 2_000);
        passed.offered("support", "old", 2_001);
        assert_eq!(passed.faults().len(), 1);
    }

    #[test]
    fn one_who_left_holds_nobody_up() {
        let mut service = two_wait(500);
        service.gone("support", "old", 1_900);
        service.offered("support", "new", 2_000);
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn one_whose_operator_was_lost_goes_first_and_holds_nobody_up() {
        let mut service = Service::default();
        service.queued("support", "had", 1_000);
        service.offered("support", "had", 1_000);
        service.queued("support", "old", 1_500);
        service.queued("support", "new", 3_000);
        service.again("support", "had", 4_000);
        service.offered("support", "had", 5_000);
        service.offered("support", "old", 5_001);
        service.offered("support", "new", 5_002);
        assert_eq!(service.faults(), []);
        // One that waits again would be offered before the old one wherever its own beginning is.
        let mut later = Service::default();
        later.queued("support", "old", 1_000);
        later.queued("support", "had", 2_000);
        later.again("support", "had", 4_000);
        later.offered("support", "had", 5_000);
        assert_eq!(later.faults(), []);
    }
}
