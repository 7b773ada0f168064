//! Presence and rosters.

use std::sync::Arc;

use engine::domain::closing::{Closing, WaitingChats};
use engine::domain::group::{Handling, Membership, Status};
use engine::domain::ids::{GroupId, OperatorId};
use engine::domain::operator::PresenceRules;
use engine::ports::journal::Remembered;
use engine::ports::presence::{PresenceRow, ReceivingOutcome, ReceivingSet, Watched};
use engine::ports::profiles::Profile;
use engine::ports::store::{Store, StoreError};
use engine::protocol::operator::{OperatorNow, ReceivingFrom};

use crate::conformance::world::{World, at, id};

pub async fn owning_an_operator_anew_raises_the_epoch(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(Some(3)).await;
    let own = || world.store.own_presence(world.account, operator);
    let fresh = PresenceRow {
        operator,
        status: Status::Offline,
        since: at(0),
        expired_in_a_row: 0,
        last_seen_at: at(0),
        session_epoch: 1,
        limit: Some(3),
        held: 0,
        version: 0,
    };
    assert_eq!(own().await.unwrap(), Some(fresh.clone()));
    world.store.set_status(world.account, operator, Status::Online, at(1_000), None).await.unwrap();
    world.store.seen(&[(world.account, operator)], at(2_000)).await.unwrap();
    world.store.seen(&[(world.account, operator)], at(1_500)).await.unwrap();
    let expected =
        PresenceRow { status: Status::Online, since: at(1_000), last_seen_at: at(2_000), session_epoch: 2, ..fresh };
    assert_eq!(own().await.unwrap(), Some(expected));
    let nobody = OperatorId(uuid::Uuid::from_u128(404));
    assert_eq!(world.store.own_presence(world.account, nobody).await.unwrap(), None);
}

pub async fn a_status_that_stays_keeps_its_moment(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    for millis in [1_000, 2_000] {
        world.store.set_status(world.account, operator, Status::Away, at(millis), None).await.unwrap();
    }
    let row = world.store.own_presence(world.account, operator).await.unwrap().unwrap();
    assert_eq!((row.status, row.since), (Status::Away, at(1_000)));
}

