//! The order of service: who waits longest is offered first. What counts is what the server stamped, and that a visitor
//! was told a place; of two things that happened within the tolerance nobody outside can say which was first. How slow the
//! server's threads were at a moment shows in the answers of that time.

use std::collections::BTreeMap;

use super::{Chat, Fault, Millis};

/// The least tolerance, in milliseconds: a queue decides on one thread and chats stamp their offers on others, each of
/// which may rest for some time slices of a busy machine.
pub const TOLERANCE_MS: Millis = 100;
/// A chat that waits is in line when its visitor was told a place, and after so many milliseconds in any case: within a
/// second a chat that may be offered is offered, as the server promises.
const IN_LINE_WITHIN_MS: Millis = 1_000;
/// An answer says how slow the server was from so long before it was asked for to so long after it came, in seconds.
const AROUND_S: Millis = 5;
/// Slower answers are not told apart, in milliseconds: clients wait for none so long.
const SLOWEST_MS: Millis = 60_000;

/// What became of every chat that waited.
#[derive(Debug, Default)]
pub struct Service {
    /// By second of the server's clock, the slowest answer around it, where that is beyond the least tolerance.
    slow: BTreeMap<i64, Millis>,
    waits: BTreeMap<Chat, Wait>,
}

/// How finely the order was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grain {
    /// The largest tolerance that an offer was judged with, in milliseconds.
    pub coarsest_ms: Millis,
    /// Offers that were judged with more than the least.
    pub coarse: u64,
    /// Offers that were judged.
    pub offers: u64,
}

/// One of them, by the server's clock.
#[derive(Debug, Default)]
struct Wait {
    queued: Option<Millis>,
    placed: Option<Millis>,
    offered: Option<Millis>,
    /// Until when the first offer rang that an operator heard.
    rang_until: Option<Millis>,
    /// It waited no longer, or again.
    over: Option<Millis>,
}

/// A wait of which all is known that is asked for.
struct Known<'a> {
    chat: &'a Chat,
    queued: Millis,
    in_line: Millis,
    offered: Option<Millis>,
    until: Millis,
}

impl Service {
    /// A chat began to wait, as the server stamped it.
    pub fn queued(&mut self, chat: &str, at: Millis) {
        earliest(&mut self.wait(chat).queued, at);
    }

    /// Its visitor was told a place in the queue, at the latest then.
    pub fn placed(&mut self, chat: &str, at: Millis) {
        earliest(&mut self.wait(chat).placed, at);
    }

    /// It was offered or assigned, as the server stamped it; the first time counts.
    pub fn offered(&mut self, chat: &str, at: Millis) {
        earliest(&mut self.wait(chat).offered, at);
    }

    /// An operator heard of an offer that expires then. Where nobody has the chat in the end nothing else tells when it
    /// was offered; all offers of a run ring for the same time.
    pub fn rang_until(&mut self, chat: &str, at: Millis) {
        earliest(&mut self.wait(chat).rang_until, at);
    }

    /// It waits no longer: it ended, or nothing more is known of it. Or it had an operator and waits again, before all
    /// others whenever they came.
    pub fn over(&mut self, chat: &str, at: Millis) {
        earliest(&mut self.wait(chat).over, at);
    }

    /// An answer that came between these moments took so long: what takes a client to its chat and back so long may take
    /// the word of a queue as long to a chat.
    pub fn slow(&mut self, from: Millis, to: Millis, took: Millis) {
        let took = took.min(SLOWEST_MS);
        if took > TOLERANCE_MS {
            let (first, last) = ((from - took).div_euclid(1_000) - AROUND_S, to.div_euclid(1_000) + AROUND_S);
            for second in first..=last.min(first + 2 * (SLOWEST_MS / 1_000 + AROUND_S)) {
                let slowest = self.slow.entry(second).or_default();
                *slowest = took.max(*slowest);
            }
        }
    }

    /// What happened at that moment, and so many milliseconds before or after, may have been the other way round.
    fn tolerance(&self, at: Millis) -> Millis {
        self.slow.get(&at.div_euclid(1_000)).copied().unwrap_or(TOLERANCE_MS)
    }

    /// How finely the order of the offers was judged.
    pub fn grain(&self) -> Grain {
        let mut grain = Grain { coarsest_ms: TOLERANCE_MS, coarse: 0, offers: 0 };
        for wait in self.known() {
            let Some(tolerance) = wait.offered.map(|at| self.tolerance_of(at, &wait)) else { continue };
            grain.coarsest_ms = grain.coarsest_ms.max(tolerance);
            grain.coarse += u64::from(tolerance > TOLERANCE_MS);
            grain.offers += 1;
        }
        grain
    }

