//! Messages that visitors left: once for a command, each in its account, listed latest first.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::domain::ids::{CommandId, DepartmentId, LeftMessageId, VisitorId};
use engine::domain::left_message::{LeftMessage, LeftSight, LeftState};
use engine::domain::limits::{LEFT_MESSAGES_MAX, LEFT_MESSAGES_WITHIN};
use engine::domain::time::Timestamp;
use engine::ports::journal::BirthError;
use engine::ports::left_messages::{Leave, LeaveError, LeftQuery};
use engine::ports::store::Store;

use crate::conformance::world::{World, at, id};

pub async fn a_message_is_kept_with_all_that_is_known_of_it(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(store, "other").await;
    let talk = world.chat(1).await;
    let mut left = leave(&world, world.visitor(), "a", Some("sales"), 5);
    left.message.chat = Some(talk.id());
    left.message.page = Some("https://shop.example/basket".to_owned());
    left.message.language = Some("pt-BR".to_owned());
    let kept = world.store.leave(left.clone()).await.unwrap();
    assert_eq!(kept, left.message.id);
    let plain = Leave {
        message: LeftMessage { name: None, ..leave(&world, world.visitor(), "b", None, 6).message },
        ..leave(&world, world.visitor(), "b", None, 6)
    };
    world.store.leave(plain.clone()).await.unwrap();
    assert_eq!(world.store.left_message(world.account, kept).await.unwrap(), Some(left.message.clone()));
    assert_eq!(
        world.store.left_message(other.account, kept).await.unwrap(),
        None,
        "another account has no such message"
    );
    let all = list(&world, &all()).await;
    assert_eq!(all, [plain.message, left.message], "latest first");
    assert_eq!(other.store.new_left_messages(other.account, &LeftSight::All).await.unwrap(), 0);
}

pub async fn the_same_command_leaves_one_message(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let first = leave(&world, visitor, "a", None, 5);
    let kept = world.store.leave(first.clone()).await.unwrap();
    let again = leave(&world, visitor, "a", None, 70);
    assert_ne!(again.message.id, kept);
    assert_eq!(world.store.leave(again.clone()).await.unwrap(), kept, "the one that is there");
    let other_content = Leave { digest: first.digest ^ 1, ..again };
    assert_eq!(world.store.leave(other_content).await, Err(LeaveError::OtherContent));
    world.store.leave(leave(&world, world.visitor(), "a", None, 80)).await.unwrap();
    assert_eq!(list(&world, &all()).await.len(), 2, "ids are each visitor's own");
}

pub async fn an_id_means_one_command_whatever_it_asks(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let (_, birth) = world.start(visitor, 0);
    world.store.birth(birth.clone()).await.unwrap();
    let mut left = leave(&world, visitor, "x", None, 5);
    left.command = birth.origin.command.clone();
    assert_eq!(world.store.leave(left).await, Err(LeaveError::OtherContent));
    let visitor = world.visitor();
    let left = leave(&world, visitor, "y", None, 5);
    world.store.leave(left.clone()).await.unwrap();
    let (talk, mut birth) = world.start(visitor, 10);
    birth.origin.command = left.command;
    assert_eq!(world.store.birth(birth).await, Err(BirthError::OtherContent));
    assert!(world.store.chat(world.account, talk.id()).await.unwrap().is_none(), "nothing was made");
}

pub async fn one_visitor_leaves_a_few_within_an_hour(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    for n in 0..LEFT_MESSAGES_MAX {
        world.store.leave(leave(&world, visitor, &format!("c{n}"), None, i64::from(n))).await.unwrap();
    }
    let one_more = leave(&world, visitor, "more", None, 100);
    let again_at = at(0) + LEFT_MESSAGES_WITHIN;
    assert_eq!(world.store.leave(one_more.clone()).await, Err(LeaveError::TooMany { again_at }));
    let repeated = leave(&world, visitor, "c3", None, 200);
    world.store.leave(repeated).await.expect("what was left is answered again");
    world.store.leave(leave(&world, world.visitor(), "more", None, 100)).await.expect("others may");
    let mut later = one_more;
    later.message.created_at = again_at;
    world.store.leave(later).await.expect("there is room again");
}

