//! What others hear when an owner asks for colleagues: who is rung, which group looks for somebody, who reads the chat.

use std::sync::Arc;

use actix::Context;

use super::VisitorSession;
use crate::actors::guard::{deliver, wait_for};
use crate::actors::messages::{OperatorSnapshot, Signal, ToOperator, ToQueue};
use crate::domain::chat::{Guest, Input, Person};
use crate::domain::event::{EventKind, OfferEnd};
use crate::domain::group::{LostOperator, Status};
use crate::domain::ids::{OfferId, OperatorId};
use crate::domain::limits::{SENDER_LOOKED_AT_EVERY, SENDER_LOOKS, SENDER_RELOADS};
use crate::domain::routing::{Arrival, Wishes};
use crate::domain::time::Timestamp;
use crate::protocol::visitor::ChatPhase;

impl VisitorSession {
    /// An event that changes who is in the chat, or asks somebody to be.
    pub(super) fn company_fact(&mut self, kind: &EventKind) {
        match kind {
            EventKind::TransferAsked { to: None, group, .. } | EventKind::Invited { to: None, group, .. } => {
                if let Some(core) = &mut self.core {
                    core.sought = Some(group.clone());
                }
                self.tell_queue();
            }
            EventKind::TransferDenied { .. } => {
                self.sought_no_more(ToQueue::Gone(self.chat));
                self.back_with_the_sender(None);
            }
            EventKind::InviteDenied { .. } => self.sought_no_more(ToQueue::Gone(self.chat)),
            EventKind::Transferred { operator, name, group, offer, .. } => {
                self.agreed(*operator, name, *offer);
                self.read_by(*operator, name);
                self.belongs_to(group.clone());
            }
            EventKind::Joined { operator, name, group, offer } => {
                self.agreed(*operator, name, *offer);
                let outlets = self.shared.registry.outlets_of_operator(self.account, *operator);
                let person = Person { id: *operator, name: name.clone() };
                if let Some(core) = &mut self.core {
                    core.guests.push((Guest { person, group: group.clone() }, outlets));
                }
            }
            EventKind::Left { operator, .. } => self.left(*operator),
            _ => {}
        }
    }

    /// From here on the operator owns the chat; who owned it hears of it, and then of nothing more.
    pub(super) fn read_by(&mut self, operator: OperatorId, name: &str) {
        let outlets = self.shared.registry.outlets_of_operator(self.account, operator);
        let Some(core) = &mut self.core else { return };
        core.guests.retain(|(guest, _)| guest.person.id != operator);
        let before = core.audience.replace((Person { id: operator, name: name.to_owned() }, outlets));
        let parted = before.map(|(person, outlets)| (person.id, outlets));
        core.parting.extend(parted.filter(|(before, _)| *before != operator));
    }

    /// Tells the group that looks for a colleague.
    pub(super) fn tell_sought(&self) {
        let Some((arrival, core)) = self.arrival().zip(self.core.as_ref()) else { return };
        let Some((group, (_, tried))) = core.sought.as_ref().zip(core.chat.sought_in()) else { return };
        let guest_of = Some(core.record.head.group.clone());
        let wishes = Wishes { wanted: None, last: None, ..arrival.wishes.clone() };
        let arrival = Arrival { tried, guest_of, wishes, helpers: Vec::new(), ..arrival };
        self.shared.to_queue(self.account, group, ToQueue::Waiting(arrival));
    }

    /// Whoever was rung let it go: the group asks the next one.
    pub(super) fn sought_goes_on(&self) {
        let Some(core) = &self.core else { return };
        if let Some((group, (_, tried))) = core.sought.as_ref().zip(core.chat.sought_in()) {
            self.shared.to_queue(self.account, group, ToQueue::OfferOver { chat: self.chat, tried });
        }
    }

    /// The owner is off-line for good. What becomes of the chat is what its group says now, not when it was answered.
    pub(super) fn owner_is_lost(&mut self, operator: OperatorId, ctx: &mut Context<Self>) {
        let Some(core) = &self.core else { return };
        let (shared, account, group) = (Arc::clone(&self.shared), self.account, core.chat.group.clone());
        let generation = self.generation;
        let Some(group) = group else { return };
        let reading = async move { shared.store.group(account, &group).await };
        wait_for(ctx, reading, move |session: &mut Self, read, ctx| {
            if session.generation != generation {
                return;
            }
            match read {
                Ok(settings) => session.settings = settings.map(Arc::new).or(session.settings.take()),
                // What was known before holds.
                Err(error) => tracing::warn!(chat = %session.chat, %error, "the rules of a group could not be read"),
            }
            let rule = session.settings.as_ref().map(|settings| settings.rules.lost_operator).unwrap_or_default();
            if rule == LostOperator::Requeue {
                session.internal(Input::Requeue { operator }, ctx);
            }
            session.arm(ctx);
        });
    }