    fn tolerance_of(&self, at: Millis, offered: &Known<'_>) -> Millis {
        self.tolerance(at).max(self.tolerance(offered.queued))
    }

    /// Each chat that was offered while another waited that had been in line before it came, and went on waiting
    /// behind the offer; both by more than the tolerance around these moments.
    pub fn faults(&self) -> Vec<Fault> {
        let mut waits = self.known();
        waits.sort_unstable_by_key(|wait| (wait.until, wait.chat));
        // Of all that wait on beyond each of them, the one that was in line first.
        let mut longest: Vec<&Known<'_>> = waits.iter().collect();
        for place in (1..longest.len()).rev() {
            if longest[place].in_line < longest[place - 1].in_line {
                longest[place - 1] = longest[place];
            }
        }
        let mut offers: Vec<(Millis, &Known<'_>)> =
            waits.iter().filter_map(|wait| Some((wait.offered?, wait))).collect();
        offers.sort_unstable_by_key(|(at, wait)| (*at, wait.chat));
        let faults = offers.into_iter().filter_map(|(at, offered)| {
            let tolerance = self.tolerance_of(at, offered);
            let behind = waits.partition_point(|wait| wait.until <= at.saturating_add(tolerance));
            let longer = longest.get(behind)?;
            let passed = longer.in_line.saturating_add(tolerance) < offered.queued;
            passed.then(|| Fault::OutOfTurn {
                chat: offered.chat.clone(),
                longer: longer.chat.clone(),
                by_ms: offered.queued - longer.queued,
            })
        });
        faults.collect()
    }

    fn known(&self) -> Vec<Known<'_>> {
        // An offer that nobody heard may have been the first: the least difference is the true one.
        let rings = self.waits.values().filter_map(|wait| Some(wait.rang_until? - wait.offered?)).min();
        let known = self.waits.iter().filter_map(|(chat, wait)| {
            let queued = wait.queued?;
            let offered = match (wait.offered, wait.rang_until) {
                (None, Some(until)) => Some(until - rings?),
                (offered, _) => offered,
            };
            let until = [offered, wait.over].into_iter().flatten().min().unwrap_or(Millis::MAX);
            let within = IN_LINE_WITHIN_MS.max(self.tolerance(queued));
            let in_line = wait.placed.unwrap_or(Millis::MAX).min(queued.saturating_add(within));
            Some(Known { chat, queued, in_line, offered: offered.filter(|at| *at == until), until })
        });
        known.collect()
    }

    fn wait(&mut self, chat: &str) -> &mut Wait {
        self.waits.entry(chat.to_owned()).or_default()
    }
}

