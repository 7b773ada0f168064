//! Shards: who owns them, under which epoch, and which chats are open in them.

use std::sync::Arc;

use engine::domain::ids::{NodeId, Shard};
use engine::ports::shards::ShardRow;
use engine::ports::store::Store;

use crate::conformance::world::{World, id};

pub async fn shards_are_taken_under_ever_new_epochs(store: Arc<dyn Store>) {
    let all = store.shards().await.unwrap();
    assert_eq!(all.len(), 256);
    assert!(
        all.iter()
            .enumerate()
            .all(|(number, row)| { *row == ShardRow { shard: Shard(number as u8), epoch: 0, owner: None } })
    );
    let (one, other): (NodeId, NodeId) = (id("n1"), id("n2"));
    let row = |shard, epoch, owner: &NodeId| ShardRow { shard: Shard(shard), epoch, owner: Some(owner.clone()) };
    let taken = store.take_shards(&one, &[Shard(3), Shard(255)]).await.unwrap();
    assert_eq!(taken, [row(3, 1, &one), row(255, 1, &one)]);
    assert_eq!(store.take_shards(&other, &[Shard(3)]).await.unwrap(), [row(3, 2, &other)]);
    assert_eq!(store.take_shards(&one, &[Shard(3)]).await.unwrap(), [row(3, 3, &one)]);
    assert_eq!(store.take_shards(&one, &[]).await.unwrap(), []);
    let all = store.shards().await.unwrap();
    assert_eq!([&all[3], &all[255]], [&row(3, 3, &one), &row(255, 1, &one)]);
    assert_eq!(all[4].owner, None);
}

pub async fn takers_at_once_get_different_epochs(store: Arc<dyn Store>) {
    let takers: Vec<_> = (0..20)
        .map(|number| {
            let store = Arc::clone(&store);
            let shards: Vec<Shard> = if number % 2 == 0 { vec![Shard(1), Shard(2)] } else { vec![Shard(2), Shard(1)] };
            tokio::spawn(async move { store.take_shards(&id(&format!("n{number}")), &shards).await.unwrap() })
        })
        .collect();
    let mut epochs = Vec::new();
    for taker in takers {
        let rows = taker.await.unwrap();
        assert_eq!(rows[0].epoch, rows[1].epoch, "both shards or none");
        epochs.push(rows[0].epoch);
    }
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=20).collect::<Vec<_>>());
}

pub async fn open_chats_are_found_oldest_first(store: Arc<dyn Store>) {
    let world = World::new(Arc::clone(&store), "acme").await;
    let other = World::new(store, "other").await;
    let operator = world.operator(None).await;
    let waiting = world.chat(3_000).await;
    let mut active = world.chat(2_000).await;
    let append = active.is_assigned_to(operator, 5_000);
    active.done(append).await;
    let mut over = world.chat(1_000).await;
    let append = over.ends(4_000);
    over.done(append).await;
    let theirs = other.chat(2_500).await;
    let all: Vec<Shard> = (0..=255).map(Shard).collect();
    let open = world.store.open_chats(&all).await.unwrap();
    let (ours, others) = (world.account, other.account);
    assert_eq!(open, [(ours, active.id()), (others, theirs.id()), (ours, waiting.id())]);
    let only = world.store.open_chats(&[waiting.id().shard()]).await.unwrap();
    assert!(only.contains(&(ours, waiting.id())));
    assert!(only.iter().all(|(_, chat)| chat.shard() == waiting.id().shard()));
    assert_eq!(world.store.open_chats(&[]).await.unwrap(), []);
}
