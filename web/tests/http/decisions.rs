//! Why a chat waits, as the answer tells it: of its own queue, of those of the groups that help, and of silent ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use engine::domain::ids::{AccountId, ChatId, GroupId, OperatorId};
use engine::domain::routing::{Counts, Still, WhyNot, WhyStill};
use engine::domain::time::Timestamp;
use serde_json::{Value, json};
use switchboard_web::state::WaitingSource;

use crate::chats::waiting_chat;
use crate::kit::TestServer;

/// Queues that say what they are told to, by group; one that is not among them never answers.
#[derive(Default)]
struct Queues(Mutex<BTreeMap<String, Option<Still>>>);

impl Queues {
    fn says(&self, group: &str, still: Option<Still>) {
        self.0.lock().unwrap().insert(group.to_owned(), still);
    }
}

#[async_trait::async_trait]
impl WaitingSource for Queues {
    async fn why_still_waiting(&self, _: AccountId, group: &GroupId, _: ChatId) -> Option<Still> {
        let said = self.0.lock().unwrap().get(group.as_str()).cloned();
        match said {
            Some(said) => said,
            None => std::future::pending().await,
        }
    }
}

fn still(reason: WhyStill, operators: Vec<OperatorId>, helpers: &[&str]) -> Still {
    Still {
        reason,
        since: None,
        until: None,
        helpers: helpers.iter().map(|group| group.parse().unwrap()).collect(),
        operators,
        more: 0,
        counts: Counts { full: 1, ..Counts::default() },
        roster_version: 1,
    }
}

#[actix_web::test]
async fn a_chat_whose_queue_is_silent_is_said_to_wait_all_the_same() {
    let queues = Arc::new(Queues::default());
    let server = TestServer::start_waiting(queues.clone()).await;
    let chat = waiting_chat(&server, server.account().await, "demo", "support", "Is it waterproof?").await;
    let mona = server.signed_in("mona@example.com").await;
    let path = format!("/chats/{chat}/decisions");
    let silent = json!("Its queue does not answer just now.");
    for _ in 0..2 {
        let answer = mona.get(&path).await.body;
        assert_eq!((&answer["waiting"], &answer["unanswered"]), (&Value::Null, &silent), "{answer}");
        // In time; and when the queue cannot say.
        queues.says("support", None);
    }
    let until = Some(Timestamp::from_millis(1_800_000_015_000));
    queues.says("support", Some(Still { until, ..still(WhyStill::Nobody(WhyNot::LetGo), Vec::new(), &[]) }));
    let answer = mona.get(&path).await.body;
    assert_eq!((&answer["waiting"]["reason"], &answer["unanswered"]), (&json!("let_go"), &Value::Null), "{answer}");
    assert_eq!(answer["waiting"]["until"], "2027-01-15T08:00:15.000Z");
    assert_eq!(answer["waiting"]["helping"], json!([]));
}

#[actix_web::test]
async fn groups_that_help_are_told_of_each_with_its_own_reason() {
    let queues = Arc::new(Queues::default());
    let server = TestServer::start_waiting(queues.clone()).await;
    let chat = waiting_chat(&server, server.account().await, "demo", "sales", "Do you ship to Peru?").await;
    let mona = server.signed_in("mona@example.com").await;
    let sue: OperatorId = mona.operator("sue@example.com").await.parse().unwrap();
    let helped = ["support", "gone"];
    let full = WhyStill::Nobody(WhyNot::AllFull);
    let path = format!("/chats/{chat}/decisions");
    queues.says("sales", Some(still(full, Vec::new(), &helped)));
    queues.says("support", Some(still(full, Vec::new(), &[])));
    let waiting = mona.get(&path).await.body["waiting"].clone();
    let words = "None of those who receive now has a free place. Of the members, 1 is full.";
    let helping = json!([
        { "group": "support", "name": "Support", "reason": "all_full", "words": words },
        { "group": "gone", "name": null, "reason": null, "words": "Its queue does not answer just now." },
    ]);
    assert_eq!(waiting["helping"], helping, "{waiting}");

    queues.says("gone", None);
    queues.says("sales", Some(still(WhyStill::RingingElsewhere, Vec::new(), &helped)));
    let words = async || mona.get(&path).await.body["waiting"]["words"].clone();
    assert_eq!(words().await, "It rings in another group that helps.", "no group says that it is there");
    queues.says("support", Some(still(WhyStill::BeingOffered, Vec::new(), &[])));
    assert_eq!(words().await, "It is about to be offered to somebody of Support.");
    queues.says("support", Some(still(WhyStill::Ringing, vec![sue], &[])));
    assert_eq!(words().await, "It rings at Sue of Support now.");
    assert_eq!(mona.get(&path).await.body["waiting"]["operators"], json!([{ "operator": sue, "name": "Sue" }]));
}
