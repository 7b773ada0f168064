//! Which sockets were opened with which browser session, so that ending the session ends them.

use std::sync::Weak;

use dashmap::DashMap;
use engine::actors::outlet::Outlet;
use engine::domain::ids::OperatorId;
use engine::domain::limits::SESSIONS_LOOKED_AT_EVERY;
use engine::domain::time::Timestamp;
use engine::ports::clock::SharedClock;
use engine::ports::store::Store;
use engine::protocol::close;

use crate::state::SessionHash;

/// See the module. An entry goes when its session ends, or is looked at and has no socket any more.
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

    /// All sessions of an operator ended, and the browser of one of them goes on with another: closes its sockets with
    /// one code, and those of the others with another.
    pub fn close_all(&self, operator: OperatorId, renewed: &SessionHash, its_code: u16, code: u16) {
        self.close(renewed, its_code);
        self.0.retain(|_, opened| {
            let ended = opened.operator == operator;
            if ended {
                opened.close(code);
            }
            !ended
        });
    }

    /// Closes the sockets of sessions that ran out: a console that stays open and asks for nothing ends with its session.
    pub async fn close_run_out(&self, store: &dyn Store, now: Timestamp) {
        self.0.retain(|_, opened| opened.sockets.iter().any(|socket| !socket.is_closed()));
        let known: Vec<SessionHash> = self.0.iter().map(|entry| SessionHash(*entry.key())).collect();
        for session in known {
            // Where the store does not answer they are looked at the next time.
            if matches!(store.session(&session.0, now).await, Ok(None)) {
                self.close(&session, close::SIGNED_OUT);
            }
        }
    }

    /// There is no such session any more, and its sockets are being closed.
    pub fn forget(&self, session: &SessionHash) {
        self.0.remove(&session.0);
    }
}

/// Looks at them for as long as the server has them.
pub async fn watch(sockets: Weak<SessionSockets>, store: Weak<dyn Store>, clock: SharedClock) {
    loop {
        actix_web::rt::time::sleep(SESSIONS_LOOKED_AT_EVERY).await;
        let (Some(sockets), Some(store)) = (sockets.upgrade(), store.upgrade()) else { return };
        sockets.close_run_out(&*store, clock.now()).await;
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
    fn whoever_changes_the_password_may_come_back_with_this_browser_and_no_other_and_nobody_else_notices() {
        let [here, second, there, of_bob] = [(); 4].map(|()| Outlet::new(Nowhere));
        let (joe, bob) = (OperatorId(Uuid::from_u128(1)), OperatorId(Uuid::from_u128(2)));
        let [this, other, bobs] = [1, 2, 3].map(|byte| SessionHash([byte; 32]));
        let sockets = SessionSockets::default();
        for (session, operator, outlet) in [(this, joe, &here), (this, joe, &second), (other, joe, &there)] {
            sockets.add(session, operator, outlet.clone());
        }
        sockets.add(bobs, bob, of_bob.clone());
        sockets.close_all(joe, &this, close::RESTART, close::SIGNED_OUT);
        let (back, out) = (Some(close::RESTART), Some(close::SIGNED_OUT));
        let codes = [&here, &second, &there, &of_bob].map(|outlet| outlet.take(1, |_| ()).close);
        assert_eq!(codes, [back, back, out, None]);
        sockets.close(&bobs, close::SIGNED_OUT);
        assert!(of_bob.is_closed(), "his is known still");
    }
}
