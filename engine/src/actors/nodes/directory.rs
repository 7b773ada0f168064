//! Who owns which shard: read from the store each second and whenever somebody is found not to own what he was thought
//! to own. Losing a shard stops its actors here; taking one over starts them.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::actors::messages::Signal;
use crate::actors::nodes::Nodes;
use crate::actors::nodes::wire::Body;
use crate::actors::registry::{operator_shard, queue_shard};
use crate::actors::shared::Shared;
use crate::domain::ids::{NodeId, Shard};
use crate::domain::limits::DIRECTORY_EVERY;
use crate::ports::shards::ShardRow;
use crate::ports::store::StoreError;

/// Keeps the directory up to date, on this thread.
pub(crate) fn start(shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    actix::spawn(async move {
        let Some(nodes) = &shared.nodes else { return };
        loop {
            let _ = tokio::time::timeout(DIRECTORY_EVERY, nodes.look_up.notified()).await;
            if let Err(error) = look_up(&shared).await {
                tracing::warn!(%error, "who owns which shard could not be read");
            }
            // A node that is asked for what it does not own is asked again soon: the store need not be, each time.
            tokio::time::sleep(SELDOMER_THAN).await;
        }
    });
}

/// Reads who owns what, and does what follows from it.
///
/// # Errors
/// The store's.
pub(crate) async fn look_up(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let rows = shared.store.shards().await?;
    let Some(nodes) = &shared.nodes else { return Ok(()) };
    let lost: BTreeSet<Shard> = rows.iter().filter(|row| is_lost(shared, row)).map(|row| row.shard).collect();
    let moved = nodes.set_owners(&rows);
    if !lost.is_empty() {
        tracing::warn!(shards = lost.len(), "another node has shards that were this one's");
        for shard in &lost {
            shared.set_epoch(*shard, 0);
        }
        shared.registry.let_go(&|shard| lost.contains(&shard));
    }
    if moved || !lost.is_empty() {
        nodes.interests_moved(shared);
        nodes.send_to_new_owners(shared);
    }
    Ok(())
}

/// Makes this node the owner of shards: whoever had them is fenced from here on. Their queues, operators and open
/// chats go on here.
///
/// # Errors
/// The store's.
pub(crate) async fn take_over(shared: &Arc<Shared>, shards: &[Shard]) -> Result<(), StoreError> {
    for row in shared.store.take_shards(&shared.node, shards).await? {
        shared.set_epoch(row.shard, row.epoch);
    }
    look_up(shared).await?;
    if let Some(nodes) = &shared.nodes {
        nodes.send_all(shared, &Body::Owners);
    }
    for account in shared.store.accounts().await? {
        for group in shared.store.groups(account.id).await? {
            if shards.contains(&queue_shard(account.id, &group.id)) {
                shared.registry.queue(shared, account.id, &group.id);
            }
        }
    }
    for (account, operator) in shared.registry.operators_with_sockets() {
        if shards.contains(&operator_shard(operator)) {
            shared.registry.operator(shared, account, operator);
        }
    }
    for (account, chat) in shared.store.open_chats(shards).await? {
        // Also to one that is awake, and knows only that it was another node's.
        shared.to_session(account, chat, Signal::SayWhetherWaiting(None), true);
    }
    Ok(())
}

fn is_lost(shared: &Shared, row: &ShardRow) -> bool {
    let mine = shared.epoch(row.shard);
    mine != 0 && row.epoch > mine && row.owner.as_ref() != Some(&shared.node)
}

impl Nodes {
    fn set_owners(&self, rows: &[ShardRow]) -> bool {
        let mut owners = self.owners.write().unwrap_or_else(PoisonError::into_inner);
        let mut now: Vec<Option<(NodeId, u64)>> = vec![None; owners.len()];
        for row in rows {
            now[usize::from(row.shard.0)] = row.owner.clone().map(|owner| (owner, row.epoch));
        }
        let moved = *owners != now;
        *owners = now;
        moved
    }
}

/// The shortest time between two readings.
const SELDOMER_THAN: Duration = Duration::from_millis(50);
