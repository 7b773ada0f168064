//! What a chat that waits says to queues: to that of its own group, and to those of groups that help, where it is a
//! guest. One of them proposes at a time; the others hear of it, and that it is over.

use super::VisitorSession;
use super::core::Core;
use crate::actors::guard::deliver;
use crate::actors::messages::{Signal, ToQueue};
use crate::domain::ids::{GroupId, OperatorId};
use crate::domain::limits::{GUEST_REPEAT, OVERFLOW_GROUPS_MAX, SEARCH_REPEAT, WAITING_REPEAT};
use crate::domain::routing::{Arrival, RingsAtAll, Settled, Wishes};
use crate::protocol::visitor::ChatPhase;

impl VisitorSession {
    /// Tells all queues that the chat waits, until its own says that it knows.
    pub(super) fn tell_queue(&mut self) {
        let now = self.shared.now();
        let Some(core) = &mut self.core else { return };
        if core.sought.is_some() {
            core.told.queue_again = Some(now + SEARCH_REPEAT);
            if self.asks_are_read() {
                self.tell_sought();
            }
            return;
        }
        if core.told.phase != ChatPhase::Waiting {
            core.told.queue_again = None;
            return;
        }
        core.told.queue_again = Some(now + WAITING_REPEAT);
        if !self.asks_are_read() {
            return;
        }
        let Some(arrival) = self.arrival() else { return };
        self.to_queue(ToQueue::Waiting(arrival.clone()));
        for group in &self.helpers {
            self.tell_helper(group, &arrival);
        }
    }

    /// Whether what the chat asks for is as people have set it. If not it is read, and told with what was read: nobody is
    /// asked by what it asked for before.
    fn asks_are_read(&self) -> bool {
        if let Some(addr) = self.addr.as_ref().filter(|_| self.asks_are_old) {
            deliver(addr, Signal::AsksChanged);
        }
        !self.asks_are_old
    }

    /// The own queue knows. Groups that help are told again after a while, and so is one that looks for a colleague: no
    /// store knows of either, and their queues may begin anew.
    pub(super) fn queue_knows(&mut self) {
        let (now, helped) = (self.shared.now(), !self.helpers.is_empty());
        let Some(core) = &mut self.core else { return };
        core.told.queue_again = match core.sought {
            Some(_) => Some(now + SEARCH_REPEAT),
            None => helped.then(|| now + GUEST_REPEAT),
        };
    }

    /// A queue believes that the chat waits there, or somebody wants to be sure.
    pub(super) fn say_whether_waiting(&mut self, asked_by: Option<GroupId>) {
        let Some(core) = &self.core else { return };
        let group = asked_by.unwrap_or_else(|| core.record.head.group.clone());
        if core.told.phase == ChatPhase::Waiting || core.sought.is_some() {
            self.tell_queue();
        }
        if !self.looks_in(&group) {
            self.shared.to_queue(self.account, &group, ToQueue::Gone(self.chat));
        }
    }

    /// Whether the chat looks for an operator in this group, as was told.
    pub(super) fn looks_in(&self, group: &GroupId) -> bool {
        let Some(core) = &self.core else { return false };
        match &core.sought {
            Some(sought) => sought == group,
            None if core.told.phase != ChatPhase::Waiting => false,
            None => core.record.head.group == *group || self.helpers.contains(group),
        }
    }

    /// The own group asks these to help, and no others. What rings in one that is asked no more rings on.
    pub(super) fn seek_in(&mut self, of: &GroupId, mut groups: Vec<GroupId>) {
        let waits = |core: &&Core| core.told.phase == ChatPhase::Waiting && core.record.head.group == *of;
        if self.core.as_ref().filter(waits).is_none() {
            return;
        }
        groups.retain(|group| group != of);
        groups.truncate(OVERFLOW_GROUPS_MAX);
        if groups == self.helpers {
            return;
        }
        let before = std::mem::replace(&mut self.helpers, groups);
        for group in before.iter().filter(|group| !self.helpers.contains(group)) {
            self.shared.to_queue(self.account, group, ToQueue::Gone(self.chat));
        }
        let Some(arrival) = self.arrival() else { return };
        for group in self.helpers.iter().filter(|group| !before.contains(group)) {
            self.tell_helper(group, &arrival);
        }
        // Members of those groups see it from now on, or no longer.
        self.shared.lists.changed(self.account);
        self.queue_knows();
    }

    /// It waits, again or in another group.
    pub(super) fn queued(&mut self, group: GroupId) {
        let Some(core) = &mut self.core else { return };
        core.parting.extend(core.audience.take().map(|(owner, outlets)| (owner.id, outlets)));
        core.parting.extend(core.guests.drain(..).map(|(guest, outlets)| (guest.person.id, outlets)));
        core.told.phase = ChatPhase::Waiting;
        core.told.quiet_since = None;
        if core.record.head.group != group {
            self.leave_queues(None, false);
        }
        self.belongs_to(group);
        self.tell_queue();
    }

    /// The chat is another group's from here: its settings are that group's.
    pub(super) fn belongs_to(&mut self, group: GroupId) {
        let Some(core) = &mut self.core else { return };
        if std::mem::replace(&mut core.record.head.group, group.clone()) != group
            && let Some(addr) = &self.addr
        {
            deliver(addr, Signal::ReadAgain);
        }
    }

