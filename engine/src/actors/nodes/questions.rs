//! Questions to actors of other nodes: what a socket is told of the state at first. Who asks goes on without the answer
//! when it does not come in time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::oneshot;

use crate::actors::messages::{Marks, OperatorState, Snapshot, UpToDate, WhyStillWaiting};
use crate::actors::nodes::wire::{Body, Question};
use crate::actors::nodes::{Nodes, Peer};
use crate::actors::registry::{operator_shard, queue_shard};
use crate::actors::shared::{Shared, lock};
use crate::domain::limits::{FAR_QUESTION_WITHIN, FAR_QUESTIONS_MAX};

impl Nodes {
    /// Asks a node. `None`: it has no answer, or not in time.
    pub(super) async fn ask<T: DeserializeOwned>(&self, shared: &Shared, peer: &Peer, question: Question) -> Option<T> {
        let number = self.next_question.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        {
            let mut all = lock(&self.questions);
            if all.len() >= FAR_QUESTIONS_MAX {
                return None;
            }
            all.insert(number, answer);
        }
        let asking = async {
            // A node that is about to be there is waited for.
            while !self.send(shared, peer, &Body::Ask { number, question: question.clone() }) {
                tokio::time::sleep(ASK_AGAIN_AFTER).await;
            }
            answered.await.ok()
        };
        let answer = tokio::time::timeout(FAR_QUESTION_WITHIN, asking).await.ok().flatten();
        lock(&self.questions).remove(&number);
        serde_json::from_str(answer?.get()).ok()
    }

    /// An answer has come.
    pub(super) fn told(&self, number: u64, answer: Box<RawValue>) {
        if let Some(asked) = lock(&self.questions).remove(&number) {
            // Whoever asked may have gone.
            let _ = asked.send(answer);
        }
    }
}

/// Answers a question of another node, once the actor that is asked has done so.
pub(super) fn answer(shared: &Arc<Shared>, peer: &Arc<Peer>, number: u64, question: Question) {
    let (shared, peer) = (Arc::clone(shared), Arc::clone(peer));
    let registry = &shared.registry;
    // The message goes into the mailbox now, behind what came before it; only its answer is waited for.
    let answer: std::pin::Pin<Box<dyn Future<Output = Option<Box<RawValue>>>>> = match question {
        Question::Snapshot(account, chat) if shared.is_here(chat.shard()) => {
            let session = registry.session(&shared, account, chat);
            let asked = session.addr.send(Snapshot);
            Box::pin(async move {
                let answer = asked.await.ok().flatten();
                drop(session);
                to_raw_value(&answer?).ok()
            })
        }
        Question::Marks(account, chat) if shared.is_here(chat.shard()) => {
            let session = registry.session(&shared, account, chat);
            let asked = session.addr.send(Marks);
            Box::pin(async move {
                let answer = asked.await.ok().flatten();
                drop(session);
                to_raw_value(&answer?).ok()
            })
        }
        Question::Operator(account, operator) if shared.is_here(operator_shard(operator)) => {
            let asked = registry.operator(&shared, account, operator).send(OperatorState);
            Box::pin(async move { to_raw_value(&asked.await.ok().flatten()?).ok() })
        }
        Question::UpToDate(account, group) if shared.is_here(queue_shard(account, &group)) => {
            let asked = registry.queue(&shared, account, &group).send(UpToDate);
            Box::pin(async move { to_raw_value(&asked.await.is_ok()).ok() })
        }
        Question::WhyStillWaiting(account, group, chat) if shared.is_here(queue_shard(account, &group)) => {
            let asked = registry.queue(&shared, account, &group).send(WhyStillWaiting(chat));
            Box::pin(async move { to_raw_value(&asked.await.ok().flatten()?).ok() })
        }
        _ => Box::pin(std::future::ready(None)),
    };
    actix::spawn(async move {
        let answer = answer.await.unwrap_or_else(|| RawValue::NULL.to_owned());
        if let Some(nodes) = &shared.nodes {
            // What the queue told visitors of before it answered goes first.
            nodes.tell_boards(&shared);
            nodes.send(&shared, &peer, &Body::Answer { number, answer });
        }
    });
}

/// How soon a node that was not there is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);
