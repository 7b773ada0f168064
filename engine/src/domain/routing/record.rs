//! What is kept of a decision with its chat, for the question "why this operator?" that may be asked long after. It
//! holds ids and no names: those are looked up when somebody asks. As JSON it is a list without field names, for it is
//! written with each offer.

use serde::{Deserialize, Serialize};

use crate::domain::group::{Handling, OfferMode};
use crate::domain::ids::OperatorId;
use crate::domain::limits::DECISION_BEST_MAX;
use crate::domain::operator::Share;
use crate::domain::routing::because::Because;
use crate::domain::routing::decision::{Counts, Decision};
use crate::domain::routing::explain::{Considered, Reason};
use crate::domain::routing::score::Score;
use crate::domain::time::Timestamp;

/// What was decided beside whom a chat is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// See [`Record::handling`].
    pub handling: Handling,
    /// See [`Record::because`].
    pub because: Because,
    /// See [`Record::mode`].
    pub mode: OfferMode,
    /// See [`Record::helps`].
    pub helps: bool,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", try_from = "Kept")]
pub struct Record {
    /// For whom the chat is: one, or, where it rings at all, the first of them.
    pub chosen: Vec<OperatorId>,
    /// How many more there are.
    pub more: u32,
    /// As which members they were chosen; the first of several kinds.
    pub handling: Handling,
    /// By which rule.
    pub because: Because,
    /// How the chat came to them.
    pub mode: OfferMode,
    /// The group only helped: the chat waited in another.
    pub helps: bool,
    /// How many members stood how.
    pub counts: Counts,
    /// The best of those who were free for the chat, best first.
    pub best: Vec<Score>,
    /// Every member with the reason, by operator; none where the group has too many to name them all.
    pub members: Vec<Considered>,
    /// Which state of the roster it was.
    pub roster_version: u64,
}

impl Record {
    /// Of a decision by which the chat is for these.
    pub fn new(decision: Decision, mut members: Vec<Considered>, chosen: &[OperatorId], how: How) -> Self {
        let How { handling, because, mode, helps } = how;
        for member in members.iter_mut().filter(|member| chosen.contains(&member.operator)) {
            member.reason = Reason::Chosen;
        }
        let first: Vec<OperatorId> = chosen.iter().take(DECISION_BEST_MAX).copied().collect();
        Self {
            more: u32::try_from(chosen.len() - first.len()).unwrap_or(u32::MAX),
            chosen: first,
            handling,
            because,
            mode,
            helps,
            counts: decision.counts,
            best: decision.best,
            members,
            roster_version: decision.roster_version,
        }
    }

    /// Everybody it names, each once.
    pub fn operators(&self) -> impl Iterator<Item = OperatorId> {
        let best = self.best.iter().map(|score| score.operator);
        let members = self.members.iter().map(|member| member.operator);
        let all: std::collections::BTreeSet<_> = self.chosen.iter().copied().chain(best).chain(members).collect();
        all.into_iter()
    }
}

/// The form in which it is written; the first number tells which.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept(
    u8,
    Vec<OperatorId>,
    u32,
    Handling,
    [u32; 11],
    Vec<KeptScore>,
    Vec<(OperatorId, Reason)>,
    u64,
    #[serde(default = "How::unknown")] KeptHow,
);

/// By which rule, how the chat came, whether the group only helped.
type KeptHow = (Because, OfferMode, bool);

/// Who, slots in use, of how many, chats overall, when the last one ended, since when receiving.
type KeptScore = (OperatorId, u32, u32, u32, Option<i64>, i64);

/// The form that is written.
const FORM: u8 = 2;
/// The form before, which did not tell how it was decided.
const FORM_WITHOUT_HOW: u8 = 1;

impl How {
    /// Where it was not kept: the usual.
    fn unknown() -> KeptHow {
        (Because::Next, OfferMode::Single, false)
    }
}

