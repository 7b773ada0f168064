//! What nodes count of what they say to each other: dashboards stand on it when a bus is suspected.

use std::time::Duration;

use engine::actors::messages::Signal;
use engine::actors::nodes::wire::{Body, Envelope};
use engine::adapters::bus::InProcessBus;
use engine::domain::ids::{ChatId, NodeId};
use engine::domain::limits::{BUS_EARLY_MAX, BUS_UNCONFIRMED_MAX, NODES_MAX};
use engine::metrics::Dropped;
use engine::ports::bus::Bus;
use serde_json::json;
use serde_json::value::RawValue;

use crate::suite::engines::cast::{BAD, GOOD, Node, Shop, shards_of, until, with_each_seed};

const RINGS: Duration = Duration::from_secs(60);
/// All kinds of messages.
const KINDS: [&str; 9] = ["command", "signal", "queue", "operator", "follow", "frames", "owners", "question", "news"];

fn sent(node: &Node, kind: &str) -> f64 {
    node.told(&format!("switchboard_bus_sent_total{{kind=\"{kind}\"}}"))
}

fn received(node: &Node, kind: &str) -> f64 {
    node.told(&format!("switchboard_bus_received_total{{kind=\"{kind}\"}}"))
}

fn dropped(node: &Node, why: Dropped) -> f64 {
    node.told(&format!("switchboard_bus_dropped_total{{why=\"{}\"}}", why.as_str()))
}

/// Clara's tab, her chat and everybody's presence are on the first node, the queue and Joe's window on the second.
async fn talk(shop: &Shop, one: &Node, two: &Node) {
    let (mut clara, mut joe, chat) = shop.in_a_chat(one, two).await;
    for line in 0..5 {
        clara.says(&format!("c{line}"), &format!("clara {line}")).await;
        joe.says(&format!("j{line}"), &chat, &format!("joe {line}")).await;
    }
    for line in 0..5 {
        clara.acked(&format!("c{line}")).await;
        joe.acked(&format!("j{line}")).await;
    }
    joe.sends(json!({ "type": "end", "id": "end", "chat": chat })).await;
    joe.acked("end").await;
    joe.inbox.expect("the end", |frame| frame["event"]["kind"] == "ended").await;
}

