//! An actor's mailbox as senders see it: it takes a message if there is room, and knows how full it is. An actix address
//! is no bound by itself, for each clone of it may send one message more than there is room for. A message bears a
//! ticket that is given back when it is taken out, or lost. What an actor sends to itself, and questions that somebody
//! waits for, go to the address and are not counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::dev::{Request, ToEnvelope};
use actix::prelude::SendError;
use actix::{Actor, Addr, Handler, Message};

use crate::actors::messages::{Command, SetStatus, Signal, ToOperator, ToQueue};
use crate::actors::operator::OperatorActor;
use crate::actors::queue::QueueActor;
use crate::actors::visitor_session::VisitorSession;
use crate::metrics::Mailboxes;

/// See the module.
pub struct Mailbox<A: Actor> {
    addr: Addr<A>,
    fill: Arc<Fill>,
}

impl<A: Actor> Mailbox<A> {
    /// The mailbox at that address, one of those of its kind.
    pub fn new(addr: Addr<A>, kind: &Arc<Mailboxes>) -> Self {
        Self { addr, fill: Arc::new(Fill { waiting: AtomicUsize::new(0), kind: Arc::clone(kind) }) }
    }

    /// Sends a message, if there is room.
    ///
    /// # Errors
    /// With the message: there is none, or nobody.
    pub fn try_send<M>(&self, message: M) -> Result<(), SendError<M>>
    where
        A: Handler<Posted<M>>,
        A::Context: ToEnvelope<A, Posted<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        let Some(ticket) = Ticket::of(&self.fill) else { return Err(SendError::Full(message)) };
        let posted = Posted { message, ticket };
        self.addr.try_send(posted).map_err(|unsent| match unsent {
            SendError::Full(posted) => SendError::Full(posted.message),
            SendError::Closed(posted) => SendError::Closed(posted.message),
        })
    }

    /// Sends what is made good by the store where it is lost. That there was no room is counted.
    pub fn hint<M>(&self, message: M)
    where
        A: Handler<Posted<M>>,
        A::Context: ToEnvelope<A, Posted<M>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        if let Err(SendError::Full(_)) = self.try_send(message) {
            self.fill.kind.refused();
        }
    }

    /// Asks something, and waits for room where there is none.
    pub fn send<M>(&self, question: M) -> Request<A, M>
    where
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.addr.send(question)
    }

    /// Whether the actor lives.
    pub fn connected(&self) -> bool {
        self.addr.connected()
    }

    /// The address, for what must arrive whatever the room.
    pub fn addr(&self) -> &Addr<A> {
        &self.addr
    }
}

impl<A: Actor> Clone for Mailbox<A> {
    fn clone(&self) -> Self {
        Self { addr: self.addr.clone(), fill: Arc::clone(&self.fill) }
    }
}

/// A message in a mailbox, counted until it is taken out.
pub struct Posted<M> {
    message: M,
    #[expect(dead_code, reason = "it is given back when it is dropped")]
    ticket: Ticket,
}

impl<M> Posted<M> {
    /// There is room for another one.
    fn take_out(self) -> M {
        self.message
    }
}

impl<M: Message> Message for Posted<M> {
    type Result = M::Result;
}

/// How many messages wait in one mailbox.
struct Fill {
    waiting: AtomicUsize,
    kind: Arc<Mailboxes>,
}

struct Ticket(Arc<Fill>);

impl Ticket {
    /// `None`: there is no room.
    fn of(fill: &Arc<Fill>) -> Option<Self> {
        let waiting = fill.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        let ticket = Self(Arc::clone(fill));
        fill.kind.has_room_for(waiting).then_some(ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets an actor take out of its mailbox what it handles.
macro_rules! takes {
    ($actor:ty: $($message:ty),+) => {
        $(impl Handler<Posted<$message>> for $actor {
            type Result = ();

            fn handle(&mut self, posted: Posted<$message>, ctx: &mut Self::Context) {
                let message = posted.take_out();
                Handler::<$message>::handle(self, message, ctx);
            }
        })+
    };
}

takes!(VisitorSession: Command, Signal);
takes!(OperatorActor: ToOperator, SetStatus);
takes!(QueueActor: ToQueue);

#[cfg(test)]
mod tests {
    use actix::{Context, System};

    use super::*;
    use crate::metrics::Metrics;

    /// Takes a message in only when it gets its turn.
    struct Slow;

    impl Actor for Slow {
        type Context = Context<Self>;
    }

    struct Letter;

    impl Message for Letter {
        type Result = ();
    }

    impl Handler<Posted<Letter>> for Slow {
        type Result = ();

        fn handle(&mut self, _: Posted<Letter>, _: &mut Self::Context) {}
    }

    #[test]
    fn a_mailbox_takes_what_it_has_room_for_whoever_sends_and_tells_how_full_it_was() {
        System::new().block_on(async {
            let metrics = Metrics::new().unwrap();
            let kind = Arc::new(Mailboxes::of(&metrics.recording, "queue", 4));
            let mailbox = Mailbox::new(Slow.start(), &kind);
            let waiting = || mailbox.fill.waiting.load(Ordering::Relaxed);
            let fill = || {
                kind.measure();
                let text = metrics.render();
                let line =
                    text.lines().find_map(|line| line.strip_prefix(r#"switchboard_mailbox_fill_ratio{kind="queue"} "#));
                line.map(str::to_owned)
            };
            // The actor has no turn before this one waits for something.
            for _ in 0..3 {
                assert!(mailbox.clone().try_send(Letter).is_ok());
            }
            assert_eq!((waiting(), fill().as_deref()), (3, Some("0.75")));
            mailbox.hint(Letter);
            for _ in 0..5 {
                assert!(matches!(mailbox.clone().try_send(Letter), Err(SendError::Full(Letter))), "and it comes back");
            }
            assert_eq!(waiting(), 4, "what found no room does not wait");
            mailbox.hint(Letter);
            assert!(metrics.render().contains(r#"switchboard_mailbox_full_total{kind="queue"} 1"#));
            while waiting() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(fill().as_deref(), Some("1"), "it was full meanwhile");
            assert_eq!(fill().as_deref(), Some("1"), "a peak is told for two measurements");
            assert_eq!(fill().as_deref(), Some("0"));
        });
    }
}
