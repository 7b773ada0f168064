//! What others hear when an owner asks for colleagues: who is rung, which group looks for somebody, who reads the chat.

use std::sync::Arc;

use super::VisitorSession;
use crate::actors::messages::{ToOperator, ToQueue};
use crate::domain::chat::{Guest, Person};
use crate::domain::event::{EventKind, OfferEnd};
use crate::domain::ids::{GroupId, OfferId, OperatorId};

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
            EventKind::TransferDenied { .. } | EventKind::InviteDenied { .. } => {
                self.sought_no_more(ToQueue::Gone(self.chat));
            }
            EventKind::Transferred { operator, name, group, offer, .. } => {
                self.agreed(*operator, name, group, *offer);
                self.owned_by(*operator, name, group);
            }
            EventKind::Joined { operator, name, group, offer } => {
                self.agreed(*operator, name, group, *offer);
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
    pub(super) fn owned_by(&mut self, operator: OperatorId, name: &str, group: &GroupId) {
        let outlets = self.shared.registry.outlets_of_operator(self.account, operator);
        let Some(core) = &mut self.core else { return };
        core.record.head.group = group.clone();
        core.guests.retain(|(guest, _)| guest.person.id != operator);
        let before = core.audience.replace((Person { id: operator, name: name.to_owned() }, outlets));
        core.parting.extend(before.filter(|(person, _)| person.id != operator).map(|(_, outlets)| outlets));
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

    /// The group that looks for somebody now: for a colleague, or for the chat's first operator.
    pub(super) fn desk_of_now(&self) -> Option<GroupId> {
        let core = self.core.as_ref()?;
        Some(core.sought.as_ref().unwrap_or(&core.record.head.group).clone())
    }

    fn agreed(&mut self, operator: OperatorId, name: &str, group: &GroupId, offer: OfferId) {
        self.shared.metrics.offer(self.account, group, "accepted");
        let by = Some(name.to_owned());
        self.shared.to_operator(self.account, operator, ToOperator::RingOver { offer, why: OfferEnd::Taken, by });
        self.sought_no_more(ToQueue::Served(self.chat));
    }

    fn left(&mut self, operator: OperatorId) {
        let Some(core) = &mut self.core else { return };
        if let Some(at) = core.guests.iter().position(|(guest, _)| guest.person.id == operator) {
            let (_, outlets) = core.guests.remove(at);
            return core.parting.push(outlets);
        }
        if core.audience.as_ref().is_none_or(|(owner, _)| owner.id != operator) {
            return;
        }
        core.parting.extend(core.audience.take().map(|(_, outlets)| outlets));
        if !core.guests.is_empty() {
            let (heir, outlets) = core.guests.remove(0);
            core.record.head.group = heir.group;
            core.audience = Some((heir.person, Arc::clone(&outlets)));
        }
    }
}
