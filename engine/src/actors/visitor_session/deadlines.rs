//! What happens by itself, and when: one timer, armed for the earliest deadline. A full mailbox holds back timers,
//! so what is due is also looked for before every message.

use std::sync::Arc;
use std::time::Duration;

use actix::{AsyncContext, Context};

use super::VisitorSession;
use crate::actors::guard::{deliver, later};
use crate::actors::messages::Signal;
use crate::domain::chat::Input;
use crate::domain::event::{EndedBy, EndedWhy};
use crate::domain::limits::{CONNECTION_TIMEOUT, MARKS_WITHIN, SESSION_REST_AFTER, VISITOR_AWAY_AFTER};
use crate::domain::time::Timestamp;
use crate::ports::journal::MarkRow;
use crate::protocol::visitor::ChatPhase;

impl VisitorSession {
    /// Does whatever is due now. The timer is armed for the earliest deadline or before it: while it need not have
    /// fired, nothing is due.
    pub(super) fn due(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        if self.timer.is_some_and(|(armed, _)| armed <= now) {
            self.do_due(now, ctx);
        }
    }

    fn do_due(&mut self, now: Timestamp, ctx: &mut Context<Self>) {
        if self.next_deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let Some(core) = &self.core else { return };
        if core.at_barrier() {
            return;
        }
        if core.chat.rings_until().is_some_and(|until| until <= now) {
            self.internal(Input::Due, ctx);
        }
        if self.left_at().is_some_and(|at| at <= now) {
            self.end_by_rule(EndedWhy::Left, ctx);
        } else if self.timed_out_at().is_some_and(|at| at <= now) {
            self.end_by_rule(EndedWhy::TimedOut, ctx);
        }
        if self.greet_at().is_some_and(|at| at <= now)
            && let Some(text) = self.greeting().map(str::to_owned)
        {
            self.internal(Input::Greet { text }, ctx);
        }
        if self.away_at().is_some_and(|at| at <= now) {
            self.internal(Input::VisitorAway, ctx);
        }
        let Some(core) = &self.core else { return };
        if core.marks_dirty.is_some_and(|since| since + MARKS_WITHIN <= now) {
            self.save_marks();
        }
        if self.core.as_ref().and_then(|core| core.told.queue_again).is_some_and(|at| at <= now) {
            self.tell_queue_again();
        }
    }

    fn tell_queue_again(&mut self) {
        #[cfg(feature = "faults")]
        if crate::actors::faults::says_nothing_twice() {
            return self.core.iter_mut().for_each(|core| core.told.queue_again = None);
        }
        self.tell_queue();
    }

    /// Arms the timer for the next deadline, if it is not armed for an earlier moment.
    pub(super) fn arm(&mut self, ctx: &mut Context<Self>) {
        let Some(deadline) = self.next_deadline() else { return };
        if self.timer.is_some_and(|(armed, _)| armed <= deadline) {
            return;
        }
        let now = self.shared.now();
        // A deadline that waits for a slot being settled is looked at again soon, not at once.
        let wait = deadline.since(now).max(SOONEST);
        if let Some((armed, handle)) = self.timer {
            if armed <= now + wait {
                return;
            }
            ctx.cancel_future(handle);
        }
        let handle = later(ctx, wait, |session: &mut Self, ctx| {
            session.timer = None;
            session.do_due(session.shared.now(), ctx);
            session.rest_if_quiet(ctx);
            session.arm(ctx);
        });
        self.timer = Some((now + wait, handle));
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let core = self.core.as_ref()?;
        let rest = core.told.quiet_since.filter(|_| self.could_rest()).map(|since| since + SESSION_REST_AFTER);
        [
            core.chat.rings_until(),
            self.left_at(),
            self.timed_out_at(),
            self.away_at(),
            self.greet_at(),
            core.marks_dirty.map(|since| since + MARKS_WITHIN),
            core.told.queue_again,
            rest,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn end_by_rule(&mut self, why: EndedWhy, ctx: &mut Context<Self>) {
        self.internal(Input::End { by: EndedBy::System, why, operator: None }, ctx);
    }

    /// When a waiting chat ends because its visitor is gone.
    fn left_at(&self) -> Option<Timestamp> {
        let core = self.core.as_ref().filter(|core| core.chat.is_waiting())?;
        let gone = self.gone_since.filter(|_| core.visitor_outlets.count() == 0)?;
        Some(gone + self.shared.patience.waiting_visitor_grace)
    }

    /// When a waiting chat ends because nobody answered.
    fn timed_out_at(&self) -> Option<Timestamp> {
        let core = self.core.as_ref().filter(|core| core.chat.is_waiting())?;
        let timeout = self.settings.as_ref().map_or(CONNECTION_TIMEOUT, |settings| settings.connection_timeout);
        Some(core.chat.queued_at + timeout)
    }

    /// When the group greets the visitor, counted from the beginning of the chat.
    fn greet_at(&self) -> Option<Timestamp> {
        self.greeting()?;
        let core = self.core.as_ref().filter(|core| core.chat.may_greet())?;
        let after = self.settings.as_ref().map_or(0, |settings| settings.rules.greeting_after_s);
        Some(core.chat.started_at + Duration::from_secs(u64::from(after)))
    }

    fn greeting(&self) -> Option<&str> {
        self.settings.as_ref()?.rules.greeting.as_deref()
    }

    /// When the visitor of a running chat is shown as away.
    fn away_at(&self) -> Option<Timestamp> {
        let core = self.core.as_ref().filter(|core| core.told.phase == ChatPhase::Active)?;
        let shown = core.chat.visitor_away || core.chat.is_ended() || core.visitor_outlets.count() > 0;
        self.gone_since.filter(|_| !shown).map(|gone| gone + VISITOR_AWAY_AFTER)
    }

    /// Writes the marks that are kept in memory only.
    pub(super) fn save_marks(&mut self) {
        let Some(core) = &mut self.core else { return };
        if core.marks_dirty.take().is_none() {
            return;
        }
        let (shared, account, chat, marks) = (Arc::clone(&self.shared), self.account, self.chat, core.marks.clone());
        let addr = self.addr.clone();
        actix::spawn(async move {
            if let Err(error) = shared.store.save_marks(account, chat, &marks).await {
                tracing::warn!(%chat, %error, "delivered and read marks were not stored, and are tried again");
                if let Some(addr) = addr {
                    deliver(&addr, Signal::MarksNotKept(marks));
                }
            }
        });
    }

    /// Marks that the store did not take are raised again, for the state may have been read from it meanwhile.
    pub(super) fn marks_not_kept(&mut self, marks: Vec<MarkRow>) {
        let now = self.shared.now();
        match &mut self.core {
            Some(core) => {
                for row in marks {
                    core.raise(row.who, row.marks.delivered, false);
                    core.raise(row.who, row.marks.read, true);
                }
                core.marks_dirty.get_or_insert(now);
            }
            // Newer ones may lie there already: each is raised for itself.
            None => self.marks_left.extend(marks),
        }
    }

    fn rest_if_quiet(&mut self, ctx: &mut Context<Self>) {
        let now = self.shared.now();
        let quiet = self.core.as_ref().and_then(|core| core.told.quiet_since);
        if self.could_rest() && quiet.is_some_and(|since| since + SESSION_REST_AFTER <= now) {
            // Somebody who holds the session now is served first; then it is tried again.
            if let Some(core) = &mut self.core {
                core.told.quiet_since = Some(now);
            }
            self.rest(ctx);
        }
    }
}

/// The shortest time the timer is armed for.
const SOONEST: std::time::Duration = std::time::Duration::from_millis(5);