pub async fn messages_are_found_by_state_and_department_and_page_by_page(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut ids = Vec::new();
    for (n, department) in [Some("sales"), Some("support"), None, Some("sales"), Some("support")].iter().enumerate() {
        // Two at one moment: ties have an order too.
        let left = leave(&world, world.visitor(), "a", *department, n as i64 / 2);
        ids.push(world.store.leave(left).await.unwrap());
    }
    let mut expected = ids.clone();
    expected.sort_by_key(|id| std::cmp::Reverse((ids.iter().position(|other| other == id).unwrap() / 2, *id)));
    let mut walked = Vec::new();
    let mut query = LeftQuery { limit: 2, ..all() };
    loop {
        let page = world.store.left_messages(world.account, &query).await.unwrap();
        walked.extend(page.messages.iter().map(|message| message.id));
        query.after = page.messages.last().map(|message| (message.created_at, message.id));
        if !page.more {
            break;
        }
    }
    assert_eq!(walked, expected);

    assert!(world.store.set_left_state(world.account, ids[0], LeftState::Done).await.unwrap());
    assert!(!world.store.set_left_state(world.account, LeftMessageId::new(9, 9), LeftState::Done).await.unwrap());
    assert_eq!(places(&world, &ids, LeftQuery { state: Some(LeftState::Done), ..all() }).await, [0].into());
    assert_eq!(places(&world, &ids, LeftQuery { state: Some(LeftState::New), ..all() }).await, [1, 2, 3, 4].into());
    assert_eq!(places(&world, &ids, LeftQuery { department: Some(id("sales")), ..all() }).await, [0, 3].into());
    let sight = LeftSight::Departments(vec![id("support")]);
    assert_eq!(places(&world, &ids, LeftQuery { sight: sight.clone(), ..all() }).await, [1, 2, 4].into());
    assert_eq!(places(&world, &ids, LeftQuery { sight: LeftSight::Departments(Vec::new()), ..all() }).await, [].into());
    assert_eq!(world.store.new_left_messages(world.account, &sight).await.unwrap(), 3);
    assert_eq!(world.store.new_left_messages(world.account, &LeftSight::All).await.unwrap(), 4);
}

fn all() -> LeftQuery {
    LeftQuery { state: None, department: None, sight: LeftSight::All, limit: 100, after: None }
}

/// Which of these messages a query finds.
async fn places(world: &World, ids: &[LeftMessageId], query: LeftQuery) -> BTreeSet<usize> {
    let found = list(world, &query).await;
    found.iter().filter_map(|message| ids.iter().position(|id| *id == message.id)).collect()
}

async fn list(world: &World, query: &LeftQuery) -> Vec<LeftMessage> {
    world.store.left_messages(world.account, query).await.unwrap().messages
}

/// Vera leaves a message.
fn leave(world: &World, visitor: VisitorId, command: &str, department: Option<&str>, millis: i64) -> Leave {
    let created_at: Timestamp = at(millis);
    let message = LeftMessage {
        account: world.account,
        id: LeftMessageId::new(u64::try_from(created_at.millis()).unwrap(), u128::from(world.fresh()) << 64),
        brand: world.brand.clone(),
        visitor,
        name: Some("Vera".to_owned()),
        email: "vera@visitor.example".to_owned(),
        text: "Please call me back.\nThank you".to_owned(),
        department: department.map(id::<DepartmentId>),
        chat: None,
        page: None,
        language: None,
        created_at,
        state: LeftState::New,
    };
    Leave { message, command: id::<CommandId>(command), digest: 7 }
}
