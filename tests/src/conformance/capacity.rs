//! Slots: nobody over a limit, whoever asks at the same time; refused changes leave nothing behind.

use std::sync::Arc;

use engine::domain::chat::SlotChange;
use engine::domain::closing::{Closing, HeldChats};
use engine::domain::event::{Audience, OfferKind};
use engine::domain::ids::OperatorId;
use engine::ports::journal::{AppendError, ChatQuery, Load};
use engine::ports::presence::Drift;
use engine::ports::scope::Scope;
use engine::ports::store::{Store, StoreError};
use engine::protocol::operator::ChatFilter;
use uuid::Uuid;

use crate::conformance::world::{World, at};

pub async fn twenty_operators_stay_within_their_limits_whoever_asks_at_once(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut operators = Vec::new();
    for number in 0..20 {
        operators.push((world.operator(Some(number % 4)).await, number % 4));
    }
    let mut asked = Vec::new();
    for (place, (operator, _)) in operators.iter().enumerate() {
        for chat in 0..6_i64 {
            let mut talk = world.chat(place as i64 * 10 + chat).await;
            // Some are rung, some assigned at once: both need a slot.
            let append = match chat % 2 {
                0 => talk.rings_at(*operator, 10_000),
                _ => talk.is_assigned_to(*operator, 10_000),
            };
            let world = world.clone();
            asked.push(tokio::spawn(async move { world.append(append).await }));
        }
    }
    let mut granted = 0;
    for one in asked {
        granted += u32::from(one.await.unwrap().is_ok());
    }
    for (operator, limit) in operators {
        let [held, reserved, group_held, group_reserved] = world.slots(&world.group, operator).await;
        assert_eq!(held + reserved, limit, "as many as there is room for, and not one more");
        assert_eq!((held, reserved), (group_held, group_reserved));
    }
    assert_eq!(granted, 5 * (1 + 2 + 3));
    assert_eq!(world.store.recount(world.account).await.unwrap(), []);
}

pub async fn a_slot_is_reserved_filled_and_given_back(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(Some(2)).await;
    let mut talk = world.chat(0).await;
    let load = |held, reserved, ended: Option<i64>, version| Load {
        operator,
        group: world.group.clone(),
        held,
        reserved,
        group_held: held,
        group_reserved: reserved,
        last_ended_at: ended.map(at),
        version,
    };
    let append = talk.rings_at(operator, 1_000);
    assert_eq!(talk.done(append).await.loads, [load(0, 1, None, 1)]);
    let append = talk.is_declined(2_000);
    assert_eq!(talk.done(append).await.loads, [load(0, 0, None, 2)]);
    let append = talk.rings_at(operator, 17_000);
    talk.done(append).await;
    let append = talk.is_accepted(18_000);
    assert_eq!(talk.done(append).await.loads, [load(1, 0, None, 4)]);
    let append = talk.answers("hello", Audience::Everyone, 19_000);
    assert_eq!(talk.done(append).await.loads, []);
    let append = talk.ends(20_000);
    assert_eq!(talk.done(append).await.loads, [load(0, 0, Some(20_000), 5)]);
    let roster = world.store.roster(world.account, &world.group).await.unwrap();
    assert_eq!((roster[0].last_ended_at, roster[0].version), (Some(at(20_000)), 5));
}

pub async fn a_group_has_a_limit_of_its_own(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    world.join(&world.group, operator, Some(1)).await;
    world.join(&world.second_group, operator, None).await;
    let mut first = world.chat(0).await;
    let append = first.is_assigned_to(operator, 1_000);
    first.done(append).await;
    let mut second = world.chat(1).await;
    let append = second.clone().is_assigned_to(operator, 1_000);
    assert_eq!(world.append(append.clone()).await, Err(AppendError::NoCapacity { operator }));
    let mut elsewhere = append;
    elsewhere.slots = vec![SlotChange::Occupy { operator, group: world.second_group.clone() }];
    assert_eq!(second.done(elsewhere).await.loads[0].group_held, 1);
    assert_eq!(world.slots(&world.group, operator).await, [2, 0, 1, 0]);
    let append = second.says("still here", 2_000);
    assert_eq!(world.append(append).await, Err(AppendError::Fenced), "it went on meanwhile");
}

pub async fn a_limit_of_none_gets_all_and_a_limit_of_nought_gets_none(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (unlimited, never) = (world.operator(None).await, world.operator(Some(0)).await);
    for number in 0..12 {
        let mut talk = world.chat(number).await;
        let refused = talk.clone().rings_at(never, 1_000);
        assert_eq!(world.append(refused).await, Err(AppendError::NoCapacity { operator: never }));
        let append = talk.rings_at(unlimited, 1_000);
        talk.done(append).await;
    }
    assert_eq!(world.slots(&world.group, unlimited).await, [0, 12, 0, 12]);
    assert_eq!(world.slots(&world.group, never).await, [0; 4]);
}

