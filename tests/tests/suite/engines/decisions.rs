//! Why a chat waits is asked of its queue wherever that lives, and why it went to somebody is stored with it.

use std::time::Duration;

use engine::domain::ids::ChatId;
use engine::domain::routing::{Reason, Still, WhyNot, WhyStill};

use crate::suite::engines::cast::{BAD, Node, Shop, with_each_seed};

/// Asks from a node until that is the reason.
async fn waits_for(shop: &Shop, node: &Node, chat: ChatId, reason: WhyStill) -> Still {
    let mut last = None;
    for _ in 0..300 {
        let still = node.engine.why_still_waiting(shop.account, &shop.group, chat).await;
        match still {
            Some(still) if still.reason == reason => return still,
            other => last = other,
        }
        actix::clock::sleep(Duration::from_millis(50)).await;
    }
    panic!("not {reason:?}: {last:?}");
}

#[actix::test]
async fn both_nodes_say_why_a_chat_waits_and_the_store_why_it_went_to_whom() {
    with_each_seed(async |seed| {
        let shop = Shop::open(2, 1, Duration::from_secs(60)).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        let mut joe = shop.window(&one, &shop.joe).await;
        joe.goes_online().await;
        let mut clara = shop.tab(&one, 42, None).await;
        clara.sees_online().await;
        let chat = clara.starts("hello").await;
        let id: ChatId = chat.parse().expect("an id");
        joe.offered(&chat).await;
        for node in [&one, &two] {
            let rings = waits_for(&shop, node, id, WhyStill::Ringing).await;
            assert_eq!((rings.operators, rings.since), (vec![shop.joe.id], None));
        }
        // There with the offer, though the queue that decided lives on the other node.
        let kept = shop.store.decisions(shop.account, id).await.expect("the store answers");
        let record = kept.first().and_then(|row| row.record()).expect("a decision");
        assert_eq!(record.chosen, [shop.joe.id]);
        let bob = record.members.iter().find(|member| member.operator == shop.bob.id).expect("he is a member");
        assert_eq!(bob.reason, Reason::NotReceiving);

        let offer = joe.offered(&chat).await;
        joe.sends(serde_json::json!({ "type": "decline", "id": "no", "offer": offer })).await;
        joe.acked("no").await;
        waits_for(&shop, &one, id, WhyStill::Nobody(WhyNot::LetGo)).await;
        joe.sends(serde_json::json!({ "type": "status", "id": "off", "status": "away" })).await;
        joe.acked("off").await;
        for node in [&one, &two] {
            let still = waits_for(&shop, node, id, WhyStill::Nobody(WhyNot::NobodyReceives)).await;
            assert_eq!(still.counts.not_receiving, 2);
        }
        let mut bob = shop.window(&two, &shop.bob).await;
        bob.goes_online().await;
        bob.accepts(&chat).await;
        let kept = shop.store.decisions(shop.account, id).await.expect("the store answers");
        let chosen = kept.iter().map(|row| row.record().expect("a decision").chosen);
        assert_eq!(chosen.collect::<Vec<_>>(), [[shop.joe.id], [shop.bob.id]]);
    })
    .await;
}
