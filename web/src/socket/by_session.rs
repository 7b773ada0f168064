//! Which sockets were opened with which browser session, so that ending the session ends them.

use dashmap::DashMap;
use engine::actors::outlet::Outlet;

use crate::state::SessionHash;

/// See the module. An entry is swept when its session is used again or ended; sessions end within days.
#[derive(Default)]
pub struct SessionSockets(DashMap<[u8; 32], Vec<Outlet>>);

impl SessionSockets {
    /// A socket was opened.
    pub fn add(&self, session: SessionHash, outlet: Outlet) {
        let mut sockets = self.0.entry(session.0).or_default();
        sockets.retain(|socket| !socket.is_closed());
        sockets.push(outlet);
    }

    /// The session ended: closes its sockets with a code.
    pub fn close(&self, session: &SessionHash, code: u16) {
        if let Some((_, sockets)) = self.0.remove(&session.0) {
            sockets.iter().for_each(|socket| socket.close(code));
        }
    }
}