pub async fn who_is_disabled_gets_nothing_more_and_keeps_what_is_held(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let mut held = world.chat(0).await;
    let append = held.is_assigned_to(operator, 1_000);
    held.done(append).await;
    let closing = Closing::Operator { operator, chats: HeldChats::Requeue, delete: false };
    assert!(world.store.begin_closing(world.account, &closing).await.unwrap());
    let talk = world.chat(1).await;
    for refused in [talk.clone().rings_at(operator, 2_000), talk.clone().is_assigned_to(operator, 2_000)] {
        assert_eq!(world.append(refused).await, Err(AppendError::NoCapacity { operator }));
    }
    assert_eq!(world.slots(&world.group, operator).await, [1, 0, 1, 0]);
    let append = held.ends(3_000);
    held.done(append).await;
    assert_eq!(world.slots(&world.group, operator).await, [0; 4]);
}

pub async fn who_is_no_member_or_nobody_has_no_slot(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let talk = world.chat(0).await;
    let mut append = talk.clone().is_assigned_to(operator, 1_000);
    append.slots = vec![SlotChange::Occupy { operator, group: world.second_group.clone() }];
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator }));
    let nobody = OperatorId(Uuid::from_u128(404));
    let append = talk.clone().rings_at(nobody, 1_000);
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator: nobody }));
    assert_eq!(world.slots(&world.group, operator).await, [0; 4]);
}

pub async fn an_offer_to_somebody_who_was_removed_cannot_be_accepted(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let mut talk = world.chat(0).await;
    let append = talk.rings_at(operator, 1_000);
    talk.done(append).await;
    assert!(world.store.delete_operator(world.account, operator).await.unwrap());
    let append = talk.clone().is_accepted(2_000);
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator }));
    let append = talk.is_declined(3_000);
    assert_eq!(talk.done(append).await.loads[0].held, 0, "but the offer can be closed");
    assert_eq!(world.store.offers_of(world.account, operator).await.unwrap(), []);
}

pub async fn a_refused_hand_over_leaves_both_sides_as_they_were(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (from, full) = (world.operator(Some(1)).await, world.operator(Some(0)).await);
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(from, 1_000);
    talk.done(append).await;
    let mut hand_over = talk.clone().answers("over to you", Audience::Operators, 2_000);
    hand_over.slots = vec![
        SlotChange::Free { operator: from, group: world.group.clone() },
        SlotChange::Occupy { operator: full, group: world.group.clone() },
    ];
    assert_eq!(world.append(hand_over).await, Err(AppendError::NoCapacity { operator: full }));
    let roster = world.store.roster(world.account, &world.group).await.unwrap();
    let row = roster.iter().find(|row| row.operator == from).unwrap();
    assert_eq!((row.held, row.group_held, row.last_ended_at, row.version), (1, 1, None, 1));
    assert_eq!(talk.stored().await.len(), 4);
    assert_eq!(world.store.recount(world.account).await.unwrap(), []);
}

pub async fn a_hand_over_tells_both_loads_in_the_order_asked(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    // Ids in either order: whatever order the store works in, it answers in that of the changes.
    let (one, other) = (world.operator(Some(1)).await, world.operator(Some(1)).await);
    for (from, to) in [(one, other), (other, one)] {
        let mut talk = world.chat(0).await;
        let append = talk.is_assigned_to(from, 1_000);
        talk.done(append).await;
        let mut hand_over = talk.answers("over to you", Audience::Operators, 2_000);
        hand_over.slots = vec![
            SlotChange::Free { operator: from, group: world.group.clone() },
            SlotChange::Occupy { operator: to, group: world.group.clone() },
        ];
        let loads = talk.done(hand_over).await.loads;
        assert_eq!([(loads[0].operator, loads[0].held), (loads[1].operator, loads[1].held)], [(from, 0), (to, 1)]);
        let mut give_back = talk.answers("done", Audience::Operators, 3_000);
        give_back.slots = vec![SlotChange::Free { operator: to, group: world.group.clone() }];
        talk.done(give_back).await;
    }
}

pub async fn counters_that_went_wrong_are_found_and_set_right(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let mut held = world.chat(0).await;
    let append = held.is_assigned_to(operator, 1_000);
    held.done(append).await;
    // A slot that no chat stands for.
    let mut talk = world.chat(1).await;
    let mut wrong = talk.says("hello", 1_000);
    wrong.slots = vec![SlotChange::Occupy { operator, group: world.group.clone() }];
    talk.done(wrong).await;
    let drift = |group| Drift { operator, group, counted: (2, 0), true_count: (1, 0) };
    let found = world.store.recount(world.account).await.unwrap();
    assert_eq!(found, [drift(None), drift(Some(world.group.clone()))]);
    assert_eq!(world.slots(&world.group, operator).await, [1, 0, 1, 0]);
    assert_eq!(world.store.recount(world.account).await.unwrap(), []);
    // A slot that was given back twice: nothing is below nought, and the chat still ended.
    let append = held.ends(2_000);
    held.done(append).await;
    let mut twice = talk.says("again", 3_000);
    twice.slots = vec![SlotChange::Free { operator, group: world.group.clone() }];
    let loads = talk.done(twice).await.loads;
    assert_eq!((loads[0].held, loads[0].group_held), (0, 0));
}