fn earliest(known: &mut Option<Millis>, at: Millis) {
    *known = Some(known.map_or(at, |known| known.min(at)));
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Millis = TOLERANCE_MS;

    /// The old one is in line from 1,005 on, the new one comes so much after it was told so.
    fn two_wait(apart: Millis) -> Service {
        let mut service = Service::default();
        for (chat, at) in [("old", 1_000), ("new", 1_005 + apart)] {
            service.queued(chat, at);
            service.placed(chat, at + 5);
        }
        service
    }

    #[test]
    fn the_newest_served_first_is_found() {
        let mut service = two_wait(500);
        service.offered("new", 2_000);
        service.offered("old", 2_001 + T);
        let (chat, longer) = ("new".into(), "old".into());
        assert_eq!(service.faults(), [Fault::OutOfTurn { chat, longer, by_ms: 505 }]);
    }

    #[test]
    fn one_who_is_never_served_is_passed_by_all_who_came_later() {
        let mut service = two_wait(500);
        for (number, at) in (0..).zip([1_600, 1_700, 1_800]) {
            service.queued(&format!("c{number}"), at);
            service.offered(&format!("c{number}"), at + 400);
        }
        service.offered("new", 1_900);
        service.over("old", 9_000);
        let passed: Vec<String> = service.faults().iter().map(ToString::to_string).collect();
        assert_eq!(passed.len(), 4, "{passed:?}");
        assert_eq!(passed[0], "new was offered while old had waited 505 ms longer", "the first of them first");
    }

    #[test]
    fn two_that_came_together_are_served_in_either_order() {
        let mut service = two_wait(T);
        service.offered("new", 2_000);
        service.offered("old", 9_000);
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn two_that_are_offered_together_bear_stamps_in_either_order() {
        // Two places became free together: which of the two chats stamped its offer first says nothing.
        let mut service = two_wait(30_000);
        service.offered("new", 40_000);
        service.offered("old", 40_000 + T);
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn who_is_not_yet_in_line_cannot_be_passed() {
        // Stored at once, and read and brought to its queue a good while later.
        for (placed, faults) in [(Some(1_900), 0), (Some(1_040), 1), (None, 0)] {
            let mut service = Service::default();
            service.queued("old", 1_000);
            placed.into_iter().for_each(|at| service.placed("old", at));
            service.queued("new", 1_500);
            service.offered("new", 1_510);
            service.offered("old", 3_000);
            assert_eq!(service.faults().len(), faults, "{placed:?}");
        }
    }

    #[test]
    fn a_server_that_tells_nobody_a_place_does_not_get_away_with_it() {
        let mut service = Service::default();
        service.queued("old", 1_000);
        service.queued("new", 1_001 + IN_LINE_WITHIN_MS + T);
        service.offered("new", 3_000);
        service.offered("old", 4_000);
        assert_eq!(service.faults().len(), 1);
    }

    #[test]
    fn where_answers_were_slow_the_order_is_known_less_well() {
        for (apart, later) in [(500, 2_000), (2_000, 500)] {
            let mut service = two_wait(apart);
            service.offered("new", 5_000);
            service.offered("old", 5_000 + later);
            assert_eq!(service.faults().len(), 1);
            service.slow(5_100, 5_200, 600);
            assert_eq!(service.faults(), [], "came {apart} ms, was offered {later} ms apart");
        }
    }

    #[test]
    fn one_slow_answer_says_nothing_of_another_time() {
        let mut service = two_wait(500);
        service.offered("new", 60_000);
        service.offered("old", 70_000);
        // Asked for at 3,600, when the two had come long since, and long before the offer.
        service.slow(13_600, 13_700, 4_000);
        assert_eq!(service.grain(), Grain { coarsest_ms: TOLERANCE_MS, coarse: 0, offers: 2 });
        assert_eq!(service.faults().len(), 1);
        service.slow(63_600, 63_700, 4_000);
        assert_eq!(service.grain(), Grain { coarsest_ms: 4_000, coarse: 1, offers: 2 });
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn when_an_offer_was_made_that_nobody_took_follows_from_when_it_expires() {
        let rings = |service: &mut Service| {
            service.queued("other", 100);
            service.offered("other", 200);
            service.rang_until("other", 20_200);
        };
        // The old one was declined, and its visitor left.
        let mut service = two_wait(500);
        rings(&mut service);
        service.rang_until("old", 21_900);
        service.rang_until("old", 60_000);
        service.over("old", 8_000);
        service.offered("new", 2_000);
        assert_eq!(service.faults(), []);
        // The new one was.
        let mut service = two_wait(500);
        rings(&mut service);
        service.rang_until("new", 21_900);
        service.offered("old", 2_500);
        assert_eq!(service.faults().len(), 1);
        // Nobody can say for how long offers ring.
        let mut service = two_wait(500);
        service.rang_until("new", 21_900);
        service.offered("old", 2_500);
        assert_eq!(service.faults(), []);
    }

    #[test]
    fn one_who_left_holds_nobody_up() {
        for (left, faults) in [(2_000 + T, 0), (2_001 + T, 1)] {
            let mut service = two_wait(500);
            service.over("old", left);
            service.offered("new", 2_000);
            assert_eq!(service.faults().len(), faults);
        }
    }

    #[test]
    fn one_whose_operator_was_lost_goes_first_and_holds_nobody_up() {
        let mut service = Service::default();
        service.queued("had", 1_000);
        service.offered("had", 1_000);
        service.queued("old", 1_500);
        service.queued("new", 3_000);
        service.over("had", 4_000);
        service.offered("had", 5_000);
        service.offered("old", 6_001);
        service.offered("new", 7_002);
        assert_eq!(service.faults(), []);
        // One that waits again is offered before the old one wherever its own beginning is.
        let mut later = Service::default();
        later.queued("old", 1_000);
        later.queued("had", 3_000);
        later.over("had", 4_000);
        later.offered("had", 5_000);
        assert_eq!(later.faults(), []);
    }
}
