//! Appends: fenced, ordered, whole.

use std::sync::{Arc, Mutex};

use engine::domain::chat::Replies;
use engine::domain::event::{Audience, EventKind};
use engine::ports::journal::{AppendError, ChatHead, Head, Lane, Side, Told};
use engine::ports::store::Store;
use engine::protocol::visitor::ChatPhase;
use tokio::sync::oneshot;

use crate::conformance::world::{World, at, completion};

pub async fn an_append_adds_its_events_and_moves_the_head(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(operator, 1_000);
    talk.done(append).await;
    let append = talk.answers("How can I help?", Audience::Everyone, 2_000);
    let asked_for = append.events[0].clone();
    talk.done(append).await;

    let record = world.store.chat(world.account, talk.id()).await.unwrap().unwrap();
    assert_eq!(record.head, ChatHead::of(&talk.chat).unwrap());
    assert_eq!(record.head.state, ChatPhase::Active);
    assert_eq!(record.head.answered_at, Some(at(2_000)));
    assert_eq!(record.started_at, at(0));
    let page = world.store.events(world.account, talk.id(), Side::Operators, 4, 10, usize::MAX).await.unwrap();
    let [stored] = &page.events[..] else { panic!("one event after the fourth") };
    assert_eq!(stored.body.get(), asked_for.body.get());
    assert_eq!(stored.origin, asked_for.origin);
    assert_eq!((stored.seq, stored.visitor_seq, stored.visible, stored.at), (5, 5, true, at(2_000)));
}

pub async fn a_writer_with_an_older_epoch_is_fenced(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut zombie = world.chat(0).await;
    let taken = world.store.activate(world.account, zombie.id(), world.epoch + 1).await.unwrap().unwrap();
    assert_eq!(taken.record.owner_epoch, world.epoch + 1);
    let mut successor = zombie.clone();
    successor.epoch = world.epoch + 1;
    let late = zombie.says("from the past", 1_000);
    assert_eq!(world.append(late).await, Err(AppendError::Fenced));
    let append = successor.says("from the present", 1_000);
    successor.done(append).await;
    let full = zombie.ends(2_000);
    assert_eq!(world.append(full).await, Err(AppendError::Fenced));
    assert_eq!(successor.stored().await.len(), 4);
}

pub async fn a_writer_who_missed_an_event_is_fenced(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut one = world.chat(0).await;
    let mut other = one.clone();
    let append = one.says("first", 1_000);
    one.done(append).await;
    let append = other.says("second, by somebody who does not know", 1_000);
    assert_eq!(world.append(append).await, Err(AppendError::Fenced));
    assert_eq!(one.stored().await.len(), 4);
}

pub async fn numbers_that_do_not_follow_each_other_are_refused(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut talk = world.chat(0).await;
    let good = talk.says("fine", 1_000);
    let mut hole = good.clone();
    hole.events[0].seq += 1;
    let mut empty = good.clone();
    empty.events.clear();
    let mut doubled = good.clone();
    doubled.events.push(good.events[0].clone());
    let mut other_head = good.clone();
    other_head.head =
        Head::Light { visitor_seq: 77, messages: 2, idle_since: None, answered_at: None, replies: Replies::default() };
    for (what, bad) in [("a hole", hole), ("nothing", empty), ("a double", doubled), ("another head", other_head)] {
        assert_eq!(world.append(bad).await, Err(AppendError::Fenced), "{what}");
    }
    talk.done(good).await;
    assert_eq!(talk.stored().await.len(), 4);
}

pub async fn the_same_append_twice_takes_effect_once(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut talk = world.chat(0).await;
    let append = talk.says("once", 1_000);
    talk.done(append.clone()).await;
    assert_eq!(world.append(append).await, Err(AppendError::Fenced));
    assert_eq!(talk.stored().await.len(), 4);
}

