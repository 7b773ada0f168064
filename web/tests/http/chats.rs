//! Chats over HTTP: who sees which, and their events in pages.

use engine::domain::chat::Replies;
use engine::domain::event::{AssignedBy, Audience, Author, EventKind, Message, Origin, Role, Sender, StoredEvent};
use engine::domain::ids::{AccountId, ChatId, OperatorId, Shard, VisitorId};
use engine::domain::time::Timestamp;
use engine::ports::journal::{Append, Birth, ChatHead, Completion, Head, Told};
use engine::protocol::visitor::ChatPhase;
use serde_json::json;

use crate::kit::{Browser, TestServer};

/// The epoch all chats of a test are written under.
const SHARD: Shard = Shard(7);

/// A chat that waits, with its question as the third event.
pub async fn waiting_chat(server: &TestServer, account: AccountId, brand: &str, group: &str, question: &str) -> ChatId {
    let epoch = epoch(server).await;
    let at = server.running.state.clock.now();
    let chat = ChatId::new(at.millis() as u64, uuid::Uuid::new_v4().as_u128(), SHARD);
    let visitor = VisitorId(uuid::Uuid::now_v7());
    let message = message(question, Audience::Everyone, Author { role: Role::Visitor, id: None, name: None });
    let kinds = [
        EventKind::Started {
            brand: brand.parse().unwrap(),
            department: None,
            name: None,
            email: None,
            page: None,
            language: None,
            variables: Default::default(),
            verified: Default::default(),
            wanted: None,
        },
        EventKind::Queued { group: group.parse().unwrap() },
        message,
    ];
    let events: Vec<_> = (1..).zip(&kinds).map(|(seq, kind)| stored(seq, seq, at, kind)).collect();
    let birth = Birth {
        account,
        chat,
        epoch,
        visitor,
        brand: brand.parse().unwrap(),
        department: None,
        name: Some("Clara".to_owned()),
        contact: None,
        email: Some("clara@example.org".to_owned()),
        origin: Origin { sender: Sender::Visitor, command: "start".parse().unwrap(), digest: 1 },
        events,
        head: head(group, question, at),
        at,
    };
    server.store.birth(birth).await.unwrap();
    chat
}

#[actix_web::test]
async fn an_operator_sees_own_chats_and_those_of_own_groups_that_nobody_has() {
    let server = TestServer::start().await;
    let account = server.account().await;
    let in_support = waiting_chat(&server, account, "demo", "support", "Is it waterproof?").await;
    let in_sales = waiting_chat(&server, account, "demo", "sales", "Do you ship to Peru?").await;
    let of_bob = waiting_chat(&server, account, "demo", "support", "Where is my parcel?").await;
    let mona = server.signed_in("mona@example.com").await;
    let bob = server.signed_in("bob@example.com").await;
    let joe = server.signed_in("joe@example.com").await;
    let bob_id: OperatorId = mona.operator("bob@example.com").await.parse().unwrap();
    assign(&server, account, of_bob, bob_id).await;

    assert_eq!(shown(&mona, "/chats").await, sorted(&[in_support, in_sales, of_bob]), "a manager sees all");
    assert_eq!(shown(&bob, "/chats").await, sorted(&[in_support, of_bob]));
    assert_eq!(shown(&joe, "/chats").await, sorted(&[in_support]), "a colleague's running chat is not theirs to read");
    for (chat, who, status) in
        [(of_bob, &bob, 200), (of_bob, &joe, 404), (in_sales, &joe, 404), (in_support, &joe, 200)]
    {
        for path in [format!("/chats/{chat}"), format!("/chats/{chat}/events")] {
            assert_eq!(who.get(&path).await.status, status, "{path}");
        }
    }
    let hidden = joe.get(&format!("/chats/{in_sales}")).await;
    let none = joe.get(&format!("/chats/{}", "0".repeat(32))).await;
    assert_eq!(hidden.body, none.body);
    assert_eq!(shown(&mona, "/chats?state=active").await, sorted(&[of_bob]));
    assert_eq!(shown(&mona, "/chats?state=waiting&group=sales").await, sorted(&[in_sales]));
    assert_eq!(shown(&mona, &format!("/chats?operator={bob_id}")).await, sorted(&[of_bob]));
    let row = bob.get(&format!("/chats/{of_bob}")).await.body;
    assert_eq!((&row["state"], &row["owner"]["name"]), (&json!("active"), &json!("Bob")));
    assert_eq!((&row["visitor"]["name"], &row["question"]), (&json!("Clara"), &json!("Where is my parcel?")));
}