impl From<Record> for Kept {
    fn from(record: Record) -> Self {
        let score = |score: Score| {
            let (used, of) = score.share.parts();
            let ended = score.last_ended_at.map(Timestamp::millis);
            (score.operator, used, of, score.used, ended, score.receiving_since.millis())
        };
        Self(
            FORM,
            record.chosen,
            record.more,
            record.handling,
            record.counts.to_array(),
            record.best.into_iter().map(score).collect(),
            record.members.into_iter().map(|member| (member.operator, member.reason)).collect(),
            record.roster_version,
            (record.because, record.mode, record.helps),
        )
    }
}

impl TryFrom<Kept> for Record {
    type Error = String;

    fn try_from(kept: Kept) -> Result<Self, String> {
        let Kept(form, chosen, more, handling, counts, best, members, roster_version, how) = kept;
        let (because, mode, helps) = how;
        if form != FORM && form != FORM_WITHOUT_HOW {
            return Err(format!("a decision of form {form} is not understood"));
        }
        let score = |(operator, part, of, used, ended, since): KeptScore| Score {
            share: Share::new(part, of),
            used,
            last_ended_at: ended.map(Timestamp::from_millis),
            receiving_since: Timestamp::from_millis(since),
            operator,
        };
        Ok(Self {
            chosen,
            more,
            handling,
            because,
            mode,
            helps,
            counts: Counts::from_array(counts),
            best: best.into_iter().map(score).collect(),
            members: members.into_iter().map(|(operator, reason)| Considered { operator, reason }).collect(),
            roster_version,
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::routing::decision::Outcome;

    fn who(n: u128) -> OperatorId {
        OperatorId(Uuid::from_u128(n))
    }

    fn record(chosen: &[OperatorId]) -> Record {
        let best = Score {
            share: Share::new(1, 3),
            used: 2,
            last_ended_at: Some(Timestamp::from_millis(77)),
            receiving_since: Timestamp::from_millis(5),
            operator: who(1),
        };
        let members = vec![
            Considered { operator: who(1), reason: Reason::Chosen },
            Considered { operator: who(2), reason: Reason::Behind },
            Considered { operator: who(3), reason: Reason::Full },
        ];
        let counts = Counts { free: 2, full: 1, ..Counts::default() };
        let outcome = Outcome::Offer { operator: who(1), handling: Handling::Primary };
        let decision = Decision { outcome, counts, best: vec![best], roster_version: 9 };
        let how =
            How { handling: Handling::Primary, because: Because::AskedAgain, mode: OfferMode::Automatic, helps: true };
        Record::new(decision, members, chosen, how)
    }

    #[test]
    fn it_is_read_as_it_was_written_and_is_small() {
        let record = record(&[who(1)]);
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert!(text.len() < 400, "{} bytes: {text}", text.len());
        assert!(serde_json::from_str::<Record>(&text.replacen("[2,", "[3,", 1)).is_err());
        assert_eq!(record.operators().collect::<Vec<_>>(), [who(1), who(2), who(3)]);
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read_as_the_usual() {
        let mut kept: Vec<serde_json::Value> =
            serde_json::from_str(&serde_json::to_string(&record(&[who(1)])).unwrap()).unwrap();
        kept.pop();
        kept[0] = 1.into();
        let read: Record = serde_json::from_value(kept.into()).unwrap();
        assert_eq!((read.because, read.mode, read.helps), (Because::Next, OfferMode::Single, false));
        assert_eq!((read.chosen, read.roster_version, read.counts.full), (vec![who(1)], 9, 1));
    }

    #[test]
    fn where_a_chat_rings_at_many_all_of_them_are_chosen_and_the_first_are_named() {
        let all: Vec<OperatorId> = (1..=12).filter(|n| *n != 3).map(who).collect();
        let record = record(&all);
        assert_eq!((record.chosen.len(), record.more), (10, 1));
        let reasons: Vec<Reason> = record.members.iter().map(|member| member.reason).collect();
        assert_eq!(reasons, [Reason::Chosen, Reason::Chosen, Reason::Full]);
    }
}