pub async fn a_member_who_comes_back_still_holds_what_runs(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(Some(5)).await;
    let (mut held, mut rung) = (world.chat(0).await, world.chat(1).await);
    let append = held.is_assigned_to(operator, 1_000);
    held.done(append).await;
    let append = rung.rings_at(operator, 1_000);
    rung.done(append).await;
    world.join(&world.group, operator, Some(3)).await;
    assert_eq!(world.slots(&world.group, operator).await, [1, 1, 1, 1], "a changed membership keeps its slots");
    assert!(world.store.delete_membership(world.account, &world.group, operator).await.unwrap());
    world.join(&world.group, operator, None).await;
    assert_eq!(world.slots(&world.group, operator).await, [1, 1, 1, 1]);
    assert_eq!(world.store.recount(world.account).await.unwrap(), []);
    assert!(world.store.delete_membership(world.account, &world.group, operator).await.unwrap());
    let append = held.ends(2_000);
    assert_eq!(held.done(append).await.loads[0].held, 0, "a chat ends though its owner is no member any more");
}

pub async fn a_guest_who_is_a_member_again_still_holds_the_chat(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (owner, guest) = (world.operator(Some(1)).await, world.operator(Some(3)).await);
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(owner, 1_000);
    talk.done(append).await;
    let append = talk.asks(OfferKind::Invite, owner, guest, 2_000);
    talk.done(append).await;
    let append = talk.is_accepted(3_000);
    talk.done(append).await;
    assert!(world.store.delete_membership(world.account, &world.group, guest).await.unwrap());
    world.join(&world.group, guest, Some(1)).await;
    assert_eq!(world.slots(&world.group, guest).await, [1, 0, 1, 0]);
    assert_eq!(world.store.recount(world.account).await.unwrap(), []);
    let mut next = world.chat(10).await;
    let append = next.is_assigned_to(guest, 4_000);
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator: guest }), "the group's limit");
}

pub async fn a_chat_changes_hands_and_takes_guests_with_every_slot_accounted_for(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (owner, colleague) = (world.operator(Some(1)).await, world.operator(Some(1)).await);
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(owner, 1_000);
    talk.done(append).await;
    let account = world.account;
    let append = talk.asks(OfferKind::Invite, owner, colleague, 2_000);
    talk.done(append).await;
    let rung = world.store.offers_of(account, colleague).await.unwrap();
    let asked = rung[0].asked.clone().expect("the offer says who asks");
    assert_eq!((rung[0].kind, asked.from.id, asked.reason.as_deref()), (OfferKind::Invite, owner, Some("your field")));
    let append = talk.is_accepted(3_000);
    talk.done(append).await;
    assert_eq!(world.store.guests(account, talk.id()).await.unwrap(), [colleague]);
    assert_eq!(world.store.recount(account).await.unwrap(), [], "a guest holds a slot");
    let mine = ChatQuery {
        filter: ChatFilter { operator: Some(colleague), ..ChatFilter::default() },
        scope: Some(Scope { groups: Vec::new(), helped: Vec::new(), operator: colleague }),
        limit: 10,
        ..ChatQuery::default()
    };
    assert_eq!(world.store.chats(account, &mine).await.unwrap().rows.len(), 1, "guests see the chat in their lists");
    let removed = world.store.delete_operator(account, colleague).await;
    assert!(matches!(removed, Err(StoreError::Conflict(_))), "a guest of a running chat: {removed:?}");
    let append = talk.leaves(colleague, 4_000);
    talk.done(append).await;
    assert_eq!(world.store.guests(account, talk.id()).await.unwrap(), []);
    assert_eq!(world.store.chats(account, &mine).await.unwrap().rows, []);
    let append = talk.asks(OfferKind::Transfer, owner, colleague, 5_000);
    talk.done(append).await;
    let append = talk.is_accepted(6_000);
    talk.done(append).await;
    assert_eq!(world.slots(&world.group, owner).await, [0, 0, 0, 0]);
    assert_eq!(world.slots(&world.group, colleague).await, [1, 0, 1, 0]);
    let mut next = world.chat(10).await;
    let append = next.is_assigned_to(colleague, 7_000);
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator: colleague }));
    assert_eq!(world.store.recount(account).await.unwrap(), []);
}
