//! What must hold at every moment, whatever happens: judged from the true state of chats and operators, not from what
//! the cores believe.

use crate::domain::chat::Chat;
use crate::domain::group::Handling;
use crate::domain::limits::OFFER_COOL_DOWN;
use crate::domain::operator::Reception;
use crate::domain::skills::Need;
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

/// A member of a group beside a chat that asks for something.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The operator.
    pub worker: &'a Worker,
    /// Their place in the group.
    pub seat: &'a SeatAt,
    /// When they let the chat go, if they did.
    pub let_go_at: Option<Timestamp>,
    /// Their slots that other groups hold for what rings there.
    pub held_elsewhere: u32,
}

impl<'a> Beside<'a> {
    /// A member beside a chat.
    pub fn new(worker: &'a Worker, seat: &'a SeatAt, chat: &Chat, held_elsewhere: u32) -> Self {
        let tried = chat.tried.iter().filter(|tried| tried.operator == worker.id);
        Self { worker, seat, let_go_at: tried.map(|tried| tried.at).max(), held_elsewhere }
    }

    /// Whether the chat may be offered to them. In the very moment in which it may be offered again the timer of the
    /// desk may still be about to come: that counts as may not.
    pub fn may_be_offered(&self, needs: &[Need], now: Timestamp) -> bool {
        self.let_go_at.is_none_or(|at| at + OFFER_COOL_DOWN < now) && self.is_free() && able(self.worker, needs)
    }

    fn is_free(&self) -> bool {
        let (worker, seat) = (self.worker, self.seat);
        let room = |used: u32, limit: Option<u32>| limit.is_none_or(|limit| used < limit);
        matches!(worker.presence.reception(), Reception::Ready { .. })
            && seat.handling != Handling::Pull
            && room(worker.held + worker.reserved + self.held_elsewhere, worker.limit)
            && room(seat.held + seat.reserved, seat.limit)
    }
}

fn able(worker: &Worker, needs: &[Need]) -> bool {
    needs.iter().all(|need| worker.skills.get(&need.skill).is_some_and(|level| *level >= need.level))
}

/// The one to whom a chat is proposed may have it, and nobody comes before: a member who has not let it go before those
/// who have, a primary before a secondary one. `needs` is what the chat asks for at least.
pub fn right_operator(
    chat: &Chat,
    needs: &[Need],
    chosen: &Beside<'_>,
    others: &[Beside<'_>],
    now: Timestamp,
) -> Result<(), Violation> {
    let name = &chosen.worker.name;
    if chosen.seat.handling == Handling::Pull {
        return broken(now, format!("chat {} is proposed to {name}, who takes chats by hand", chat.id));
    }
    if !able(chosen.worker, needs) {
        return broken(now, format!("chat {} is proposed to {name}, who lacks a skill", chat.id));
    }
    if chosen.let_go_at.is_some_and(|at| at + OFFER_COOL_DOWN > now) {
        return broken(now, format!("chat {} is proposed to {name}, who has just let it go", chat.id));
    }
    let turn = |one: &Beside<'_>| (one.let_go_at.is_some(), one.seat.handling);
    match others.iter().find(|other| turn(other) < turn(chosen)) {
        Some(first) => broken(now, format!("chat {} is proposed to {name} before {}", chat.id, first.worker.name)),
        None => Ok(()),
    }
}

/// Something is wrong with a chat that waits.
pub fn waits_wrongly(chat: &Chat, how: &str, now: Timestamp) -> Result<(), Violation> {
    broken(now, format!("chat {} {how}", chat.id))
}

fn broken(now: Timestamp, what: String) -> Result<(), Violation> {
    Err(Violation { at_ms: now.millis(), what })
}