pub async fn a_chat_of_another_account_cannot_be_appended_to(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(store, "other").await;
    let mut talk = world.chat(0).await;
    let mut append = talk.says("hello", 1_000);
    append.account = other.account;
    assert_eq!(world.append(append).await, Err(AppendError::Fenced));
    assert_eq!(talk.stored().await.len(), 3);
}

pub async fn a_pipeline_of_appends_takes_effect_in_its_order(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut talk = world.chat(0).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let wakes = Arc::new(Mutex::new(Vec::new()));
    let lane: Lane = {
        let wakes = Arc::clone(&wakes);
        Arc::new(move |all| {
            wakes.lock().unwrap().push(all.len());
            all.into_iter().for_each(Told::tell);
        })
    };
    let (tell, told) = oneshot::channel();
    let mut tell = Some(tell);
    for number in 0..300_usize {
        let append = talk.says(&format!("message {number}"), 1_000 + number as i64);
        let heard = Arc::clone(&heard);
        let tell = if number == 299 { tell.take() } else { None };
        let deliver = move |outcome| {
            heard.lock().unwrap().push((number, outcome));
            if let Some(tell) = tell {
                let _ = tell.send(());
            }
        };
        world.store.append(append, completion(Arc::clone(&lane), deliver));
    }
    told.await.unwrap();
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    assert_eq!(heard.len(), 300);
    assert!(heard.iter().enumerate().all(|(place, (number, outcome))| place == *number && outcome.is_ok()));
    assert_eq!(wakes.lock().unwrap().iter().sum::<usize>(), 300);
    let texts: Vec<String> = talk
        .stored()
        .await
        .into_iter()
        .filter_map(|kind| match kind {
            EventKind::Message(message) => Some(message.text),
            _ => None,
        })
        .collect();
    assert_eq!(texts.len(), 301);
    assert!(texts[1..].iter().enumerate().all(|(number, text)| *text == format!("message {number}")));
}

pub async fn a_refusal_in_a_pipeline_refuses_what_was_built_on_it_and_nothing_else(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let nobody = world.operator(Some(0)).await;
    let mut refused = world.chat(0).await;
    let mut neighbour = world.chat(1).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let lane = crate::conformance::world::direct();
    let (tell, told) = oneshot::channel();
    let pipeline = [
        ("before", refused.says("before", 1_000)),
        ("neighbour", neighbour.says("one", 1_000)),
        ("no room", refused.is_assigned_to(nobody, 2_000)),
        ("built on it", refused.says("after", 3_000)),
        ("neighbour again", neighbour.says("two", 1_000)),
    ];
    let mut tell = Some(tell);
    for (place, (name, append)) in pipeline.into_iter().enumerate() {
        let heard = Arc::clone(&heard);
        let tell = if place == 4 { tell.take() } else { None };
        let deliver = move |outcome: Result<_, _>| {
            heard.lock().unwrap().push((name, outcome.map(drop)));
            if let Some(tell) = tell {
                let _ = tell.send(());
            }
        };
        world.store.append(append, completion(Arc::clone(&lane), deliver));
    }
    told.await.unwrap();
    let expected = vec![
        ("before", Ok(())),
        ("neighbour", Ok(())),
        ("no room", Err(AppendError::NoCapacity { operator: nobody })),
        ("built on it", Err(AppendError::Fenced)),
        ("neighbour again", Ok(())),
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
    assert_eq!(refused.stored().await.len(), 4);
    assert_eq!(neighbour.stored().await.len(), 5);
}

pub async fn a_closed_store_refuses_and_still_tells_every_outcome(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut talk = world.chat(0).await;
    let last = talk.says("in time", 1_000);
    let (tell, told) = oneshot::channel();
    world.store.append(last, completion(crate::conformance::world::direct(), |outcome| drop(tell.send(outcome))));
    world.store.close().await;
    assert!(told.await.unwrap().is_ok(), "what was taken is finished");
    let late = talk.says("too late", 2_000);
    assert!(matches!(world.append(late).await, Err(AppendError::Unavailable(_))));
    assert!(world.store.ping().await.is_err());
}
