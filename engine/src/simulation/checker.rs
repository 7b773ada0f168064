//! What must hold at every moment, whatever happens: judged from the true state of chats and operators, not from what
//! the cores believe.

use crate::domain::chat::Chat;
use crate::domain::group::Handling;
use crate::domain::limits::OFFER_COOL_DOWN;
use crate::domain::operator::Reception;
use crate::domain::time::Timestamp;
use crate::simulation::world::{SeatAt, Worker};

/// A rule that must always hold was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {at_ms} ms: {what}")]
pub struct Violation {
    /// Milliseconds from the beginning.
    pub at_ms: i64,
    /// What happened.
    pub what: String,
}

/// Nobody is over a limit, reserved slots counted.
pub fn within_limits(worker: &Worker, now: Timestamp) -> Result<(), Violation> {
    let over = |used: u32, limit: Option<u32>| limit.is_some_and(|limit| used > limit);
    if over(worker.held + worker.reserved, worker.limit) {
        return broken(now, format!("{} is over the overall limit", worker.name));
    }
    match worker.seats.iter().find(|seat| over(seat.held + seat.reserved, seat.limit)) {
        Some(_) => broken(now, format!("{} is over the limit of a group", worker.name)),
        None => Ok(()),
    }
}

/// What operators hold is what chats say they hold: nobody is counted for a chat that is somebody else's.
pub fn one_owner(worker: &Worker, owned: u32, now: Timestamp) -> Result<(), Violation> {
    if worker.held == owned {
        return Ok(());
    }
    broken(now, format!("{} holds {} chats and owns {owned}", worker.name, worker.held))
}

/// No chat waits unoffered while somebody may be offered it.
pub fn nobody_waits_beside_the_free<'a>(
    waiting: &Chat,
    members: impl Iterator<Item = (&'a Worker, &'a SeatAt)>,
    now: Timestamp,
) -> Result<(), Violation> {
    for (worker, seat) in members {
        // In the very moment in which it may be offered again the desk's timer may still be about to come.
        let cools = |at: Timestamp| at + OFFER_COOL_DOWN >= now;
        let let_go = waiting.tried.iter().any(|tried| tried.operator == worker.id && cools(tried.at));
        if !let_go && may_be_offered(worker, seat) {
            return broken(now, format!("chat {} waits beside {}", waiting.id, worker.name));
        }
    }
    Ok(())
}

fn may_be_offered(worker: &Worker, seat: &SeatAt) -> bool {
    let room = |used: u32, limit: Option<u32>| limit.is_none_or(|limit| used < limit);
    matches!(worker.presence.reception(), Reception::Ready { .. })
        && seat.handling != Handling::Pull
        && room(worker.held + worker.reserved, worker.limit)
        && room(seat.held + seat.reserved, seat.limit)
}

fn broken(now: Timestamp, what: String) -> Result<(), Violation> {
    Err(Violation { at_ms: now.millis(), what })
}
