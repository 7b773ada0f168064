//! Births: fenced by the shard, once for a command, one open chat for a visitor and brand.

use std::sync::Arc;

use engine::domain::ids::{AccountId, NodeId, Shard};
use engine::domain::limits::COMMANDS_REMEMBERED;
use engine::ports::journal::{BirthError, Born, ChatHead, Side};
use engine::ports::store::Store;

use crate::conformance::world::{World, at, before, id};

pub async fn a_chat_is_born_with_a_number_its_row_and_its_first_events(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(store, "other").await;
    let visitor = world.visitor();
    let (talk, birth) = world.start(visitor, 5);
    assert_eq!(world.store.birth(birth.clone()).await, Ok(1));
    let (_, second) = world.start(world.visitor(), 6);
    assert_eq!(world.store.birth(second).await, Ok(2));
    let (_, elsewhere) = other.start(other.visitor(), 6);
    assert_eq!(other.store.birth(elsewhere).await, Ok(1), "each account counts for itself");

    let record = world.store.chat(world.account, talk.id()).await.unwrap().unwrap();
    assert_eq!((record.number, record.owner_epoch, record.visitor), (1, world.epoch, visitor));
    assert_eq!((record.brand, record.department), (world.brand.clone(), Some(id("sales"))));
    assert_eq!((record.name.as_deref(), record.email.as_deref()), (Some("Vera"), Some("vera@visitor.example")));
    assert_eq!(record.started_at, at(5));
    assert_eq!(record.head, ChatHead::of(&talk.chat).unwrap());
    let page = world.store.events(world.account, talk.id(), Side::Visitor, 0, 10, usize::MAX).await.unwrap();
    assert_eq!(page.events.len(), 3);
    assert_eq!(page.events[0].origin, Some(birth.origin));
    assert_eq!(page.events[1].origin, None);
}

pub async fn the_same_start_again_answers_with_the_chat_it_made(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let (mut talk, birth) = world.start(visitor, 0);
    world.store.birth(birth.clone()).await.unwrap();
    let (other, mut again) = world.start(visitor, 50);
    again.origin = birth.origin.clone();
    assert_eq!(before(world.store.birth(again.clone()).await), Some((talk.id(), 3)));
    // Also when the chat has gone on, and is over.
    let append = talk.ends(1_000);
    talk.done(append).await;
    assert_eq!(before(world.store.birth(again.clone()).await), Some((talk.id(), 3)));
    let (command, digest) = (&birth.origin.command, birth.origin.digest);
    let born = async |account, visitor| world.store.born(account, visitor, command, at(2_000)).await.unwrap();
    assert_eq!(born(world.account, visitor).await, Some(Born { digest, chat: talk.id(), seq: 3 }));
    assert_eq!(born(world.account, world.visitor()).await, None);
    assert_eq!(born(AccountId(world.account.0 + 1), visitor).await, None);
    assert!(world.store.chat(world.account, other.id()).await.unwrap().is_none(), "nothing was made");

    let mut other_content = again.clone();
    other_content.origin.digest ^= 1;
    assert_eq!(world.store.birth(other_content).await, Err(BirthError::OtherContent));
    let mut other_visitor = again.clone();
    other_visitor.visitor = world.visitor();
    assert_eq!(world.store.birth(other_visitor).await, Ok(2), "ids are each visitor's own");
}

pub async fn a_command_is_forgotten_after_seven_days(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let (mut talk, birth) = world.start(visitor, 0);
    world.store.birth(birth.clone()).await.unwrap();
    let append = talk.ends(1_000);
    talk.done(append).await;
    let week = COMMANDS_REMEMBERED.as_millis() as i64;
    let (_, mut almost) = world.start(visitor, week - 1);
    almost.origin = birth.origin.clone();
    assert_eq!(before(world.store.birth(almost).await), Some((talk.id(), 3)));
    let remembered =
        async |now| world.store.born(world.account, visitor, &birth.origin.command, at(now)).await.unwrap();
    assert!(remembered(week - 1).await.is_some());
    assert_eq!(remembered(week).await, None);
    let (_, mut after) = world.start(visitor, week);
    after.origin = birth.origin;
    assert_eq!(world.store.birth(after).await, Ok(2));
}