    /// It waits nowhere any more. Where an operator has it, their group is told that it served it, unless it has been told,
    /// and so is the chat's own: whoever waits there has come nearer, and what was told of the wait can be held against it.
    pub(super) fn leave_queues(&mut self, by: Option<&GroupId>, tell: bool) {
        self.place = None;
        let Some(core) = &mut self.core else { return };
        core.told.queue_again = None;
        let own = core.record.head.group.clone();
        // What is lost is found by the queue's own comparison with the store.
        for group in std::mem::take(&mut self.helpers).iter().chain([&own]) {
            let message = match by {
                Some(by) if by == group && !tell => continue,
                Some(by) if by == group || *group == own => ToQueue::Served(self.chat),
                _ => ToQueue::Gone(self.chat),
            };
            self.shared.to_queue(self.account, group, message);
        }
        if let Some(by) = by.filter(|by| tell && **by != own) {
            // Taken by hand for a group that did not look for an operator: nothing waits there.
            self.shared.to_queue(self.account, by, ToQueue::Gone(self.chat));
        }
    }

    /// An offer is over, the chat waits on, everywhere.
    pub(super) fn offer_over(&self) {
        let Some(core) = &self.core else { return };
        if core.sought.is_some() {
            return self.sought_goes_on();
        }
        if core.told.phase != ChatPhase::Waiting {
            return;
        }
        let (chat, tried) = (self.chat, core.chat.tried.clone());
        for group in [&core.record.head.group].into_iter().chain(&self.helpers) {
            self.shared.to_queue(self.account, group, ToQueue::OfferOver { chat, tried: tried.clone() });
        }
        self.rings_nowhere();
    }

    /// Where nothing rings and nothing is being settled, all groups may propose the chat again.
    pub(super) fn rings_nowhere(&self) {
        let Some(core) = self.core.as_ref().filter(|core| core.told.phase == ChatPhase::Waiting) else { return };
        if !core.at_barrier() && core.chat.rings_until().is_none() {
            self.tell_others(None, &ToQueue::ElsewhereOver(self.chat));
        }
    }

    /// A group has proposed the chat, and it is not refused: the others wait for what comes of it.
    pub(super) fn proposed_by(&self, group: &GroupId) {
        if !self.helpers.is_empty() {
            self.tell_others(Some(group), &ToQueue::ProposedElsewhere(self.chat));
        }
    }

    pub(super) fn proposal_settled(&self, operator: OperatorId, group: &GroupId, how: Settled) {
        let nothing = matches!(how, Settled::NoCapacity | Settled::Refused);
        let chat = self.chat;
        self.shared.to_queue(self.account, group, ToQueue::Settled { chat, operator, how });
        if nothing {
            self.not_now(group);
        }
    }

    /// A group would have the chat ring, and it cannot: the group is told what it waits for.
    pub(super) fn not_now(&self, group: &GroupId) {
        let Some(core) = self.core.as_ref().filter(|core| core.sought.as_ref() != Some(group)) else { return };
        let chat = self.chat;
        if !self.looks_in(group) {
            // It looks for nobody there any more; whoever does not know it asks for ever.
            self.shared.to_queue(self.account, group, ToQueue::Gone(chat));
        } else if core.at_barrier() || core.chat.rings_until().is_some() {
            self.shared.to_queue(self.account, group, ToQueue::ProposedElsewhere(chat));
        } else {
            self.rings_nowhere();
        }
    }

    pub(super) fn to_queue(&self, message: ToQueue) {
        let Some(core) = &self.core else { return };
        self.shared.to_queue(self.account, &core.record.head.group, message);
    }

    fn tell_others(&self, but: Option<&GroupId>, message: &ToQueue) {
        let Some(core) = &self.core else { return };
        let all = [&core.record.head.group].into_iter().chain(&self.helpers);
        for group in all.filter(|group| but != Some(*group)) {
            self.shared.to_queue(self.account, group, message.clone());
        }
    }

    fn tell_helper(&self, group: &GroupId, arrival: &Arrival) {
        let Some(core) = &self.core else { return };
        let wishes = Wishes { wanted: None, last: None, ..arrival.wishes.clone() };
        let guest_of = Some(core.record.head.group.clone());
        let arrival = Arrival { guest_of, wishes, helpers: Vec::new(), ..arrival.clone() };
        self.shared.to_queue(self.account, group, ToQueue::Waiting(arrival));
    }

    pub(super) fn arrival(&self) -> Option<Arrival> {
        let chat = &self.core.as_ref()?.chat;
        let rules = self.settings.as_ref().map(|settings| &*settings.rules);
        Some(Arrival {
            chat: self.chat,
            entered_at: chat.queued_at,
            priority: self.asks.priority(chat, rules),
            tried: chat.tried.clone(),
            rings_at: chat.offer().map(|offer| offer.operator),
            rings_at_all: chat.ring().map(|ring| RingsAtAll {
                group: ring.group.clone(),
                operators: ring.rung.iter().map(|person| person.id).collect(),
            }),
            wishes: self.asks.wishes(chat),
            guest_of: None,
            helpers: self.helpers.clone(),
            moved: chat.moved,
            requeued: chat.requeued,
        })
    }
}
