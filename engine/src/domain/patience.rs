//! How long is waited for people and their browsers before something is done without them. The product waits as
//! [`limits`](crate::domain::limits) say; whoever starts an engine may say otherwise, which tests of these rules do.

use std::time::Duration;

use crate::domain::limits::{
    BEAT_AFTER, CLIENT_SILENCE_MAX, HELLO_WITHIN, OFFLINE_HOPE, OPERATOR_GRACE, PING_AFTER, WAITING_VISITOR_GRACE,
};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For an operator whose last window is lost.
    pub operator_grace: Duration,
    /// For a visitor who waits and whose last tab is lost.
    pub waiting_visitor_grace: Duration,
    /// For somebody to receive in a group that turned off-line with chats waiting.
    pub offline_hope: Duration,
    /// For a socket's `hello`.
    pub hello_within: Duration,
    /// For the server to have something to say to a socket, before it says that it is there.
    pub beat_after: Duration,
    /// For a socket to say something by itself, before it is asked for a sign of life.
    pub ping_after: Duration,
    /// For any sign of life of a socket.
    pub client_silence_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            operator_grace: OPERATOR_GRACE,
            waiting_visitor_grace: WAITING_VISITOR_GRACE,
            offline_hope: OFFLINE_HOPE,
            hello_within: HELLO_WITHIN,
            beat_after: BEAT_AFTER,
            ping_after: PING_AFTER,
            client_silence_max: CLIENT_SILENCE_MAX,
        }
    }
}