#[actix::test]
async fn what_one_node_sends_the_other_one_gets_and_both_count_it_once() {
    let shop = Shop::in_memory(2, 1, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    talk(&shop, &one, &two).await;
    let agree = |kind: &&str| sent(&one, kind) == received(&two, kind) && sent(&two, kind) == received(&one, kind);
    until("what was sent is got", || KINDS.iter().all(agree)).await;
    for (node, kinds) in [(&one, ["command", "signal", "operator"]), (&two, ["queue", "frames", "follow"])] {
        for kind in kinds {
            assert!(received(node, kind) > 0.0, "{kind}: {}", node.engine.metrics_text());
        }
    }
    for node in [&one, &two] {
        for why in [Dropped::NotConfirmed, Dropped::NotUnderstood, Dropped::TooManyNodes] {
            assert_eq!(dropped(node, why), 0.0, "{why:?}");
        }
    }
}

#[actix::test]
async fn what_a_bad_bus_brings_again_is_counted_as_that_and_handed_on_once() {
    with_each_seed(async |seed| {
        let shop = Shop::in_memory(2, 1, RINGS).await;
        let (one, two) = shop.nodes(BAD, seed).await;
        talk(&shop, &one, &two).await;
        let both = |what: &dyn Fn(&Node) -> f64| what(&one) + what(&two);
        assert!(both(&|node| dropped(node, Dropped::Doubled)) > 0.0, "a fifth came twice");
        assert!(both(&|node| node.told("switchboard_bus_sent_again_total")) > 0.0, "a third was lost");
        for kind in KINDS {
            assert!(received(&two, kind) <= sent(&one, kind) && received(&one, kind) <= sent(&two, kind), "{kind}");
        }
    })
    .await;
}

/// A reason that is new is to be made true here.
#[actix::test]
async fn whatever_is_passed_over_is_counted_by_its_reason_and_the_others_go_on() {
    let shop = Shop::in_memory(2, 1, RINGS).await;
    let (one, two) = shop.nodes(GOOD, 1).await;
    until("the two know each other", || received(&one, "follow") + received(&one, "news") > 0.0).await;
    let gone = |why: Dropped| dropped(&one, why);

    let mut mute = Mute::joins(&shop, &one).await;
    mute.bus.send(&one.name, "no envelope".into());
    until("what is no envelope is counted", || gone(Dropped::NotUnderstood) == 1.0).await;
    let unknown = mute.says([RawValue::from_string(r#"{"OfTomorrow":1}"#.to_owned()).expect("it is JSON")]);
    until("what is of a kind of tomorrow is counted", || gone(Dropped::NotUnderstood) == 2.0).await;
    let before = gone(Dropped::Doubled);
    write(&mute.bus, &one.name, &unknown);
    until("what came before is counted", || gone(Dropped::Doubled) == before + 1.0).await;

    // Each of these is answered, for the shard is not this node's; the answers are kept until they are confirmed.
    let elsewhere = ChatId::new(1, 1, shards_of(2)[0]);
    let astray = Body::Signal { account: shop.account, chat: elsewhere, wake: false, signal: Signal::Gone };
    let astray = astray.encode().expect("it is sound");
    mute.says(vec![astray.clone(); BUS_EARLY_MAX]);
    const { assert!(BUS_EARLY_MAX + 100 > BUS_UNCONFIRMED_MAX, "more than are kept") };
    mute.says(vec![astray; 100]);
    until("what was not confirmed is counted", || gone(Dropped::NotConfirmed) >= 100.0).await;

    // Two of them are there already, the other node and the mute one.
    for number in 3..=NODES_MAX {
        write(&two.bus, &one.name, &greeting(&format!("node-{number}")));
    }
    for _ in 0..2 {
        write(&two.bus, &one.name, &greeting("one-too-many"));
    }
    until("a node too many is counted", || gone(Dropped::TooManyNodes) == 2.0).await;
    for why in Dropped::ALL {
        assert!(gone(why) > 0.0, "nothing was passed over for {why:?}");
        assert!(why == Dropped::Doubled || dropped(&two, why) == 0.0, "{why:?}");
    }
    talk(&shop, &one, &two).await;
}

fn write(bus: &impl Bus, to: &NodeId, envelope: &Envelope) {
    bus.send(to, envelope.encode().expect("it is sound"));
}

/// The first words of a node that knows nobody.
fn greeting(name: &str) -> Envelope {
    let (version, from) = (Envelope::VERSION, name.parse().expect("a name"));
    Envelope { version, from, life: 1, to_life: 0, heard: 0, first: 0, bodies: Vec::new() }
}

/// A node that says what it is told to, and never confirms what it hears.
struct Mute {
    bus: InProcessBus,
    to: NodeId,
    to_life: u64,
    next: u64,
}

impl Mute {
    const NAME: &str = "mute";

    async fn joins(shop: &Shop, node: &Node) -> Self {
        let bus = shop.stranger(Self::NAME);
        let mut inbox = bus.inbox().expect("it is its own");
        write(&bus, &node.name, &greeting(Self::NAME));
        let mut mute = Self { bus, to: node.name.clone(), to_life: 0, next: 1 };
        while mute.to_life == 0 {
            let heard = inbox.recv().await.and_then(|bytes| Envelope::decode(&bytes)).expect("a node greets another");
            mute.to_life = if heard.from == mute.to { heard.life } else { 0 };
        }
        mute
    }

    fn says(&mut self, bodies: impl Into<Vec<Box<RawValue>>>) -> Envelope {
        let (from, bodies): (_, Vec<_>) = (Self::NAME.parse().expect("a name"), bodies.into());
        let first = self.next;
        self.next += bodies.len() as u64;
        let (version, to_life) = (Envelope::VERSION, self.to_life);
        let envelope = Envelope { version, from, life: 1, to_life, heard: 0, first, bodies };
        write(&self.bus, &self.to, &envelope);
        envelope
    }
}
