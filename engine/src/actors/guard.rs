//! Supervision that survives a panic. `actix::Supervisor` alone does not: an unwinding handler leaves the mailbox
//! closed for good. So every handler, timer and future of an actor runs under [`guarded`]: a panic is caught, the
//! half-changed state is thrown away, the actor stops, and the supervisor starts it anew with the same mailbox
//! and address.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::dev::ToEnvelope;
use actix::{Actor, ActorContext, Addr, Context, Handler, Message};

/// An actor whose state can be thrown away.
pub trait Guarded: Actor<Context = Context<Self>> {
    /// What it is called in logs and metrics.
    const KIND: &'static str;

    /// Throws away whatever may be half changed. Must not panic, must write nothing.
    fn discard(&mut self);

    /// Told after [`Guarded::discard`], for the metrics.
    fn panicked(&self);
}

/// Runs a handler; after a panic the actor is restarted and `None` is returned.
pub fn guarded<A: Guarded, R>(
    actor: &mut A,
    ctx: &mut Context<A>,
    handler: impl FnOnce(&mut A, &mut Context<A>) -> R,
) -> Option<R> {
    // The state is discarded after a panic, so nothing half-changed is ever seen: that is the unwind safety.
    match catch_unwind(AssertUnwindSafe(|| handler(actor, ctx))) {
        Ok(result) => Some(result),
        Err(_) => {
            tracing::error!(kind = A::KIND, "an actor panicked and is rebuilt");
            actor.discard();
            actor.panicked();
            ctx.stop();
            None
        }
    }
}

/// Sends a message that must arrive, whatever the mailbox's limit: an append that is settled, a chat that was read.
/// The senders bound themselves: at most SESSION_IN_FLIGHT_MAX of the first, one of the second, and one farewell, for
/// each actor.
pub fn deliver<A, M>(addr: &Addr<A>, message: M)
where
    A: Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    #[expect(clippy::disallowed_methods, reason = "the one audited place: bounded by the senders, see above")]
    addr.do_send(message);
}