    /// A chat that was read anew, as after a start, has an owner who may be gone for good: somebody must notice. Nor may
    /// anybody have looked where the sender was when nobody took it over.
    pub(super) fn look_after_owner(&self) {
        let Some(core) = self.core.as_ref().filter(|core| core.told.phase == ChatPhase::Active) else { return };
        if let Some((owner, _)) = &core.audience {
            self.to_operator(owner.id, ToOperator::Owns);
        }
        if let Some(at) = core.chat.handed_back_at() {
            self.back_with_the_sender(Some(at));
        }
    }

    /// Nobody took it over: a sender who is gone meanwhile cannot have it back. Who that is says their presence, which
    /// outlives this session and this node. A page that is loaded again is waited for; after a start, when all windows
    /// come back, it is gone whoever was off-line by the time of the denial and has opened none within the grace. For
    /// all others what their group says holds.
    fn back_with_the_sender(&self, since: Option<Timestamp>) {
        let owner = self.core.as_ref().and_then(|core| core.audience.as_ref());
        let Some(((owner, _), addr)) = owner.filter(|(_, outlets)| outlets.count() == 0).zip(self.addr.clone()) else {
            return;
        };
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, owner.id);
        actix::spawn(async move {
            if since.is_some() {
                let rules = shared.store.presence_rules(account).await.ok().flatten();
                tokio::time::sleep(rules.map_or(shared.patience.operator_grace, |rules| rules.grace())).await;
            }
            let mut may_come_back = since.is_none();
            let gone = |there: &OperatorSnapshot| {
                let then = since.is_none_or(|since| there.since <= since);
                there.status == Status::Offline && !there.is_here && then
            };
            for _ in 0..SENDER_LOOKS {
                match shared.operator_state(account, operator).await {
                    Some(there) if gone(&there) && may_come_back => {
                        may_come_back = false;
                        tokio::time::sleep(SENDER_RELOADS).await;
                    }
                    Some(there) if gone(&there) => {
                        return deliver(&addr, Signal::SenderLost(operator));
                    }
                    Some(_) => return,
                    // Somebody else takes the operator over just now.
                    None => tokio::time::sleep(SENDER_LOOKED_AT_EVERY).await,
                }
            }
            tracing::warn!(%operator, "whether the sender of a transfer is there could not be learnt");
        });
    }

    /// Nobody took the chat over, and its sender is off-line. They wanted to hand it on: it goes to the front of the
    /// queue whatever the group does with the chats of other operators who are lost.
    pub(super) fn sender_is_lost(&mut self, operator: OperatorId, ctx: &mut Context<Self>) {
        #[cfg(feature = "faults")]
        if crate::actors::faults::forgets_the_sender() {
            return;
        }
        let owner = self.core.as_ref().and_then(|core| core.audience.as_ref());
        if owner.is_some_and(|(owner, outlets)| owner.id == operator && outlets.count() == 0) {
            self.internal(Input::Requeue { operator }, ctx);
            self.arm(ctx);
        }
    }

    /// The group that looked for a colleague looks no more.
    pub(super) fn sought_no_more(&mut self, message: ToQueue) {
        let Some(core) = &mut self.core else { return };
        if let Some(group) = core.sought.take() {
            core.told.queue_again = None;
            self.shared.to_queue(self.account, &group, message);
        }
    }

    /// Whether a group looks for a colleague, as was told.
    pub(super) fn seeks(&self) -> bool {
        self.core.as_ref().is_some_and(|core| core.sought.is_some())
    }

    fn agreed(&mut self, operator: OperatorId, name: &str, offer: OfferId) {
        let by = Some(name.to_owned());
        self.shared.to_operator(self.account, operator, ToOperator::RingOver { offer, why: OfferEnd::Taken, by });
        self.sought_no_more(ToQueue::Served(self.chat));
    }

    fn left(&mut self, operator: OperatorId) {
        let Some(core) = &mut self.core else { return };
        if let Some(at) = core.guests.iter().position(|(guest, _)| guest.person.id == operator) {
            let (_, outlets) = core.guests.remove(at);
            return core.parting.push((operator, outlets));
        }
        if core.audience.as_ref().is_none_or(|(owner, _)| owner.id != operator) {
            return;
        }
        core.parting.extend(core.audience.take().map(|(owner, outlets)| (owner.id, outlets)));
        if !core.guests.is_empty() {
            let (heir, outlets) = core.guests.remove(0);
            let owner = heir.person.id;
            core.audience = Some((heir.person, outlets));
            self.belongs_to(heir.group);
            // Nobody asked the heir: it may be that they are gone themselves.
            self.to_operator(owner, ToOperator::Owns);
        }
    }
}
