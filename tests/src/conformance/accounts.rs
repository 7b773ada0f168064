//! Two accounts that know nothing of each other: every method that takes an account is tried with the other's ids.

use std::sync::Arc;

use engine::domain::event::Sender;
use engine::domain::group::{Handling, Membership, Status};
use engine::domain::ids::AccountId;
use engine::domain::zone::Zone;
use engine::ports::journal::{ChatQuery, MarkRow, Remembered, Side};
use engine::ports::staff::{Operator, Session};
use engine::ports::store::Store;
use engine::protocol::operator::ChatFilter;
use engine::protocol::visitor::MarkPair;

use crate::conformance::world::{World, at, id};

pub async fn an_account_sees_and_changes_nothing_of_another(store: Arc<dyn Store>) {
    let ours = World::new(Arc::clone(&store), "ours").await;
    let theirs = World::new(Arc::clone(&store), "theirs").await;
    let operator = ours.operator(None).await;
    let (mut active, mut rung) = (ours.chat(0).await, ours.chat(1).await);
    let append = active.is_assigned_to(operator, 1_000);
    active.done(append).await;
    let append = rung.rings_at(operator, 1_000);
    rung.done(append).await;
    let mark = MarkRow { who: Sender::Visitor, marks: MarkPair { delivered: 3, read: 3 } };
    store.save_marks(ours.account, active.id(), &[mark]).await.unwrap();
    let session = Session {
        token_hash: [1; 32],
        account: ours.account,
        operator,
        csrf_hash: [2; 32],
        created_at: at(0),
        used_at: at(0),
        expires_at: at(90_000_000),
        user_agent: String::new(),
        address: String::new(),
    };
    store.create_session(&session).await.unwrap();

    let other = theirs.account;
    // Chats.
    assert!(store.activate(other, active.id(), 99).await.unwrap().is_none());
    assert!(store.chat(other, active.id()).await.unwrap().is_none());
    let page = store.events(other, active.id(), Side::Operators, 0, 10, usize::MAX).await.unwrap();
    assert_eq!((page.events.len(), page.last), (0, 0));
    for filter in [
        ChatFilter::default(),
        ChatFilter { operator: Some(operator), ..ChatFilter::default() },
        ChatFilter { group: Some(ours.group.clone()), ..ChatFilter::default() },
    ] {
        let query = ChatQuery { filter, limit: 50, count: true, ..ChatQuery::default() };
        let list = store.chats(other, &query).await.unwrap();
        assert_eq!((list.rows.len(), list.total), (0, 0));
    }
    let visitor = store.chat(ours.account, active.id()).await.unwrap().unwrap().visitor;
    assert!(store.chat_of_visitor(other, &ours.brand, visitor).await.unwrap().is_none());
    assert!(store.waiting(other, &ours.group).await.unwrap().is_empty());
    assert!(store.offers_of(other, operator).await.unwrap().is_empty());
    let raised = MarkRow { who: Sender::Visitor, marks: MarkPair { delivered: 9, read: 9 } };
    store.save_marks(other, active.id(), &[raised]).await.unwrap();
    assert!(store.marks(other, &[active.id()]).await.unwrap().is_empty());
    assert_eq!(store.marks(ours.account, &[active.id()]).await.unwrap(), [(active.id(), mark)]);
    // Commands.
    let answer = Remembered { digest: 1, answer: "{}".into() };
    let (sender, command) = ("someone", id("c"));
    store.remember(ours.account, sender, &command, answer, at(90_000_000)).await.unwrap();
    assert_eq!(store.remembered(other, sender, &command).await.unwrap(), None);
    // Presence.
    assert_eq!(store.own_presence(other, operator).await.unwrap(), None);
    assert!(store.set_status(other, operator, Status::Online, at(2_000), None).await.is_err());
    store.seen(&[(other, operator)], at(50_000)).await.unwrap();
    let presence = store.own_presence(ours.account, operator).await.unwrap().unwrap();
    assert_eq!((presence.status, presence.last_seen_at, presence.session_epoch), (Status::Offline, at(0), 1));
    assert!(store.roster(other, &ours.group).await.unwrap().is_empty());
    assert_eq!(store.recount(other).await.unwrap(), []);
    // Staff: both have groups and departments of the same ids, each its own.
    assert!(store.brands(other).await.unwrap().iter().all(|brand| brand.account == other));
    assert_eq!(store.operators(other).await.unwrap(), []);
    assert_eq!(store.operator(other, operator).await.unwrap(), None);
    let before = store.operator(ours.account, operator).await.unwrap().unwrap();
    let changed = Operator { name: "Mallory".into(), ..before.clone() };
    assert!(!store.change_operator(other, &before, &changed).await.unwrap());
    assert!(!store.set_password(other, operator, "$mine$").await.unwrap());
    assert!(!store.delete_operator(other, operator).await.unwrap());
    assert_ne!(store.operator(ours.account, operator).await.unwrap().unwrap().name, "Mallory");
    assert_eq!(store.memberships(other, Some(&ours.group), None).await.unwrap(), []);
    assert_eq!(store.memberships(other, None, Some(operator)).await.unwrap(), []);
    let group = theirs.group.clone();
    let membership = Membership { group, operator, handling: Handling::Primary, limit: None, active: true };
    assert!(store.put_membership(other, &membership).await.is_err());
    assert!(!store.delete_membership(other, &ours.group, operator).await.unwrap());
    assert!(store.sessions_of(other, operator).await.unwrap().is_empty());
    let foreign = Session { token_hash: [3; 32], account: other, ..session.clone() };
    assert!(store.create_session(&foreign).await.is_err());
    assert_eq!(store.session(&session.token_hash, at(0)).await.unwrap(), Some(session));
    // Groups of the same id: the other's can go, though a chat waits in ours.
    assert!(store.delete_group(other, &theirs.group).await.unwrap());
    assert!(store.group(ours.account, &ours.group).await.unwrap().is_some());
    assert_eq!(store.memberships(ours.account, None, Some(operator)).await.unwrap().len(), 1);
}

pub async fn an_account_keeps_its_time_zone_and_changes_it_as_it_was_seen(store: Arc<dyn Store>) {
    let ours = store.create_account("ours", "Ours", at(0)).await.unwrap().id;
    let theirs = store.create_account("theirs", "Theirs", at(0)).await.unwrap().id;
    let (usual, zurich, tokyo) = (Zone::default(), Zone::from("Europe/Zurich"), Zone::from("Asia/Tokyo"));
    assert_eq!((usual.as_str(), store.time_zone(ours).await), ("UTC", Ok(usual.clone())));
    assert_eq!(store.change_time_zone(ours, &tokyo, &zurich).await, Ok(false), "it never was that");
    assert_eq!(store.change_time_zone(ours, &usual, &zurich).await, Ok(true));
    assert_eq!(store.change_time_zone(ours, &usual, &tokyo).await, Ok(false), "somebody was quicker");
    assert_eq!(store.time_zone(ours).await, Ok(zurich.clone()));
    assert_eq!(store.change_time_zone(ours, &zurich, &tokyo).await, Ok(true));
    assert_eq!(store.time_zone(ours).await, Ok(tokyo));
    assert_eq!(store.time_zone(theirs).await, Ok(usual.clone()));
    let nobody = AccountId(404);
    assert_eq!(store.change_time_zone(nobody, &usual, &zurich).await, Ok(false));
    assert_eq!(store.time_zone(nobody).await, Ok(usual), "no account has hours to count");
}
