//! The bus within one process: nodes that live in it hand envelopes to each other through bounded boxes. [`faulty`]
//! makes it behave as badly as a bus may.

pub mod faulty;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dashmap::DashMap;
use tokio::sync::mpsc;

use crate::domain::ids::NodeId;
use crate::domain::limits::BUS_INBOX_MAX;
use crate::ports::bus::{Bus, Inbox};

/// Where the nodes of this process meet. Clones are the same place.
#[derive(Clone, Default)]
pub struct InProcess {
    boxes: Arc<DashMap<NodeId, mpsc::Sender<Bytes>>>,
}

impl InProcess {
    /// A node's end. A node that attaches again takes the place of its former life.
    pub fn attach(&self, node: &NodeId) -> InProcessBus {
        let (sender, inbox) = mpsc::channel(BUS_INBOX_MAX);
        self.boxes.insert(node.clone(), sender);
        InProcessBus { place: self.clone(), node: node.clone(), inbox: Mutex::new(Some(inbox)) }
    }
}

/// One node's end of the bus within the process.
pub struct InProcessBus {
    place: InProcess,
    node: NodeId,
    inbox: Mutex<Option<Inbox>>,
}

impl Bus for InProcessBus {
    fn nodes(&self) -> Vec<NodeId> {
        let all = self.place.boxes.iter().map(|entry| entry.key().clone());
        all.filter(|node| *node != self.node).collect()
    }

    fn send(&self, to: &NodeId, envelope: Bytes) {
        if let Some(sender) = self.place.boxes.get(to)
            && sender.try_send(envelope).is_err()
        {
            tracing::debug!(%to, "an envelope was lost: the box of the node is full, or the node is gone");
        }
    }

    fn inbox(&self) -> Option<Inbox> {
        lock(&self.inbox).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> NodeId {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn an_envelope_reaches_its_node_and_no_other() {
        let place = InProcess::default();
        let (one, two, three) = (place.attach(&node("one")), place.attach(&node("two")), place.attach(&node("three")));
        let (mut at_two, mut at_three) = (two.inbox().unwrap(), three.inbox().unwrap());
        one.send(&node("two"), Bytes::from_static(b"hello"));
        assert_eq!(at_two.recv().await.unwrap(), "hello");
        assert!(at_three.try_recv().is_err());
        assert!(two.inbox().is_none(), "there is one inbox");
        let mut others = one.nodes();
        others.sort();
        assert_eq!(others, [node("three"), node("two")]);
    }

    #[tokio::test]
    async fn a_node_that_does_not_read_costs_a_bounded_box() {
        let place = InProcess::default();
        let (one, two) = (place.attach(&node("one")), place.attach(&node("two")));
        let mut inbox = two.inbox().unwrap();
        for _ in 0..BUS_INBOX_MAX + 10 {
            one.send(&node("two"), Bytes::from_static(b"x"));
        }
        let mut held = 0;
        while inbox.try_recv().is_ok() {
            held += 1;
        }
        assert_eq!(held, BUS_INBOX_MAX);
    }
}
