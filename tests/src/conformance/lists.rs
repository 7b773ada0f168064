//! Lists of chats: who sees which, in which order, page by page; queues and offers.

use std::sync::Arc;
use std::time::Duration;

use engine::domain::chat::{Input, Person};
use engine::domain::estimate::{Came, Waited};
use engine::domain::identity::{Identity, Subject};
use engine::domain::ids::{ChatId, OperatorId};
use engine::domain::limits::PACE_CHATS_MAX;
use engine::ports::journal::{AppendError, ChatQuery};
use engine::ports::scope::Scope;
use engine::ports::staff::Operator;
use engine::ports::store::Store;
use engine::protocol::error::Code;
use engine::protocol::operator::{ChatFilter, ChatOrder};
use engine::protocol::visitor::ChatPhase;
use switchboard_web::routes::reports::ended::{Pages, ended_chats};

use crate::conformance::world::{Talk, World, at, id};

/// Nine chats, born a second apart: three wait, three run, three are over; one of each is in the second group.
async fn nine(world: &World) -> Vec<Talk> {
    let operator = world.operator(None).await;
    world.join(&world.second_group, operator, None).await;
    let mut talks = Vec::new();
    for number in 0..9_i64 {
        let mut inner = world.clone();
        if number % 3 == 1 {
            inner.group = world.second_group.clone();
        }
        let mut talk = inner.chat(number * 1_000).await;
        if number >= 3 {
            let append = talk.is_assigned_to(operator, 20_000 + number);
            talk.done(append).await;
        }
        if number >= 6 {
            let append = talk.ends(30_000 + number);
            talk.done(append).await;
        }
        talks.push(talk);
    }
    talks
}

async fn ids(world: &World, query: &ChatQuery) -> Vec<ChatId> {
    world.store.chats(world.account, query).await.unwrap().rows.into_iter().map(|row| row.id).collect()
}

fn places(talks: &[Talk], ids: &[ChatId]) -> Vec<usize> {
    ids.iter().map(|id| talks.iter().position(|talk| talk.id() == *id).unwrap()).collect()
}

