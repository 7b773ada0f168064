//! Whatever is refused, and wherever: it is counted once, by the code of the answer, on the node that answers.

use std::time::Duration;

use engine::actors::connection::visitor::Resolved;
use engine::actors::engine::all_shards;
use engine::domain::ids::ChatId;
use engine::domain::limits::FAR_ANSWER_WITHIN;
use serde_json::{Value, json};

use crate::suite::engines::cast::{GOOD, Inbox, Node, Shop, shards_of};

const RINGS: Duration = Duration::from_secs(60);

#[actix::test]
async fn every_refusal_is_counted_by_its_code() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let node = shop.node("one", all_shards(), GOOD, 1).await;
    let mut clara = shop.tab(&node, 42, None).await;
    let mut joe = shop.window(&node, &shop.joe).await;
    let nowhere = "0".repeat(32);
    let mut sum = Counts::default();

    // What the connection itself finds wrong.
    clara.sends(json!({ "type": "say", "id": "c1", "text": "to nobody" })).await;
    sum.one(&node, &mut clara.inbox, "c1", "conflict").await;
    clara.sends(json!({ "type": "wave", "id": "c2" })).await;
    sum.one(&node, &mut clara.inbox, "c2", "unknown_type").await;
    joe.sends(json!({ "type": "say", "id": "j1", "chat": nowhere })).await;
    sum.one(&node, &mut joe.inbox, "j1", "invalid").await;
    assert!(clara.connection.frame("[]", std::time::Instant::now()).is_none());
    sum.without_id(&node, &mut clara.inbox, "bad_frame").await;
    clara.sends(json!({ "type": "resume", "chat": nowhere, "after": 0 })).await;
    sum.without_id(&node, &mut clara.inbox, "not_found").await;

    // What the store has to say of it, before there is a chat.
    clara.sends(json!({ "type": "start", "id": "c3", "name": "Clara", "question": "Hello?" })).await;
    sum.one(&node, &mut clara.inbox, "c3", "conflict").await;
    clara.sends(json!({ "type": "leave_message", "id": "c4", "text": "Hello?", "department": "nowhere" })).await;
    sum.one(&node, &mut clara.inbox, "c4", "invalid").await;
    joe.sends(json!({ "type": "membership_status", "id": "j2", "group": "nowhere", "active": true })).await;
    sum.one(&node, &mut joe.inbox, "j2", "not_found").await;
    joe.goes_online().await;
    joe.sends(json!({ "type": "status", "id": "online", "status": "away" })).await;
    sum.one(&node, &mut joe.inbox, "online", "conflict").await;

    // What the chat says: that it is not there, that it is over.
    joe.says("j3", &nowhere, "anybody?").await;
    sum.one(&node, &mut joe.inbox, "j3", "not_found").await;
    clara.sees_online().await;
    let chat = clara.starts("hello").await;
    joe.accepts(&chat).await;
    joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    joe.acked("end").await;
    clara.says("c5", "one more thing").await;
    sum.one(&node, &mut clara.inbox, "c5", "conflict").await;

    // Who found no room in a mailbox for too long.
    let chat: ChatId = chat.parse().expect("an id");
    clara.connection.resolved(Resolved::Refused(chat, "c6".parse().expect("an id")));
    sum.one(&node, &mut clara.inbox, "c6", "unavailable").await;
    joe.connection.resolved(Some((chat, "j4".parse().expect("an id"))));
    sum.one(&node, &mut joe.inbox, "j4", "unavailable").await;
}

#[actix::test]
async fn what_another_node_does_not_answer_in_time_is_counted_where_it_was_asked() {
    let shop = Shop::in_memory(2, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let (_clara, mut joe, chat) = shop.in_a_chat(&one, &two).await;
    one.bus.cut(true);
    two.bus.cut(true);
    joe.says("j1", &chat, "are you there?").await;
    actix::clock::sleep(FAR_ANSWER_WITHIN).await;
    Counts::default().one(&two, &mut joe.inbox, "j1", "unavailable").await;
    assert_eq!(refused(&one), Vec::<(String, u64)>::new(), "it heard nothing of it");
}

#[actix::test]
async fn a_chat_that_is_let_go_counts_what_its_own_sockets_hear_and_nothing_more() {
    let shop = Shop::in_memory(1, 1, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let mut joe = shop.window(&one, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&one, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts("hello").await;
    joe.accepts(&chat).await;
    one.bus.cut(true);
    two.engine.take_over(&shards_of(1)).await.expect("the store answers");
    for line in 0..5 {
        clara.says(&format!("c{line}"), "is anybody there?").await;
    }
    assert_eq!(clara.inbox.expect_closed().await, 1012);
    let heard = clara.inbox.got.iter().filter(|frame| frame["code"] == "unavailable").count() as u64;
    let counted: u64 = refused(&one).iter().map(|(_, count)| *count).sum();
    assert_eq!(counted, heard, "the first of them closes the socket, and nobody hears of the others");
}

#[actix::test]
async fn what_a_lost_chat_leaves_to_its_new_owner_is_refused_nowhere() {
    let shop = Shop::in_memory(1, 2, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    let mut joe = shop.window(&two, &shop.joe).await;
    joe.goes_online().await;
    let mut clara = shop.tab(&one, 42, None).await;
    clara.sees_online().await;
    let chat = clara.starts("hello").await;
    joe.accepts(&chat).await;
    let three = shop.node("three", Vec::new(), GOOD, 3).await;
    three.bus.cut(true);
    three.engine.take_over(&shards_of(1)).await.expect("the store answers");
    // Goes to the node that had the chat, which finds out by it.
    joe.says("j1", &chat, "one moment").await;
    assert_eq!(clara.inbox.expect_closed().await, 1012);
    three.bus.cut(false);
    joe.acked("j1").await;
    assert_eq!((refused(&one), refused(&two), refused(&three)), (Vec::new(), Vec::new(), Vec::new()));
}

/// How many refusals there were, by code.
#[derive(Default)]
struct Counts(Vec<(String, u64)>);

impl Counts {
    /// The command was refused with that code, and that was counted, and nothing else.
    async fn one(&mut self, node: &Node, inbox: &mut Inbox, id: &str, code: &str) {
        let refused = inbox.expect(id, |frame| frame["type"] == "error" && frame["id"] == id).await;
        assert_eq!(refused["code"], code, "{refused}");
        self.and_counted(node, code);
    }

    /// The same for a frame without an id.
    async fn without_id(&mut self, node: &Node, inbox: &mut Inbox, code: &str) {
        let is = |frame: &Value| frame["type"] == "error" && frame["id"].is_null() && frame["code"] == code;
        inbox.expect(code, is).await;
        self.and_counted(node, code);
    }

    fn and_counted(&mut self, node: &Node, code: &str) {
        match self.0.iter_mut().find(|(known, _)| known == code) {
            Some((_, count)) => *count += 1,
            None => self.0.push((code.to_owned(), 1)),
        }
        self.0.sort();
        assert_eq!(refused(node), self.0);
    }
}

/// What a node has counted, by code, as far as there is any.
fn refused(node: &Node) -> Vec<(String, u64)> {
    let text = node.engine.metrics_text();
    let of_code = |line: &str| -> Option<(String, u64)> {
        let (code, count) = line.strip_prefix("switchboard_commands_refused_total{code=\"")?.split_once("\"} ")?;
        Some((code.to_owned(), count.parse().expect("a count")))
    };
    let mut all: Vec<(String, u64)> = text.lines().filter_map(of_code).filter(|(_, count)| *count > 0).collect();
    all.sort();
    all
}