pub async fn a_status_command_that_comes_again_changes_nothing(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let answer = |digest| Remembered { digest, answer: r#"{"type":"ack"}"#.into() };
    let set = |status, millis, digest| {
        let command = Some((id("status-1"), answer(digest)));
        world.store.set_status(world.account, operator, status, at(millis), command)
    };
    set(Status::Online, 1_000, 7).await.unwrap();
    world.store.set_status(world.account, operator, Status::Away, at(2_000), None).await.unwrap();
    set(Status::Online, 3_000, 7).await.unwrap();
    assert!(matches!(set(Status::Busy, 4_000, 8).await, Err(StoreError::Conflict(_))));
    let row = world.store.own_presence(world.account, operator).await.unwrap().unwrap();
    assert_eq!((row.status, row.since), (Status::Away, at(2_000)));
    let sender = operator.to_string();
    let kept = world.store.remembered(world.account, &sender, &id("status-1")).await.unwrap();
    assert_eq!(kept, Some(answer(7)), "under the operator's id");
}

pub async fn how_many_offers_expired_in_a_row_is_kept_until_a_status_is_set(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let (joe, mona) = (world.operator(None).await, world.operator(None).await);
    let set = async |count| store.set_expired_in_a_row(world.account, joe, count).await.unwrap();
    let kept = async |who| store.own_presence(world.account, who).await.unwrap().unwrap().expired_in_a_row;
    let online =
        async |command| store.set_status(world.account, joe, Status::Online, at(1_000), command).await.unwrap();
    online(None).await;
    set(1).await;
    set(2).await;
    assert_eq!((kept(joe).await, kept(mona).await), (2, 0));
    assert_eq!(store.set_expired_in_a_row(other.account, joe, 7).await, Ok(()));
    assert_eq!(kept(joe).await, 2, "another account has no such operator");
    set(0).await;
    assert_eq!(kept(joe).await, 0);
    set(2).await;
    let command = || Some((id("status-1"), Remembered { digest: 1, answer: "{}".into() }));
    online(command()).await;
    assert_eq!(kept(joe).await, 0, "also by a status that stays");
    set(1).await;
    online(command()).await;
    assert_eq!(kept(joe).await, 1, "a command that comes again sets nothing");
}

pub async fn nobody_has_no_status(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let nobody = OperatorId(uuid::Uuid::from_u128(404));
    let command = Some((id("status-1"), Remembered { digest: 1, answer: "{}".into() }));
    let set = world.store.set_status(world.account, nobody, Status::Online, at(0), command).await;
    assert!(matches!(set, Err(StoreError::Conflict(_))));
    let kept = world.store.remembered(world.account, &nobody.to_string(), &id("status-1")).await.unwrap();
    assert_eq!(kept, None, "a refused command leaves nothing behind");
}

pub async fn a_roster_has_all_that_routing_asks(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (first, second) = (world.operator(Some(3)).await, world.operator(None).await);
    world.operator(None).await;
    world.store.set_status(world.account, second, Status::Busy, at(500), None).await.unwrap();
    for (operator, handling, limit, active) in
        [(second, Handling::Pull, Some(2), false), (first, Handling::Secondary, None, true)]
    {
        let membership = Membership { group: world.second_group.clone(), operator, handling, limit, active };
        world.store.put_membership(world.account, &membership).await.unwrap();
    }
    let roster = world.store.roster(world.account, &world.second_group).await.unwrap();
    assert_eq!(roster.iter().map(|row| row.operator).collect::<Vec<_>>(), [first, second], "by id");
    let row = &roster[0];
    assert_eq!((row.handling, row.active, row.group_limit, row.limit), (Handling::Secondary, true, None, Some(3)));
    assert_eq!((row.name.as_str(), row.status, row.since), ("Operator 1", Status::Offline, at(0)));
    let row = &roster[1];
    assert_eq!((row.handling, row.active, row.group_limit, row.limit), (Handling::Pull, false, Some(2), None));
    assert_eq!((row.status, row.since, row.version, row.last_ended_at), (Status::Busy, at(500), 0, None));
    assert!(world.store.delete_operator(world.account, first).await.unwrap());
    let roster = world.store.roster(world.account, &world.second_group).await.unwrap();
    assert_eq!(roster.iter().map(|row| row.operator).collect::<Vec<_>>(), [second]);
}

pub async fn who_is_there_and_receives_is_told_of_a_group_and_of_an_operator(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let account = world.account;
    let (joe, mona) = (world.operator(None).await, world.operator(None).await);
    let (first, second) = (&world.group, &world.second_group);
    world.join(second, joe, None).await;
    let of = |watched: Watched| {
        let store = Arc::clone(&store);
        async move { store.attendance(account, &watched).await.unwrap() }
    };
    let from = |group: &GroupId, active, left_out| ReceivingFrom { group: group.clone(), active, left_out };
    let now = |operator, groups: &[ReceivingFrom]| OperatorNow {
        operator,
        status: Status::Offline,
        since: at(0),
        profile: None,
        groups: groups.to_vec(),
    };
    let both = [from(first, true, false), from(second, true, false)];
    assert_eq!(of(Watched::Operator(joe)).await, [now(joe, &both)]);
    assert_eq!(of(Watched::Members(first.clone())).await, [now(joe, &both[..1]), now(mona, &both[..1])], "by id");
    assert_eq!(of(Watched::Members(second.clone())).await, [now(joe, &both[1..])]);

    let early = Profile { id: id("early"), name: "Early".into(), groups: vec![second.clone()] };
    store.put_profile(account, &early).await.unwrap();
    store.choose_profile(account, joe, Some(&early.id)).await.unwrap();
    store.set_status(account, joe, Status::Busy, at(5_000), None).await.unwrap();
    let paused =
        Membership { group: second.clone(), operator: joe, handling: Handling::Primary, limit: None, active: false };
    store.put_membership(account, &paused).await.unwrap();
    let busy = |groups: &[ReceivingFrom]| OperatorNow {
        status: Status::Busy,
        since: at(5_000),
        profile: Some(early.id.clone()),
        ..now(joe, groups)
    };
    let both = [from(first, true, true), from(second, false, false)];
    assert_eq!(of(Watched::Operator(joe)).await, [busy(&both)], "what is set, and what the profile makes of it");
    assert_eq!(of(Watched::Members(second.clone())).await, [busy(&both[1..])]);

    assert!(store.delete_membership(account, first, mona).await.unwrap());
    assert_eq!(of(Watched::Operator(mona)).await, [now(mona, &[])], "a member of nothing is there all the same");
    assert_eq!(of(Watched::Members(first.clone())).await, [busy(&both[..1])]);
    assert_eq!(of(Watched::Members(id("nowhere"))).await, []);
    assert_eq!(of(Watched::Operator(OperatorId(uuid::Uuid::from_u128(404)))).await, []);
    assert_eq!(store.attendance(other.account, &Watched::Operator(joe)).await.unwrap(), []);
    assert_eq!(store.attendance(other.account, &Watched::Members(first.clone())).await.unwrap(), [], "another first");
}

pub async fn whether_somebody_receives_is_set_once_for_a_command(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let (joe, mona) = (world.operator(None).await, world.operator(None).await);
    let by = |command: &str, digest| {
        let answer = Remembered { digest, answer: "{}".into() };
        ReceivingSet { sender: mona, command: id(command), answer, at: at(1_000) }
    };
    let set = |group: &GroupId, active, by| {
        let (store, group) = (Arc::clone(&store), group.clone());
        async move { store.set_receiving(world.account, &group, joe, active, by).await }
    };
    let active = || async { store.roster(world.account, &world.group).await.unwrap()[0].active };
    assert_eq!(set(&world.group, false, by("one", 1)).await, Ok(ReceivingOutcome::Set));
    assert!(!active().await);
    assert_eq!(set(&world.group, true, by("two", 2)).await, Ok(ReceivingOutcome::Set));
    assert_eq!(
        set(&world.group, false, by("one", 1)).await,
        Ok(ReceivingOutcome::Set),
        "it was done, and is not done again"
    );
    assert!(active().await);
    assert!(matches!(set(&world.group, false, by("one", 3)).await, Err(StoreError::Conflict(_))));
    assert!(active().await);
    assert_eq!(
        set(&world.second_group, false, by("three", 4)).await,
        Ok(ReceivingOutcome::NoMember),
        "he is no member there"
    );
    assert_eq!(store.remembered(world.account, &mona.to_string(), &id("three")).await.unwrap(), None);
    assert_eq!(
        store.set_receiving(other.account, &world.group, joe, false, by("four", 5)).await,
        Ok(ReceivingOutcome::NoMember)
    );
    assert!(active().await);

    let closing = Closing::Group { group: world.group.clone(), waiting: WaitingChats::End };
    assert_eq!(store.begin_closing(world.account, &closing).await, Ok(true));
    let asked = set(&world.group, true, by("five", 6)).await;
    assert_eq!(asked, Ok(ReceivingOutcome::GroupCloses), "nothing new comes from there");
    assert_eq!(store.remembered(world.account, &mona.to_string(), &id("five")).await.unwrap(), None);
    assert_eq!(set(&world.group, true, by("two", 2)).await, Ok(ReceivingOutcome::Set), "it was done before");
    let membership = store.memberships(world.account, Some(&world.group), Some(joe)).await.unwrap().remove(0);
    let receives = Membership { active: true, ..membership.clone() };
    assert!(matches!(store.put_membership(world.account, &receives).await, Err(StoreError::Conflict(_))));
    let changed = store.change_membership(world.account, &membership, &receives).await;
    assert!(matches!(changed, Err(StoreError::Conflict(_))), "{changed:?}");
    assert!(!active().await);
    let limited = Membership { limit: Some(2), ..membership.clone() };
    assert_eq!(store.change_membership(world.account, &membership, &limited).await, Ok(true));
}

pub async fn rules_of_presence_are_kept_and_changed_as_they_were_seen(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let (first, second) =
        (PresenceRules { away_after_s: Some(60), grace_s: 30 }, PresenceRules { away_after_s: None, grace_s: 90 });
    assert_eq!(store.presence_rules(world.account).await.unwrap(), None);
    assert!(!store.change_presence_rules(world.account, Some(first), second).await.unwrap());
    assert!(store.change_presence_rules(world.account, None, first).await.unwrap());
    assert!(!store.change_presence_rules(world.account, None, second).await.unwrap(), "somebody was quicker");
    assert_eq!(store.presence_rules(world.account).await.unwrap(), Some(first));
    assert!(store.change_presence_rules(world.account, Some(first), second).await.unwrap());
    assert_eq!(store.presence_rules(world.account).await.unwrap(), Some(second));
    assert_eq!(store.presence_rules(other.account).await.unwrap(), None);
}

pub async fn the_latest_moment_is_that_of_whatever_is_open(store: Arc<dyn Store>) {
    let latest = || store.latest_moment();
    assert_eq!(latest().await, Ok(None), "nothing was ever here");
    let world = World::new(Arc::clone(&store), "acme").await;
    let operator = world.operator(None).await;
    world.store.seen(&[(world.account, operator)], at(7_000)).await.unwrap();
    assert_eq!(latest().await, Ok(Some(at(7_000))));
    world.store.set_status(world.account, operator, Status::Online, at(9_000), None).await.unwrap();
    assert_eq!(latest().await, Ok(Some(at(9_000))));
    let mut talk = world.chat(50).await;
    let queued = world.store.chat(world.account, talk.id()).await.unwrap().unwrap().head.queued_at;
    assert!(queued < at(9_000), "it began before: {queued}");
    let append = talk.is_assigned_to(operator, 20_000);
    talk.done(append).await;
    assert_eq!(latest().await, Ok(Some(at(20_000))));
}
