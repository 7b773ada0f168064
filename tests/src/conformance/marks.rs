//! Marks that only rise, and answers that are remembered.

use std::sync::Arc;

use engine::domain::event::Sender;
use engine::domain::limits::COMMANDS_REMEMBERED;
use engine::ports::journal::{MarkRow, Remembered};
use engine::ports::store::Store;
use engine::protocol::visitor::MarkPair;

use crate::conformance::world::{World, at, id};

fn mark(who: Sender, delivered: u32, read: u32) -> MarkRow {
    MarkRow { who, marks: MarkPair { delivered, read } }
}

pub async fn marks_rise_and_never_fall(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = Sender::Operator(world.operator(None).await);
    let (one, other, bare) = (world.chat(0).await, world.chat(1).await, world.chat(2).await);
    let save = |chat, marks: Vec<MarkRow>| {
        let (store, account) = (Arc::clone(&world.store), world.account);
        async move { store.save_marks(account, chat, &marks).await.unwrap() }
    };
    save(one.id(), vec![mark(Sender::Visitor, 3, 1), mark(operator, 2, 2)]).await;
    save(one.id(), vec![mark(Sender::Visitor, 2, 2)]).await;
    save(other.id(), vec![mark(operator, 1, 0)]).await;
    let chats = [one.id(), other.id(), bare.id()];
    let mut marks = world.store.marks(world.account, &chats).await.unwrap();
    marks.sort_by_key(|(chat, mark)| (*chat, mark.who));
    let mut expected =
        [(one.id(), mark(Sender::Visitor, 3, 2)), (one.id(), mark(operator, 2, 2)), (other.id(), mark(operator, 1, 0))];
    expected.sort_by_key(|(chat, mark)| (*chat, mark.who));
    assert_eq!(marks, expected);
    let stored = world.store.activate(world.account, one.id(), world.epoch).await.unwrap().unwrap();
    assert_eq!(stored.marks.len(), 2);
    assert_eq!(world.store.marks(world.account, &[]).await.unwrap(), []);
}

pub async fn marks_of_a_thousand_chats_come_at_once(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut chats = Vec::new();
    for number in 0..1_001 {
        chats.push(engine::domain::ids::ChatId(uuid::Uuid::from_u128(number)));
    }
    let talk = world.chat(0).await;
    world.store.save_marks(world.account, talk.id(), &[mark(Sender::Visitor, 1, 1)]).await.unwrap();
    chats.push(talk.id());
    assert_eq!(world.store.marks(world.account, &chats).await.unwrap().len(), 1);
}

pub async fn the_first_answer_to_a_command_stays(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(store, "other").await;
    let first = Remembered { digest: u64::MAX - 5, answer: r#"{"ok":1}"#.into() };
    let second = Remembered { digest: 2, answer: "{}".into() };
    let command = id("c-1");
    assert_eq!(world.store.remembered(world.account, "someone", &command).await.unwrap(), None);
    let until = at(0) + COMMANDS_REMEMBERED;
    let remember = |answer| world.store.remember(world.account, "someone", &command, answer, until);
    assert_eq!(remember(first.clone()).await.unwrap(), first);
    assert_eq!(remember(second.clone()).await.unwrap(), first);
    assert_eq!(world.store.remembered(world.account, "someone", &command).await.unwrap(), Some(first));
    assert_eq!(world.store.remembered(world.account, "somebody else", &command).await.unwrap(), None);
    assert_eq!(other.store.remembered(other.account, "someone", &command).await.unwrap(), None);
    let theirs = other.store.remember(other.account, "someone", &command, second.clone(), until).await.unwrap();
    assert_eq!(theirs, second, "each account has its own");
}

pub async fn what_has_run_out_is_forgotten_in_the_time_the_store_is_told(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let answer = Remembered { digest: 1, answer: "{}".into() };
    let (short, long) = (id("short"), id("long"));
    let day = 24 * 3_600_000;
    world.store.remember(world.account, "someone", &short, answer.clone(), at(day)).await.unwrap();
    world.store.remember(world.account, "someone", &long, answer.clone(), at(3 * day)).await.unwrap();
    world.chat(2 * day).await;
    // The first word of a moment may itself begin the forgetting: what comes after it sees the result.
    world.chat(2 * day + 3_600_000).await;
    assert_eq!(world.store.remembered(world.account, "someone", &short).await.unwrap(), None);
    assert_eq!(world.store.remembered(world.account, "someone", &long).await.unwrap(), Some(answer));
}
