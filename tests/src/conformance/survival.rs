//! What a store that is closed and opened again still knows: everything.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::event::{Audience, Sender};
use engine::domain::group::Status;
use engine::domain::ids::{NodeId, Shard};
use engine::domain::limits::COMMANDS_REMEMBERED;
use engine::domain::report::Work;
use engine::ports::journal::{AppendError, BirthError, MarkRow, Remembered, Side};
use engine::ports::staff::Failures;
use engine::ports::store::Store;
use engine::ports::work::{OPERATORS, Whose, WorkQuery, WorkRow};
use engine::protocol::visitor::MarkPair;

use crate::conformance::decisions::{decided, short};
use crate::conformance::world::{World, at, id};

/// `open` opens the store, each time the same one.
pub async fn everything_is_there_after_a_restart<F>(open: impl Fn() -> F)
where
    F: Future<Output = Arc<dyn Store>>,
{
    let mut world = World::new(open().await, "acme").await;
    let operator = world.operator(Some(3)).await;
    let (mut active, mut rung) = (world.chat(0).await, world.chat(1).await);
    let append = active.is_assigned_to(operator, 1_000);
    active.done(append).await;
    for number in 0..50 {
        let append = active.answers(&format!("line {number}"), Audience::Everyone, 2_000 + number);
        active.done(append).await;
    }
    let append = decided(rung.rings_at(operator, 1_000), operator);
    let offer = append.opened[0].clone();
    rung.done(append).await;
    let mark = MarkRow { who: Sender::Operator(operator), marks: MarkPair { delivered: 7, read: 5 } };
    world.store.save_marks(world.account, active.id(), &[mark]).await.unwrap();
    let answer = Remembered { digest: 9, answer: "{}".into() };
    let until = at(0) + COMMANDS_REMEMBERED;
    world.store.remember(world.account, "someone", &id("c"), answer.clone(), until).await.unwrap();
    world.store.set_status(world.account, operator, Status::Online, at(3_000), None).await.unwrap();
    world.store.set_expired_in_a_row(world.account, operator, 2).await.unwrap();
    let work = Work { slots: Duration::from_secs(60), used: Duration::from_secs(45) };
    let row = WorkRow { account: world.account, whose: Whose::Operator(operator), hour: at(0), work };
    world.store.add_work(&[row]).await.unwrap();
    world.store.count_failure("k", at(0), 9, std::time::Duration::from_secs(1)).await.unwrap();
    let secret = world.store.secret("s", b"one").await.unwrap();
    let (_, birth) = world.start(world.visitor(), 10);
    world.store.birth(birth.clone()).await.unwrap();
    let row = world.store.chat(world.account, active.id()).await.unwrap();
    let side = Side::Operators;
    let events = world.store.events(world.account, active.id(), side, 0, 200, usize::MAX).await.unwrap().events;
    world.store.close().await;

    let store = open().await;
    world.store = Arc::clone(&store);
    active.world.store = Arc::clone(&store);
    assert_eq!(store.chat(world.account, active.id()).await.unwrap(), row);
    let again = store.events(world.account, active.id(), side, 0, 200, usize::MAX).await.unwrap().events;
    let bodies = |events: &[engine::domain::event::StoredEvent]| {
        events.iter().map(|event| (event.seq, event.body.get().to_owned(), event.origin.clone())).collect::<Vec<_>>()
    };
    assert_eq!(bodies(&again), bodies(&events));
    assert_eq!(store.offers_of(world.account, operator).await.unwrap(), [offer]);
    let decisions = store.decisions(world.account, rung.id()).await.unwrap();
    assert_eq!(decisions.iter().map(|row| short(row).0).collect::<Vec<_>>(), [4], "the reason of the offer");
    assert_eq!(store.marks(world.account, &[active.id()]).await.unwrap(), [(active.id(), mark)]);
    assert_eq!(store.remembered(world.account, "someone", &id("c")).await.unwrap(), Some(answer));
    assert_eq!(world.slots(&world.group, operator).await, [1, 1, 1, 1]);
    let presence = store.own_presence(world.account, operator).await.unwrap().unwrap();
    assert_eq!((presence.status, presence.expired_in_a_row), (Status::Online, 2));
    assert_eq!(store.failures("k").await.unwrap(), Failures { count: 1, until: None });
    let query = WorkQuery { kind: OPERATORS, from: at(0), to: at(1), only: None };
    assert_eq!(store.work_of_each(world.account, &query).await.unwrap(), [(operator.to_string(), work)]);
    assert_eq!(store.secret("s", b"two").await.unwrap(), secret);
    assert!(matches!(store.birth(birth).await, Err(BirthError::Before { .. })));
    assert_eq!(store.recount(world.account).await.unwrap(), []);

    // A new life of the node: its shards under a new epoch, its chats activated under it, the old writer fenced.
    let all: Vec<Shard> = (0..=255).map(Shard).collect();
    let node: NodeId = id("n1");
    let epoch = store.take_shards(&node, &all).await.unwrap()[0].epoch;
    assert_eq!(epoch, world.epoch + 1);
    let open_chats = store.open_chats(&all).await.unwrap();
    assert_eq!(open_chats.len(), 3);
    for (account, chat) in open_chats {
        assert!(store.activate(account, chat, epoch).await.unwrap().is_some());
    }
    let mut zombie = active.clone();
    assert_eq!(world.append(zombie.says("from the last life", 9_000)).await, Err(AppendError::Fenced));
    active.epoch = epoch;
    let append = active.says("from this life", 9_000);
    active.done(append).await;
    assert_eq!(active.stored().await.len(), 55);
    store.close().await;
}