pub async fn lists_have_what_was_asked_for_in_the_order_asked(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talks = nine(&world).await;
    let operator = talks[4].chat.owner().unwrap().id;
    let all = ChatQuery { limit: 50, ..ChatQuery::default() };
    let filtered = |filter| ChatQuery { filter, ..all.clone() };
    let in_state = |state| ChatFilter { state: Some(state), ..ChatFilter::default() };
    let second = Some(world.second_group.clone());
    let cases = [
        (all.clone(), vec![8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (ChatQuery { order: ChatOrder::LongestWaiting, ..all.clone() }, vec![0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (filtered(in_state(ChatPhase::Waiting)), vec![2, 1, 0]),
        (filtered(in_state(ChatPhase::Active)), vec![5, 4, 3]),
        (filtered(in_state(ChatPhase::Ended)), vec![8, 7, 6]),
        (filtered(ChatFilter { operator: Some(operator), ..ChatFilter::default() }), vec![8, 7, 6, 5, 4, 3]),
        (filtered(ChatFilter { group: second.clone(), ..ChatFilter::default() }), vec![7, 4, 1]),
        (filtered(ChatFilter { group: second, operator: Some(operator), state: Some(ChatPhase::Ended) }), vec![7]),
        (ChatQuery { limit: 2, offset: 3, ..all.clone() }, vec![5, 4]),
        (ChatQuery { limit: 0, ..all.clone() }, vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(places(&talks, &ids(&world, &query).await), expected, "{query:?}");
    }
}

pub async fn a_scope_shows_ones_groups_and_ones_own_chats(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let talks = nine(&world).await;
    let stranger = world.operator(None).await;
    let owner = talks[4].chat.owner().unwrap().id;
    let scoped = |groups, operator| ChatQuery {
        scope: Some(Scope { groups, helped: Vec::new(), operator }),
        limit: 50,
        count: true,
        ..ChatQuery::default()
    };
    let second = || vec![world.second_group.clone()];
    for (query, expected) in [
        (scoped(second(), stranger), vec![7, 1]),
        (scoped(vec![], stranger), vec![]),
        (scoped(vec![], owner), vec![8, 7, 6, 5, 4, 3]),
        (scoped(second(), owner), vec![8, 7, 6, 5, 4, 3, 1]),
    ] {
        let list = world.store.chats(world.account, &query).await.unwrap();
        let found: Vec<ChatId> = list.rows.iter().map(|row| row.id).collect();
        assert_eq!(places(&talks, &found), expected);
        assert_eq!(list.total as usize, expected.len());
        assert!(!list.more);
    }
    // Who helps the first group sees what has waited there long enough, and nothing else of it.
    for (second, expected) in [(-1, vec![]), (0, vec![0]), (1, vec![0]), (2, vec![2, 0]), (60, vec![2, 0])] {
        let helped = vec![(world.group.clone(), at(second * 1_000))];
        let scope = Some(Scope { groups: Vec::new(), helped, operator: stranger });
        let query = ChatQuery { scope, limit: 50, ..ChatQuery::default() };
        assert_eq!(places(&talks, &ids(&world, &query).await), expected, "since second {second}");
    }
}

pub async fn a_cursor_goes_on_where_the_page_ended(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    // Several at the same moment: only the id tells them apart.
    for number in 0..10 {
        world.chat(number / 4).await;
    }
    for order in [ChatOrder::Latest, ChatOrder::LongestWaiting] {
        let whole = ids(&world, &ChatQuery { order, limit: 50, ..ChatQuery::default() }).await;
        assert_eq!(whole.len(), 10);
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let query = ChatQuery { order, limit: 3, after, count: true, ..ChatQuery::default() };
            let list = world.store.chats(world.account, &query).await.unwrap();
            assert_eq!(list.total, 10, "the whole list, wherever one is in it");
            let last = list.rows.last().unwrap();
            let time = if order == ChatOrder::Latest { last.started_at } else { last.head.queued_at };
            after = Some((time, last.id));
            paged.extend(list.rows.iter().map(|row| row.id));
            if !list.more {
                break;
            }
        }
        assert_eq!(paged, whole);
    }
}

pub async fn a_report_has_the_same_chats_in_however_many_pages(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let operator = world.operator(None).await;
    // Before the span, at its beginning, within it, and at its end, which belongs to the next one; one still runs.
    let mut talks = Vec::new();
    for (number, millis) in
        [0, 1_000, 1_000, 1_000, 1_000, 2_000, 3_000, 3_000, 3_500, 4_000, 4_000].into_iter().enumerate()
    {
        let mut talk = world.chat(millis).await;
        if [2, 6, 8].contains(&number) {
            let append = talk.is_assigned_to(operator, 5_000);
            talk.done(append).await;
        }
        if number != 8 {
            let append = talk.ends(9_000);
            talk.done(append).await;
        }
        talks.push(talk);
    }
    let span = (at(1_000), at(4_000));
    let read_by = async |pages: Pages, own| {
        let mut chats = Vec::new();
        ended_chats(&world.store, world.account, span, own, &pages, |chat| chats.push(chat)).await.map(|()| chats)
    };
    let read = async |rows, chats_max, own| read_by(Pages { rows, chats_max }, own).await;
    let whole = read(50, 50, None).await.unwrap();
    let mut found = places(&talks, &whole.iter().map(|chat| chat.id).collect::<Vec<_>>());
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4, 5, 6, 7]);
    assert!(whole.is_sorted_by(|one, next| one.started_at >= next.started_at), "latest first: {whole:?}");
    for rows in [1, 2, 3, 4, 6, 7, 8] {
        // Exactly as many as one report may have.
        assert_eq!(read(rows, 7, None).await.unwrap(), whole, "{rows} at once");
        let own = read(rows, 7, Some(operator)).await.unwrap();
        let ids: Vec<ChatId> = own.iter().map(|chat| chat.id).collect();
        assert_eq!(places(&talks, &ids), [6, 2], "an operator's own, {rows} at once");
        let refused = read(rows, 6, None).await.unwrap_err().failure;
        let expected = "to: expected a span of at most 6 chats";
        assert_eq!(
            (refused.code, refused.field.as_deref(), refused.message.as_str()),
            (Code::Invalid, Some("to"), expected)
        );
    }
    let all = read_by(Pages::default(), None).await.unwrap();
    assert_eq!(all, whole, "as reports are read");
}

pub async fn a_queue_is_read_in_its_order_with_what_rings(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let mut talks = nine(&world).await;
    let operator = talks[3].chat.owner().unwrap().id;
    let append = talks[2].rings_at(operator, 40_000);
    let opened = append.opened[0].clone();
    talks[2].done(append).await;
    let queue = world.store.waiting(world.account, &world.group).await.unwrap();
    let rows: Vec<_> = queue.iter().map(|(record, offer)| (record.id, offer.clone())).collect();
    assert_eq!(rows, [(talks[0].id(), None), (talks[2].id(), Some(opened.clone()))]);
    assert_eq!(queue[1].0.head.queued_at, at(2_000));

    let append = talks[0].rings_at(operator, 30_000);
    let sooner = append.opened[0].clone();
    talks[0].done(append).await;
    assert_eq!(world.store.offers_of(world.account, operator).await.unwrap(), [sooner.clone(), opened]);
    let append = talks[2].is_declined(41_000);
    talks[2].done(append).await;
    assert_eq!(world.store.offers_of(world.account, operator).await.unwrap(), [sooner]);
    let append = talks[0].is_accepted(42_000);
    talks[0].done(append).await;
    assert_eq!(world.store.offers_of(world.account, operator).await.unwrap(), []);
    let queue = world.store.waiting(world.account, &world.group).await.unwrap();
    assert_eq!(
        queue.iter().map(|(record, offer)| (record.id, offer.is_some())).collect::<Vec<_>>(),
        [(talks[2].id(), false)]
    );
}

pub async fn what_rings_at_all_holds_nobodys_slot_and_is_over_for_all_at_once(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let (joe, bob) = (world.operator(Some(1)).await, world.operator(Some(1)).await);
    let (mut talk, mut other) = (world.chat(0).await, world.chat(1).await);
    let person = |id| Person { id, name: "somebody".into() };
    let rings = |operators: &[OperatorId]| Input::RingAt {
        operators: operators.iter().copied().map(person).collect(),
        group: world.group.clone(),
        ring: Duration::from_secs(20),
    };
    let append = talk.judge(rings(&[joe, bob]), at(1_000), None);
    talk.done(append).await;
    let append = other.judge(rings(&[bob]), at(2_000), None);
    other.done(append).await;
    let rung = async |operator| {
        let rows = world.store.offers_of(world.account, operator).await.unwrap();
        rows.iter().map(|row| (row.id.chat, row.holds)).collect::<Vec<_>>()
    };
    assert_eq!(rung(joe).await, [(talk.id(), false)]);
    assert_eq!(rung(bob).await, [(talk.id(), false), (other.id(), false)]);
    assert_eq!(world.slots(&world.group, bob).await, [0, 0, 0, 0]);
    assert_eq!(world.store.recount(world.account).await.unwrap(), [], "no slot is missed");
    let queue = world.store.waiting(world.account, &world.group).await.unwrap();
    assert!(queue.iter().all(|(_, offer)| offer.is_none()), "one slot would be reserved for an offer");
    // One leaves the ring, the other accepts.
    let append = talk.judge(rings(&[bob]), at(3_000), None);
    talk.done(append).await;
    assert_eq!((rung(joe).await.len(), rung(bob).await.len()), (0, 2));
    let offer = talk.chat.ring().unwrap().id;
    let append = talk.judge(Input::Accept { offer, operator: bob }, at(4_000), None);
    talk.done(append).await;
    assert_eq!(rung(bob).await, [(other.id(), false)]);
    assert_eq!(world.slots(&world.group, bob).await, [1, 0, 1, 0]);
    let offer = other.chat.ring().unwrap().id;
    let append = other.judge(Input::Accept { offer, operator: bob }, at(5_000), None);
    assert_eq!(world.append(append).await, Err(AppendError::NoCapacity { operator: bob }), "he has one slot");
}

pub async fn a_visitor_finds_the_open_chat_else_the_latest_that_ended(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let visitor = world.visitor();
    let find = |brand| {
        let store = Arc::clone(&world.store);
        let account = world.account;
        async move { store.chat_of_visitor(account, &brand, visitor).await.unwrap().map(|record| record.id) }
    };
    assert_eq!(find(world.brand.clone()).await, None);
    let mut talks = Vec::new();
    for number in 0..3 {
        let (mut talk, birth) = world.start(visitor, number * 10_000);
        world.store.birth(birth).await.unwrap();
        assert_eq!(find(world.brand.clone()).await, Some(talk.id()), "the open one");
        let append = talk.ends(number * 10_000 + 5_000);
        talk.done(append).await;
        talks.push(talk);
    }
    assert_eq!(find(world.brand.clone()).await, Some(talks[2].id()));
    assert_eq!(find(id("acme-outlet")).await, None);
}

pub async fn an_owner_is_shown_by_the_name_of_today(store: Arc<dyn Store>) {
    let world = World::new(store, "acme").await;
    let operator = world.operator(None).await;
    let mut talk = world.chat(0).await;
    let append = talk.is_assigned_to(operator, 1_000);
    talk.done(append).await;
    let before = world.store.operator(world.account, operator).await.unwrap().unwrap();
    let row = Operator { name: "Olga".into(), ..before.clone() };
    assert!(world.store.change_operator(world.account, &before, &row).await.unwrap());
    let record = world.store.chat(world.account, talk.id()).await.unwrap().unwrap();
    assert_eq!(record.owner_name.as_deref(), Some("Olga"));
}

pub async fn how_a_groups_chats_have_waited_is_told_the_latest_first(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let joe = world.operator(None).await;
    let waited_in = async |group| store.waited(world.account, group).await.unwrap();
    let waited = async || waited_in(&world.group).await;
    let wait = |since, until, came| Waited { since: at(since), until: at(until), came };
    let mut in_vain = world.chat(0).await;
    let append = in_vain.ends(500);
    in_vain.done(append).await;
    let mut waits = world.chat(1_000).await;
    let mut served = world.chat(2_000).await;
    let append = served.is_assigned_to(joe, 5_000);
    served.done(append).await;
    let mut second = world.clone();
    second.group = world.second_group.clone();
    let mut elsewhere = second.chat(3_000).await;
    let append = elsewhere.ends(4_000);
    elsewhere.done(append).await;
    let told = [wait(2_000, 5_000, Came::Served), wait(0, 500, Came::Nothing)];
    assert_eq!(waited().await, told, "and who waits still has not waited yet");
    let append = served.ends(9_000);
    served.done(append).await;
    assert_eq!(waited().await, told, "a chat that is over has waited as it did");
    assert_eq!(store.waited(other.account, &world.group).await.unwrap(), [], "another account knows nothing");
    // A chat that another group answered counts there, while it waits again, here, and when it is over.
    world.join(&world.second_group, joe, None).await;
    let mut handed_on = second.chat(10_000).await;
    let append = handed_on.is_assigned_to(joe, 11_000);
    handed_on.done(append).await;
    let append = handed_on.judge(Input::Requeue { operator: joe }, at(12_000), None);
    handed_on.done(append).await;
    let told_there = [wait(10_000, 11_000, Came::Served), wait(3_000, 4_000, Came::Nothing)];
    assert_eq!(waited_in(&world.second_group).await, told_there);
    let append = handed_on.judge(Input::Move { group: world.group.clone() }, at(13_000), None);
    handed_on.done(append).await;
    assert_eq!(waited().await, told);
    assert_eq!(waited_in(&world.second_group).await, told_there);
    let append = handed_on.ends(14_000);
    handed_on.done(append).await;
    assert_eq!(waited().await, told);
    assert_eq!(waited_in(&world.second_group).await, told_there);
    let append = waits.ends(15_000);
    waits.done(append).await;
    assert_eq!(waited().await[0], wait(1_000, 15_000, Came::Nothing), "the latest to leave, however early it came");
    let most = i64::try_from(PACE_CHATS_MAX).unwrap();
    for number in 0..most {
        let mut talk = world.chat(20_000 + number).await;
        let append = talk.ends(30_000 + number);
        talk.done(append).await;
    }
    let latest = waited().await;
    assert_eq!((latest.len(), latest[0].since), (PACE_CHATS_MAX, at(20_000 + most - 1)));
    assert!(latest.iter().all(|waited| waited.since >= at(20_000)));
}

pub async fn who_served_a_contact_last_is_known(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(Arc::clone(&store), "other").await;
    let (joe, sue) = (world.operator(None).await, world.operator(None).await);
    let vera = Identity::Unverified("vera@visitor.example".into());
    let last = async || store.last_operator(world.account, &vera).await.unwrap();
    let mut abandoned = world.chat(0).await;
    let append = abandoned.ends(500);
    abandoned.done(append).await;
    assert_eq!(last().await, None, "nobody has served her yet");

    // Who is served later and is done sooner is not the last.
    let (mut first, mut second) = (world.chat(1_000).await, world.chat(2_000).await);
    let append = first.is_assigned_to(joe, 3_000);
    first.done(append).await;
    let append = second.is_assigned_to(sue, 4_000);
    second.done(append).await;
    assert_eq!(last().await, None, "nobody is done yet");
    let append = second.ends(5_000);
    second.done(append).await;
    assert_eq!(last().await, Some((sue, at(5_000))));
    let append = first.ends(6_000);
    first.done(append).await;
    assert_eq!(last().await, Some((joe, at(6_000))));

    let subject: Subject = "vera@visitor.example".parse().unwrap();
    let proved = Identity::of(&world.brand, Some(&subject), None).unwrap();
    assert_eq!(store.last_operator(world.account, &proved).await.unwrap(), None, "the address is only claimed");
    assert_eq!(store.last_operator(other.account, &vera).await.unwrap(), None, "another account knows nothing");
}