#[actix_web::test]
async fn a_list_of_chats_goes_on_where_it_stopped() {
    let server = TestServer::start().await;
    let account = server.account().await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(waiting_chat(&server, account, "demo", "support", &format!("Question {number}")).await);
        server.clock.forward(std::time::Duration::from_millis(3));
    }
    let mona = server.signed_in("mona@example.com").await;
    for (order, expected) in
        [("latest", made.iter().rev().copied().collect::<Vec<_>>()), ("longest_waiting", made.clone())]
    {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = mona.get(&format!("/chats?order={order}&limit=2{cursor}")).await;
            seen.extend(page.items().iter().map(|row| row["id"].as_str().unwrap().parse::<ChatId>().unwrap()));
            let Some(next) = page.body["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, expected, "{order}");
    }
    for (query, field) in [
        ("state=asleep", "state"),
        ("operator=joe", "operator"),
        ("group=a%20b", "group"),
        ("order=random", "order"),
        ("limit=1000", "limit"),
        ("cursor=somewhere", "cursor"),
    ] {
        assert_eq!(mona.get(&format!("/chats?{query}")).await.field(), field);
    }
}

#[actix_web::test]
async fn events_come_in_pages_in_the_operators_numbering() {
    let server = TestServer::start().await;
    let account = server.account().await;
    let chat = waiting_chat(&server, account, "demo", "support", "Is it waterproof?").await;
    let mona = server.signed_in("mona@example.com").await;
    let first = mona.get(&format!("/chats/{chat}/events?limit=2")).await;
    let seqs: Vec<_> = first.items().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!((seqs, &first.body["last"], &first.body["next"]), (vec![1, 2], &json!(3), &json!("2")));
    let rest = mona.get(&format!("/chats/{chat}/events?limit=2&after=2")).await;
    assert_eq!(rest.items()[0]["event"]["text"], "Is it waterproof?");
    assert_eq!(rest.body["next"], json!(null));
    for (query, field) in [("after=x", "after"), ("after=-1", "after"), ("limit=0", "limit"), ("limit=201", "limit")] {
        assert_eq!(mona.get(&format!("/chats/{chat}/events?{query}")).await.field(), field);
    }
}

async fn shown(browser: &Browser, path: &str) -> Vec<ChatId> {
    let list = browser.get(path).await;
    let ids: Vec<ChatId> = list.items().iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect();
    sorted(&ids)
}

fn sorted(ids: &[ChatId]) -> Vec<ChatId> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

/// Makes the operator the chat's owner.
async fn assign(server: &TestServer, account: AccountId, chat: ChatId, operator: OperatorId) {
    let record = server.store.chat(account, chat).await.unwrap().unwrap();
    let at = server.running.state.clock.now();
    let (seq, group) = (record.head.last_seq + 1, record.head.group.clone());
    let kind = EventKind::Assigned { operator, name: "Bob".to_owned(), group, by: AssignedBy::Taken, offer: None };
    let head = ChatHead {
        state: ChatPhase::Active,
        owner: Some(operator),
        assigned_at: Some(at),
        answered_in: Some(record.head.group.clone()),
        last_seq: seq,
        visitor_seq: seq,
        ..record.head
    };
    let append = Append {
        account,
        chat,
        epoch: record.owner_epoch,
        after: seq - 1,
        events: vec![stored(seq, seq, at, &kind)],
        head: Head::Full(Box::new(head)),
        slots: Vec::new(),
        opened: Vec::new(),
        closed: Vec::new(),
        guests: None,
        decision: None,
        at,
    };
    let (told, hear) = tokio::sync::oneshot::channel();
    let lane = std::sync::Arc::new(|all: Vec<Told>| all.into_iter().for_each(Told::tell));
    let deliver = Box::new(move |outcome| drop(told.send(outcome)));
    server.store.append(append, Completion { lane, deliver });
    hear.await.unwrap().unwrap();
}

async fn epoch(server: &TestServer) -> u64 {
    let rows = server.store.shards().await.unwrap();
    let row = rows.iter().find(|row| row.shard == SHARD).unwrap();
    if row.epoch > 0 {
        return row.epoch;
    }
    server.store.take_shards(&"node".parse().unwrap(), &[SHARD]).await.unwrap()[0].epoch
}

fn stored(seq: u32, visitor_seq: u32, at: Timestamp, kind: &EventKind) -> StoredEvent {
    let body = serde_json::value::to_raw_value(kind).unwrap().into();
    StoredEvent { seq, visitor_seq, visible: kind.visible_to_visitor(), at, body, origin: None }
}

fn message(text: &str, to: Audience, from: Author) -> EventKind {
    let id = uuid::Uuid::new_v4().as_simple().to_string();
    EventKind::Message(Message { id, from, text: text.to_owned(), files: Vec::new(), to })
}

fn head(group: &str, question: &str, at: Timestamp) -> ChatHead {
    ChatHead {
        state: ChatPhase::Waiting,
        group: group.parse().unwrap(),
        owner: None,
        queued_at: at,
        assigned_at: None,
        answered_in: None,
        answered_at: None,
        replies: Replies::default(),
        waited_since: at,
        ended_at: None,
        ended: None,
        idle_since: None,
        visitor_away: false,
        messages: 1,
        question: Some(question.to_owned()),
        last_seq: 3,
        visitor_seq: 3,
    }
}
