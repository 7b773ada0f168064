//! What becomes due by itself: the end of the grace, being away, bids that did not come.

use std::time::Duration;

use actix::{AsyncContext, Context};

use super::OperatorActor;
use crate::actors::guard::later;
use crate::domain::operator::Presence;
use crate::domain::time::Timestamp;

impl OperatorActor {
    /// What is due by now, before anything else is looked at: a mailbox that is never empty would hold back the timer.
    pub(super) fn due_first(&mut self, now: Timestamp, ctx: &mut Context<Self>) {
        if self.next_wake().is_some_and(|wake| wake <= now) {
            self.due(now, ctx);
            self.arm(ctx);
        }
    }

    /// Sets the timer to what is due next.
    pub(super) fn arm(&mut self, ctx: &mut Context<Self>) {
        if let Some(handle) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        let Some(wake) = self.next_wake() else { return };
        let wait = wake.since(self.shared.now()).max(SOONEST);
        self.timer = Some(later(ctx, wait, |actor: &mut Self, ctx| {
            actor.timer = None;
            actor.due(actor.shared.now(), ctx);
            actor.arm(ctx);
        }));
    }

    fn next_wake(&self) -> Option<Timestamp> {
        let presence = self.presence.as_ref().and_then(Presence::next_wake);
        [presence, self.slots.next_wake()].into_iter().flatten().min()
    }

    fn due(&mut self, now: Timestamp, ctx: &mut Context<Self>) {
        let effects = self.slots.handle_due(now);
        self.say_of_slots(effects);
        self.change(ctx, |presence| presence.handle_due(now));
    }
}

/// The shortest time the timer is armed for.
const SOONEST: Duration = Duration::from_millis(5);
