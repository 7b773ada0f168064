//! The way between the nodes of a cluster. It hurries, it does not hold: what must not be lost is in the store, so a
//! bus may lose an envelope, deliver it twice, late, or after a later one. Whoever uses it numbers what is sent.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::domain::ids::NodeId;

/// Envelopes that came in for this node, in whatever order; it holds a bounded number, more are lost.
pub type Inbox = mpsc::Receiver<Bytes>;

/// One node's end of the way between the nodes.
pub trait Bus: Send + Sync + 'static {
    /// The other nodes, as far as is known now. One that is gone may still be named for a while.
    fn nodes(&self) -> Vec<NodeId>;

    /// Sends an envelope. Returns at once and never waits for anybody; what cannot be taken now is lost.
    fn send(&self, to: &NodeId, envelope: Bytes);

    /// What others send to this node. There is one inbox: the second call answers `None`.
    fn inbox(&self) -> Option<Inbox>;
}

/// A bus that is shared.
pub type SharedBus = Arc<dyn Bus>;