pub async fn a_visitor_has_one_open_chat_on_a_brand(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let (mut talk, birth) = world.start(visitor, 0);
    world.store.birth(birth).await.unwrap();
    let (_, second) = world.start(visitor, 1);
    assert_eq!(world.store.birth(second.clone()).await, Err(BirthError::Open { chat: talk.id() }));
    let mut elsewhere = second.clone();
    elsewhere.brand = id("acme-outlet");
    assert_eq!(world.store.birth(elsewhere).await, Ok(2), "another brand is another chat");
    let append = talk.ends(1_000);
    talk.done(append).await;
    let (_, third) = world.start(visitor, 2_000);
    assert_eq!(world.store.birth(third).await, Ok(3), "a refused birth takes no number");
}

pub async fn of_many_starts_at_once_one_makes_a_chat(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let births = (0..16).map(|number| {
        let (_, birth) = world.start(visitor, number);
        let store = Arc::clone(&world.store);
        tokio::spawn(async move { store.birth(birth).await })
    });
    let births: Vec<_> = births.collect();
    let mut results = Vec::new();
    for birth in births {
        results.push(birth.await.unwrap());
    }
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|result| matches!(result, Err(BirthError::Open { .. }))).count(), 15);

    // The same command from many tabs: one makes it, the others are told of it.
    let visitor = world.visitor();
    let (_, model) = world.start(visitor, 100);
    let births: Vec<_> = (0..16)
        .map(|number| {
            let (_, mut birth) = world.start(visitor, number);
            birth.origin = model.origin.clone();
            let store = Arc::clone(&world.store);
            tokio::spawn(async move { store.birth(birth).await })
        })
        .collect();
    let mut made = 0;
    let mut told = 0;
    for birth in births {
        let result = birth.await.unwrap();
        made += u32::from(result.is_ok());
        told += u32::from(before(result).is_some());
    }
    assert_eq!((made, told), (1, 15));
}

pub async fn a_birth_in_a_shard_that_was_taken_over_is_fenced(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (talk, birth) = world.start(world.visitor(), 0);
    let successor: NodeId = id("n2");
    let taken = world.store.take_shards(&successor, &[talk.id().shard()]).await.unwrap();
    assert_eq!(taken[0].epoch, world.epoch + 1);
    assert_eq!(world.store.birth(birth.clone()).await, Err(BirthError::Fenced));
    let mut early = birth.clone();
    early.epoch = world.epoch + 2;
    assert_eq!(world.store.birth(early).await, Err(BirthError::Fenced), "nor one that runs ahead");
    let mut by_successor = birth;
    by_successor.epoch = world.epoch + 1;
    assert_eq!(world.store.birth(by_successor).await, Ok(1));
}

pub async fn nobody_gives_birth_in_a_shard_that_nobody_owns(store: Arc<dyn Store>) {
    let account = store.create_account("acme", "Acme", at(0)).await.unwrap().id;
    let world = World::new(Arc::clone(&store), "other").await;
    assert_eq!(store.shards().await.unwrap()[7].epoch, world.epoch);
    let (_, mut birth) = world.start(world.visitor(), 0);
    birth.epoch = 0;
    birth.account = account;
    birth.chat = engine::domain::ids::ChatId::new(1, 1, Shard(7));
    assert_eq!(store.birth(birth).await, Err(BirthError::Fenced));
}

pub async fn first_events_that_do_not_count_from_one_are_refused(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (talk, mut birth) = world.start(world.visitor(), 0);
    birth.events.remove(0);
    assert!(matches!(world.store.birth(birth).await, Err(BirthError::Unavailable(_))));
    assert!(world.store.chat(world.account, talk.id()).await.unwrap().is_none());
}
