//! Supervision that survives a panic. `actix::Supervisor` alone does not: an unwinding handler leaves the mailbox
//! closed for good. So every handler of an actor runs under [`guarded`], every timer under [`later`] or [`every`],
//! every future under [`wait_for`] or [`beside`]: a panic is caught, the half-changed state is thrown away, the actor
//! stops, and the supervisor starts it anew with the same mailbox and address.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::fut::wrap_future;
use actix::{
    Actor, ActorContext, ActorFuture, ActorFutureExt, Addr, AsyncContext, Context, Handler, Message, SpawnHandle,
};
use futures_util::FutureExt;

/// An actor whose state can be thrown away.
pub trait Guarded: Actor<Context = Context<Self>> {
    /// What it is called in logs and metrics.
    const KIND: &'static str;

    /// Throws away whatever may be half changed. Must not panic, must write nothing.
    fn discard(&mut self);

    /// Told after [`Guarded::discard`], for the metrics.
    fn panicked(&self);
}

/// Where the code of an actor runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// For a message.
    Handler,
    /// At a moment.
    Timer,
    /// In a future that it waits for.
    Future,
}

/// Runs a handler; after a panic the actor is restarted and `None` is returned.
pub fn guarded<A: Guarded, R>(
    actor: &mut A,
    ctx: &mut Context<A>,
    handler: impl FnOnce(&mut A, &mut Context<A>) -> R,
) -> Option<R> {
    run(actor, ctx, Place::Handler, handler)
}

/// Runs something once, after a time.
pub fn later<A: Guarded>(
    ctx: &mut Context<A>,
    wait: Duration,
    timer: impl FnOnce(&mut A, &mut Context<A>) + 'static,
) -> SpawnHandle {
    ctx.run_later(wait, |actor, ctx| {
        run(actor, ctx, Place::Timer, timer);
    })
}

/// Runs something again and again.
pub fn every<A: Guarded>(
    ctx: &mut Context<A>,
    period: Duration,
    mut timer: impl FnMut(&mut A, &mut Context<A>) + 'static,
) {
    ctx.run_interval(period, move |actor, ctx| {
        run(actor, ctx, Place::Timer, &mut timer);
    });
}

/// Runs something each time the mailbox has been emptied, for as long as the actor lives: to be asked for in `started`.
pub fn after_messages<A: Guarded>(ctx: &mut Context<A>, what: fn(&mut A, &mut Context<A>)) {
    ctx.spawn(AfterMessages(what));
}

/// A future without an end: a context polls its futures whenever it has emptied its mailbox.
struct AfterMessages<A: Guarded>(fn(&mut A, &mut Context<A>));

impl<A: Guarded> ActorFuture<A> for AfterMessages<A> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, actor: &mut A, ctx: &mut Context<A>, _: &mut task::Context<'_>) -> Poll<()> {
        unwound(actor, ctx, self.0);
        Poll::Pending
    }
}

/// Runs a future, and then `then` with what it came to; the mailbox waits meanwhile.
pub fn wait_for<A: Guarded, T: 'static>(
    ctx: &mut Context<A>,
    future: impl Future<Output = T> + 'static,
    then: impl FnOnce(&mut A, T, &mut Context<A>) + 'static,
) {
    ctx.wait(caught(future, then));
}

/// The same, while the mailbox goes on.
pub fn beside<A: Guarded, T: 'static>(
    ctx: &mut Context<A>,
    future: impl Future<Output = T> + 'static,
    then: impl FnOnce(&mut A, T, &mut Context<A>) + 'static,
) {
    ctx.spawn(caught(future, then));
}

/// Runs something of the node that no actor has; a panic of it ends this run of it and nothing else.
pub async fn survive(what: &'static str, future: impl Future<Output = ()>) {
    if AssertUnwindSafe(future).catch_unwind().await.is_err() {
        tracing::error!(what, "a task of the node panicked and goes on with its next run");
    }
}

fn caught<A: Guarded, T: 'static>(
    future: impl Future<Output = T> + 'static,
    then: impl FnOnce(&mut A, T, &mut Context<A>) + 'static,
) -> impl ActorFuture<A, Output = ()> {
    let future = async move {
        reach(A::KIND, Place::Future);
        future.await
    };
    wrap_future(AssertUnwindSafe(future).catch_unwind()).map(|outcome, actor: &mut A, ctx: &mut Context<A>| {
        match outcome {
            Ok(value) => {
                unwound(actor, ctx, |actor, ctx| then(actor, value, ctx));
            }
            Err(_) => fall(actor, ctx),
        }
    })
}

fn run<A: Guarded, R>(
    actor: &mut A,
    ctx: &mut Context<A>,
    place: Place,
    what: impl FnOnce(&mut A, &mut Context<A>) -> R,
) -> Option<R> {
    unwound(actor, ctx, |actor, ctx| {
        reach(A::KIND, place);
        what(actor, ctx)
    })
}

fn unwound<A: Guarded, R>(
    actor: &mut A,
    ctx: &mut Context<A>,
    what: impl FnOnce(&mut A, &mut Context<A>) -> R,
) -> Option<R> {
    // The state is discarded after a panic, so nothing half-changed is ever seen: that is the unwind safety.
    match catch_unwind(AssertUnwindSafe(|| what(actor, ctx))) {
        Ok(result) => Some(result),
        Err(_) => {
            fall(actor, ctx);
            None
        }
    }
}

/// Where tests plant their faults.
fn reach(kind: &'static str, place: Place) {
    #[cfg(feature = "faults")]
    crate::actors::faults::reach(kind, place);
    #[cfg(not(feature = "faults"))]
    let _ = (kind, place);
}

fn fall<A: Guarded>(actor: &mut A, ctx: &mut Context<A>) {
    tracing::error!(kind = A::KIND, "an actor panicked and is rebuilt");
    actor.discard();
    actor.panicked();
    ctx.stop();
}

/// Sends a message that must arrive, whatever the mailbox's limit: an append that is settled, a chat that was read.
/// The senders bound themselves: at most SESSION_IN_FLIGHT_MAX of the first, one of the second, marks that were not
/// stored each MARKS_WITHIN, and one farewell, for each actor.
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
