//! When operators listened: what they were not told while they had no connection, or right before the end, may be known
//! to others without anybody having broken a promise.

use std::collections::BTreeMap;

use super::{HEARD_WITHIN, Millis, Party};

/// See the module. Whoever has told nothing here is taken to be gone.
#[derive(Debug, Default)]
pub struct Attention(BTreeMap<Party, Listened>);

#[derive(Debug)]
struct Listened {
    /// Without a connection, from when to when.
    gaps: Vec<(Millis, Millis)>,
    /// To the end; none: without one then.
    until: Option<Millis>,
}

impl Attention {
    /// An operator listened up to then, by the server's clock, but for the gaps.
    pub fn listened(&mut self, party: Party, gaps: Vec<(Millis, Millis)>, until: Option<Millis>) {
        self.0.insert(party, Listened { gaps, until });
    }

    /// Whether that operator need not know of a chat that was theirs between these moments. Who comes back to a running
    /// chat is told of it, so that only one that was over by then passes them by.
    pub fn excuses(&self, party: Party, (from, to): (Millis, Millis)) -> bool {
        let Some(listened) = self.0.get(&party) else { return true };
        let to_the_end = listened.until.is_some_and(|until| until >= from.saturating_add(HEARD_WITHIN));
        let away = |(lost, back): &(Millis, Millis)| {
            let back = back.saturating_add(HEARD_WITHIN);
            lost.saturating_sub(HEARD_WITHIN) <= from && from <= back && to <= back
        };
        !to_the_end || listened.gaps.iter().any(away)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listened_has_no_excuse_and_who_was_away_or_gone_has() {
        let bob = Party::Operator(1);
        let mut attention = Attention::default();
        assert!(attention.excuses(bob, (0, 1)), "nothing is known of Bob");
        attention.listened(bob, vec![(20_000, 22_000)], Some(60_000));
        let cases = [
            ((1_000, 9_000), false),
            ((21_000, 26_000), true),
            // He was back while it went on, and was told of it then.
            ((21_000, 30_000), false),
            ((21_000, Millis::MAX), false),
            ((28_000, 29_000), false),
            ((55_000, Millis::MAX), false),
            ((55_001, Millis::MAX), true),
        ];
        for (span, excused) in cases {
            assert_eq!(attention.excuses(bob, span), excused, "{span:?}");
        }
        attention.listened(bob, Vec::new(), None);
        assert!(attention.excuses(bob, (1_000, 9_000)), "he was gone at the end");
    }
}
