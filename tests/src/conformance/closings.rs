//! What is about to be gone: kept with what becomes of the chats, begun once, and ended when nothing is in the way.

use std::sync::Arc;

use engine::domain::closing::{Closing, HeldChats, WaitingChats};
use engine::domain::group::Status;
use engine::domain::ids::OperatorId;
use engine::ports::store::{Store, StoreError};
use uuid::Uuid;

use crate::conformance::world::{World, at, id};

pub async fn a_group_closes_when_no_chat_is_in_it(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let account = world.account;
    world.operator(None).await;
    world.chat(0).await;
    let to = |waiting| Closing::Group { group: world.group.clone(), waiting };
    let end = to(WaitingChats::End);
    assert_eq!(
        store.begin_closing(other.account, &Closing::Group { group: id("nowhere"), waiting: WaitingChats::End }).await,
        Ok(false)
    );
    for wrong in [id("nowhere"), world.group.clone()] {
        let begun = store.begin_closing(account, &to(WaitingChats::Move(wrong))).await;
        assert!(matches!(begun, Err(StoreError::Conflict(_))), "{begun:?}");
    }
    assert_eq!(store.closings().await, Ok(vec![]));
    assert!(store.roster(account, &world.group).await.unwrap()[0].active);
    let moved = to(WaitingChats::Move(world.second_group.clone()));
    assert_eq!(store.begin_closing(account, &moved).await, Ok(true));
    assert!(!store.roster(account, &world.group).await.unwrap()[0].active, "nothing new comes");
    let back = Closing::Group { group: world.second_group.clone(), waiting: WaitingChats::End };
    assert!(matches!(store.begin_closing(account, &back).await, Err(StoreError::Conflict(_))), "chats come there");
    let at_once = store.delete_group(account, &world.second_group).await;
    assert!(matches!(at_once, Err(StoreError::Conflict(_))), "and none is in it yet: {at_once:?}");
    assert_eq!(store.begin_closing(account, &end).await, Ok(true), "another choice");
    assert_eq!(store.closings().await, Ok(vec![(account, end.clone())]));
    assert_eq!(store.finish_closing(account, &end).await, Ok(false), "a chat waits");
    assert_eq!(store.closings().await.unwrap().len(), 1);
    assert!(store.group(account, &world.group).await.unwrap().is_some());
    assert_eq!(store.finish_closing(account, &back).await, Ok(true), "nothing is in the way there");
    assert_eq!(store.group(account, &world.second_group).await, Ok(None));
    store.call_off_closing(account, &end).await.unwrap();
    assert_eq!(store.closings().await, Ok(vec![]));
    assert!(store.group(account, &world.group).await.unwrap().is_some());
}

pub async fn an_operator_who_closes_is_disabled_at_once(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let account = world.account;
    let (joe, bob) = (world.operator(None).await, world.operator(None).await);
    store.set_status(account, joe, Status::Online, at(10), None).await.unwrap();
    let of = |operator, delete| Closing::Operator { operator, chats: HeldChats::Requeue, delete };
    let nobody = OperatorId(Uuid::from_u128(404));
    assert_eq!(store.begin_closing(account, &of(nobody, true)).await, Ok(false));
    assert_eq!(store.begin_closing(other.account, &of(joe, true)).await, Ok(false));
    assert_eq!(store.begin_closing(account, &of(joe, false)).await, Ok(true));
    assert!(store.operator(account, joe).await.unwrap().unwrap().disabled);
    assert_eq!(store.own_presence(account, joe).await.unwrap().unwrap().status, Status::Offline);
    assert_eq!(store.finish_closing(account, &of(joe, false)).await, Ok(true));
    assert!(store.operator(account, joe).await.unwrap().is_some(), "only disabled");
    assert_eq!(store.begin_closing(account, &of(bob, true)).await, Ok(true));
    assert_eq!(store.finish_closing(account, &of(bob, true)).await, Ok(true));
    assert_eq!(store.operator(account, bob).await, Ok(None));
    assert_eq!(store.closings().await, Ok(vec![]));
}
