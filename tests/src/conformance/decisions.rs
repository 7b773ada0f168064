//! Decisions: there with the offer that came of them, the latest of a chat, nobody else's.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::group::{Handling, OfferMode};
use engine::domain::ids::OperatorId;
use engine::domain::limits::DECISIONS_PER_CHAT_MAX;
use engine::domain::routing::{Because, Counts, Record};
use engine::ports::decisions::DecisionRow;
use engine::ports::journal::{Append, AppendError};
use engine::ports::store::Store;
use uuid::Uuid;

use crate::conformance::world::{World, at};

/// The append with the decision by which it came.
pub fn decided(append: Append, operator: OperatorId) -> Append {
    let counts = Counts { free: 1, full: 2, ..Counts::default() };
    let (chosen, roster_version) = (vec![operator], u64::from(append.after));
    let (best, members, handling) = (Vec::new(), Vec::new(), Handling::Primary);
    let (because, mode, helps) = (Because::AskedAgain, OfferMode::Automatic, false);
    let record = Record { chosen, more: 0, handling, because, mode, helps, counts, best, members, roster_version };
    let record = serde_json::value::to_raw_value(&record).unwrap();
    let group = "first".parse().ok().unwrap();
    let row = DecisionRow { seq: append.events[0].seq, at: append.at, group, record };
    Append { decision: Some(Box::new(row)), ..append }
}

/// A decision in short: number, moment, what led to it.
pub fn short(row: &DecisionRow) -> (u32, i64, Record) {
    assert_eq!(row.group.as_str(), "first");
    (row.seq, row.at.millis() - at(0).millis(), row.record().expect("a known form"))
}

pub async fn a_decision_is_there_with_the_offer_that_came_of_it(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let operator = world.operator(Some(3)).await;
    let mut talk = world.chat(0).await;
    assert!(store.decisions(world.account, talk.id()).await.unwrap().is_empty());
    let append = decided(talk.rings_at(operator, 1_000), operator);
    talk.done(append).await;
    let append = talk.is_declined(2_000);
    talk.done(append).await;
    let append = talk.says("are you there?", 3_000);
    talk.done(append).await;
    let append = decided(talk.is_assigned_to(operator, 17_000), operator);
    talk.done(append).await;

    let kept = store.decisions(world.account, talk.id()).await.unwrap();
    let kept: Vec<_> = kept.iter().map(short).collect();
    assert_eq!(kept.iter().map(|(seq, when, _)| (*seq, *when)).collect::<Vec<_>>(), [(4, 1_000), (7, 17_000)]);
    assert_eq!(kept[0].2.chosen, [operator]);
    assert_eq!((kept[0].2.counts.full, kept[1].2.roster_version), (2, 6));

    let other = World::new(Arc::clone(&store), "other").await;
    assert!(store.decisions(other.account, talk.id()).await.unwrap().is_empty(), "another account's chat");
}

pub async fn what_is_refused_leaves_no_decision(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let operator = world.operator(Some(0)).await;
    let mut talk = world.chat(0).await;
    let mut zombie = talk.clone();
    let append = decided(talk.rings_at(operator, 1_000), operator);
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator }));
    zombie.epoch -= 1;
    let append = decided(zombie.rings_at(OperatorId(Uuid::from_u128(9)), 1_000), operator);
    assert_eq!(world.append(append).await, Err(AppendError::Fenced));
    assert!(store.decisions(world.account, talk.id()).await.unwrap().is_empty());
}

pub async fn of_too_many_decisions_the_latest_are_kept(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let operator = world.operator(None).await;
    let (mut talk, mut beside) = (world.chat(0).await, world.chat(1).await);
    let append = decided(beside.rings_at(operator, 500), operator);
    beside.done(append).await;
    let rounds = DECISIONS_PER_CHAT_MAX + 5;
    for round in 0..rounds {
        let moment = 1_000 + i64::from(round) * Duration::from_secs(60).as_millis() as i64;
        let append = decided(talk.rings_at(operator, moment), operator);
        talk.done(append).await;
        let append = talk.is_declined(moment + 1);
        talk.done(append).await;
    }
    let kept = store.decisions(world.account, talk.id()).await.unwrap();
    let kept: Vec<u32> = kept.iter().map(|row| row.seq).collect();
    let expected: Vec<u32> = (5..rounds).map(|round| 4 + 2 * round).collect();
    assert_eq!(kept, expected);
    assert_eq!(store.decisions(world.account, beside.id()).await.unwrap().len(), 1, "other chats keep theirs");
}
