//! Pages of events: both numberings, by count and by bytes, without holes while events move about.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::event::Audience;
use engine::domain::ids::ChatId;
use engine::ports::journal::{Side, StoredChat};
use engine::ports::store::Store;
use futures_util::future::maybe_done;

use crate::conformance::world::{Talk, World};

/// A chat of 3 first events, the assignment, and 30 messages of which every third is private.
async fn long_talk(world: &World) -> Talk {
    let operator = world.operator(None).await;
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(operator, 500);
    talk.done(append).await;
    for number in 0..30 {
        let to = if number % 3 == 2 { Audience::Operators } else { Audience::Everyone };
        let append = talk.answers(&format!("message {number:02}"), to, 1_000 + number);
        talk.done(append).await;
    }
    talk
}

pub async fn pages_follow_each_other_without_a_hole_on_both_sides(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talk = long_talk(&world).await;
    for (side, last) in [(Side::Operators, 34), (Side::Visitor, 24)] {
        for limit in [1, 7, 200] {
            let mut after = 0;
            let mut seen = Vec::new();
            loop {
                let asked = world.store.events(world.account, talk.id(), side, after, limit, usize::MAX);
                let page = asked.await.unwrap();
                assert_eq!(page.last, last);
                assert!(page.events.len() <= limit);
                if page.events.is_empty() {
                    break;
                }
                seen.extend(page.events.iter().map(|event| match side {
                    Side::Operators => event.seq,
                    Side::Visitor => {
                        assert!(event.visible, "a private event must not come to a visitor");
                        event.visitor_seq
                    }
                }));
                after = *seen.last().unwrap();
            }
            assert_eq!(seen, (1..=last).collect::<Vec<_>>(), "{side:?}, {limit} a page");
        }
    }
}

/// An actor that waits for something else does not look at what it had begun to read.
pub async fn whoever_is_held_up_while_reading_keeps_nobody_from_reading(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talk = long_talk(&world).await;
    let page = || world.store.events(world.account, talk.id(), Side::Operators, 0, 200, usize::MAX);
    // More than any store has connections.
    let mut begun: Vec<_> = (0..64).map(|_| Box::pin(maybe_done(page()))).collect();
    for reading in &mut begun {
        let _ = futures_util::poll!(reading);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let another = tokio::time::timeout(Duration::from_secs(10), page()).await;
    assert_eq!(another.expect("it is not kept waiting").unwrap().events.len(), 34);
    for mut reading in begun {
        reading.as_mut().await;
        let page = reading.as_mut().take_output().expect("it has come to its end");
        assert_eq!(page.unwrap().last, 34, "and nothing that was begun is lost");
    }
}

pub async fn a_page_ends_at_its_bytes_but_holds_one_event(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talk = long_talk(&world).await;
    let page = |bytes| world.store.events(world.account, talk.id(), Side::Operators, 10, 200, bytes);
    let all = page(usize::MAX).await.unwrap();
    assert_eq!(all.events.len(), 24);
    let sizes: Vec<usize> = all.events.iter().map(|event| event.body.get().len()).collect();
    assert_eq!(page(0).await.unwrap().events.len(), 1);
    assert_eq!(page(sizes[0] + sizes[1]).await.unwrap().events.len(), 2);
    assert_eq!(page(sizes[0] + sizes[1] + sizes[2] - 1).await.unwrap().events.len(), 2);
    assert_eq!(page(sizes.iter().sum()).await.unwrap().events.len(), 24);
    assert_eq!(page(0).await.unwrap().last, 34);
}

pub async fn a_page_after_the_end_or_of_no_chat_is_empty(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talk = world.chat(0).await;
    let at_end = world.store.events(world.account, talk.id(), Side::Operators, 3, 10, usize::MAX).await.unwrap();
    assert_eq!((at_end.events.len(), at_end.last), (0, 3));
    let beyond = world.store.events(world.account, talk.id(), Side::Visitor, 99, 10, usize::MAX).await.unwrap();
    assert_eq!((beyond.events.len(), beyond.last), (0, 3));
    let nowhere = ChatId(uuid::Uuid::from_u128(404));
    let nothing = world.store.events(world.account, nowhere, Side::Operators, 0, 10, usize::MAX).await.unwrap();
    assert_eq!((nothing.events.len(), nothing.last), (0, 0));
}

pub async fn what_is_read_while_much_is_written_has_no_hole(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut talk = world.chat(0).await;
    let reader = {
        let (world, id) = (world.clone(), talk.id());
        tokio::spawn(async move {
            let mut known = 0;
            let mut pages = 0;
            while known < 2_003 {
                let page = world.store.events(world.account, id, Side::Operators, 0, 5_000, usize::MAX).await.unwrap();
                let numbers: Vec<u32> = page.events.iter().map(|event| event.seq).collect();
                assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
                assert!(page.last >= known, "what was read once stays");
                known = page.last;
                pages += 1;
                tokio::task::yield_now().await;
            }
            pages
        })
    };
    for number in 0..2_000 {
        let append = talk.says("on and on", 1_000 + number);
        talk.done(append).await;
        // Long enough for a store that moves events on to do so several times.
        if number % 500 == 0 {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
    }
    assert!(reader.await.unwrap() > 3);
}

pub async fn all_of_a_chat_is_there_when_it_is_activated(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talk = long_talk(&world).await;
    let activate = |epoch| world.store.activate(world.account, talk.id(), epoch);
    let StoredChat { record, events, marks } = activate(world.epoch).await.unwrap().unwrap();
    assert_eq!(record.head.last_seq, 34);
    assert_eq!(record.owner_name.as_deref(), Some("Operator 1"));
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=34).collect::<Vec<_>>());
    assert!(marks.is_empty());
    let first = events[0].origin.as_ref().expect("the start bears its command");
    assert!(first.command.as_str().starts_with("start-") && first.digest > u64::MAX / 2);
    let kinds = events.iter().map(|event| event.kind().unwrap());
    let numbered: Vec<_> = events.iter().zip(kinds).map(|(event, kind)| (event.seq, kind)).collect();
    assert_eq!(numbered.len(), 34);
    assert!(activate(world.epoch + 5).await.unwrap().is_some());
    assert!(activate(world.epoch + 4).await.unwrap().is_none(), "a newer epoch has it");
    assert!(activate(world.epoch + 5).await.unwrap().is_some(), "its own epoch may read it again");
}
