//! Which sockets were opened with which browser session, so that ending the session ends them.

use dashmap::DashMap;
use engine::actors::outlet::Outlet;
use engine::domain::ids::OperatorId;

use crate::state::SessionHash;

/// See the module. An entry is swept when its session is used again or ended; sessions end within days.
#[derive(Default)]
pub struct SessionSockets(DashMap<[u8; 32], Opened>);

/// The sockets of one session, and whose it is.
struct Opened {
    operator: OperatorId,
    sockets: Vec<Outlet>,
}

impl SessionSockets {
    /// A socket was opened.
    pub fn add(&self, session: SessionHash, operator: OperatorId, outlet: Outlet) {
        let mut opened = self.0.entry(session.0).or_insert_with(|| Opened { operator, sockets: Vec::new() });
        opened.sockets.retain(|socket| !socket.is_closed());
        opened.sockets.push(outlet);
    }

    /// The session ended: closes its sockets with a code.
    pub fn close(&self, session: &SessionHash, code: u16) {
        if let Some((_, opened)) = self.0.remove(&session.0) {
            opened.close(code);
        }
    }

    /// All sessions of an operator ended but one, which goes on under another name: closes the sockets of the others.
    pub fn keep_one(&self, operator: OperatorId, before: &SessionHash, now: SessionHash, code: u16) {
        let kept = self.0.remove(&before.0);
        self.0.retain(|_, opened| {
            let ended = opened.operator == operator;
            if ended {
                opened.close(code);
            }
            !ended
        });
        for outlet in kept.into_iter().flat_map(|(_, opened)| opened.sockets) {
            self.add(now, operator, outlet);
        }
    }
}

impl Opened {
    fn close(&self, code: u16) {
        self.sockets.iter().for_each(|socket| socket.close(code));
    }
}

#[cfg(test)]
mod tests {
    use engine::actors::outlet::Transport;
    use engine::protocol::close;
    use uuid::Uuid;

    use super::*;

    struct Nowhere;

    impl Transport for Nowhere {
        fn wake(&self) {}
        fn cut(&self) {}
    }

    #[test]
    fn whoever_changes_the_password_keeps_this_browser_and_no_other_and_nobody_else_notices() {
        let [here, second, there, of_bob] = [(); 4].map(|()| Outlet::new(Nowhere));
        let (joe, bob) = (OperatorId(Uuid::from_u128(1)), OperatorId(Uuid::from_u128(2)));
        let [this, other, bobs, renewed] = [1, 2, 3, 4].map(|byte| SessionHash([byte; 32]));
        let sockets = SessionSockets::default();
        for (session, operator, outlet) in [(this, joe, &here), (this, joe, &second), (other, joe, &there)] {
            sockets.add(session, operator, outlet.clone());
        }
        sockets.add(bobs, bob, of_bob.clone());
        sockets.keep_one(joe, &this, renewed, close::SIGNED_OUT);
        let closed = [&here, &second, &there, &of_bob].map(Outlet::is_closed);
        assert_eq!(closed, [false, false, true, false]);
        sockets.close(&this, close::SIGNED_OUT);
        assert!(!here.is_closed(), "it goes on under the new name");
        sockets.close(&renewed, close::SIGNED_OUT);
        assert!(here.is_closed() && second.is_closed(), "and ends under it");
    }
}
