//! What time alone brings to those who wait: wishes that are given up, other groups that are asked, the end of a wait
//! that is too long, and of hope in a group that is off-line.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::chat::Tried;
use crate::domain::group::{Availability, Handling, Instead, OfferMode, Overflow};
use crate::domain::ids::{ChatId, GroupId, OperatorId};
use crate::domain::limits::{RING_ALL_CHATS_MAX, TURN_AWAY_REPEAT};
use crate::domain::queue::Offering;
use crate::domain::routing::decision::{Outcome, decide};
use crate::domain::routing::demand::{Demand, Wishes};
use crate::domain::routing::desk::Desk;
use crate::domain::routing::earlier;
use crate::domain::routing::effect::{Arrival, Effect, TurnedAway};
#[cfg(test)]
use crate::domain::routing::planted::{self, Fault};
use crate::domain::routing::roster::Roster;
use crate::domain::time::Timestamp;

/// When something is due for whom.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    due: BTreeSet<(Timestamp, ChatId)>,
    due_of: BTreeMap<ChatId, Timestamp>,
    /// Chats that look for an operator in other groups too.
    sought: BTreeMap<ChatId, Sought>,
    /// Chats that have been told to leave, and when they are told again.
    leaving: BTreeMap<ChatId, Timestamp>,
    /// Since when nobody receives here.
    offline_since: Option<Timestamp>,
    /// When those who wait in an off-line group are looked at next.
    offline_look: Option<Timestamp>,
    /// Whether the hours allow it, when that was found, and until when it holds.
    open: Option<(bool, Timestamp, Timestamp)>,
}

/// Where a chat looks beside its own group.
#[derive(Debug, Clone)]
struct Sought {
    groups: Vec<GroupId>,
    /// After what wait that began here: while the rule is the same it does not end because a clock jumps back.
    after: Option<Duration>,
}

impl Turns {
    /// Whether the chat looks for an operator in other groups too.
    pub(super) fn is_sought_elsewhere(&self, chat: ChatId) -> bool {
        self.sought.contains_key(&chat)
    }
}

impl Desk {
    pub(super) fn demand(
        &self,
        tried: impl IntoIterator<Item = Tried>,
        wishes: &Wishes,
        entered_at: Timestamp,
        now: Timestamp,
        before: Option<&Demand>,
    ) -> Demand {
        let rings = |operator: &OperatorId| self.rings(*operator);
        Demand::with_wishes(tried, wishes, entered_at, &self.settings.rules, rings, now, before)
    }

    /// Whether this group can ring an operator, there and free or not: nobody waits for anybody else.
    fn rings(&self, operator: OperatorId) -> bool {
        self.roster.member(operator).is_some_and(|member| member.handling != Handling::Pull)
    }

    /// Changes the members; wishes for those whom the group can ring from now on hold, for others they sleep.
    pub(super) fn change_members(
        &mut self,
        of: &[OperatorId],
        now: Timestamp,
        change: impl FnOnce(&mut Roster),
    ) -> Vec<Effect> {
        let rung: Vec<bool> = of.iter().map(|operator| self.rings(*operator)).collect();
        change(&mut self.roster);
        let changed = of.iter().zip(rung).filter(|(operator, rang)| self.rings(**operator) != *rang);
        let changed: BTreeSet<OperatorId> = changed.map(|(operator, _)| *operator).collect();
        #[cfg(test)]
        let changed = if planted::has(Fault::ForgetsWishes) { BTreeSet::new() } else { changed };
        let mut effects = Vec::new();
        if !changed.is_empty() {
            let all: Vec<ChatId> = self.queue.iter().filter(|chat| self.names_one_of(*chat, &changed)).collect();
            all.into_iter().for_each(|chat| self.review(chat, None, now, &mut effects));
        }
        effects.extend(self.settle(now));
        effects
    }

    fn names_one_of(&self, chat: ChatId, operators: &BTreeSet<OperatorId>) -> bool {
        let wishes = self.queue.get(chat).map(|waiting| &waiting.wishes);
        let last = wishes.and_then(|wishes| wishes.last).map(|(last, _)| last);
        let wanted = wishes.and_then(|wishes| wishes.wanted);
        wanted.iter().chain(&last).any(|operator| operators.contains(operator))
    }

    /// The effect for a chat that comes when there is no place left, and for which nobody can be asked at once. Whoever
    /// had an operator, who was lost, has had a place.
    pub(super) fn without_place(&self, arrival: &Arrival, now: Timestamp) -> Option<Effect> {
        let max = usize::try_from(self.settings.rules.queue_length_max?).unwrap_or(usize::MAX);
        let is_new = self.queue.get(arrival.chat).is_none() && arrival.rings_at.is_none() && !arrival.requeued;
        // Those for whom somebody is asked are among all who wait: mostly there is nothing to count.
        let may_be_full = is_new && arrival.guest_of.is_none() && self.queue.own_len() >= max;
        let refused = may_be_full && self.for_whom_nobody_is_asked() >= max && self.has_to_wait(arrival, now);
        let (chat, to) = (arrival.chat, self.instead(arrival.moved));
        refused.then_some(Effect::TurnAway { chat, to, why: TurnedAway::QueueFull, unless: Vec::new() })
    }

    /// Chats of this group that wait, and for which nobody is being asked, here or in a group that helps.
    fn for_whom_nobody_is_asked(&self) -> usize {
        let own = |chat: &ChatId| self.queue.get(*chat).filter(|waiting| waiting.guest_of.is_none());
        let rings_at_all = self.ringing.chats().filter_map(own).filter(|waiting| waiting.offering == Offering::No);
        let asked = self.queue.offered().filter(|(_, waiting)| waiting.offering != Offering::Unheard);
        self.queue.own_len().saturating_sub(asked.count() + rings_at_all.count())
    }

    /// Whether nobody can be asked for a chat as soon as it comes, or only in the place of another one.
    fn has_to_wait(&self, arrival: &Arrival, now: Timestamp) -> bool {
        let demand = self.demand(arrival.tried.iter().copied(), &arrival.wishes, arrival.entered_at, now, None);
        let all_turns_taken =
            self.settings.offer_mode == OfferMode::RingAll && self.ringing.chats().count() >= RING_ALL_CHATS_MAX;
        all_turns_taken || matches!(decide(&demand, &self.roster, now).outcome, Outcome::Wait { .. })
    }

    fn instead(&self, moved: bool) -> Instead {
        if moved { Instead::OfflineForm } else { self.settings.rules.when_full.clone() }
    }

    pub(super) fn arrived(&mut self, chat: ChatId, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(waiting) = self.queue.get(chat) else { return };
        if self.turns.offline_since.is_some() {
            self.turns.offline_look =
                earlier(self.turns.offline_look, Some(waiting.entered_at.max(now) + self.offline_hope));
        }
        self.review(chat, None, now, effects);
    }

    pub(super) fn forget_turns(&mut self, chat: ChatId) {
        if let Some(at) = self.turns.due_of.remove(&chat) {
            self.turns.due.remove(&(at, chat));
        }
        self.turns.sought.remove(&chat);
        self.turns.leaving.remove(&chat);
    }

    pub(super) fn take_turns(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some((at, chat)) = self.turns.due.first().copied().filter(|(at, _)| *at <= now) {
            self.turns.due.remove(&(at, chat));
            self.turns.due_of.remove(&chat);
            self.review(chat, None, now, effects);
        }
    }

    /// The settings are others than before.
    pub(super) fn review_all(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let all: Vec<ChatId> = self.queue.iter().collect();
        for chat in all {
            self.review(chat, None, now, effects);
        }
        self.turns.offline_look = self.turns.offline_since.map(|_| now);
        #[cfg(test)]
        if planted::has(Fault::OldHours) {
            return;
        }
        self.turns.open = None;
    }

    /// Brings what one chat asks for up to date, and finds when to look at it next.
    pub(super) fn review(
        &mut self,
        chat: ChatId,
        tried: Option<Vec<Tried>>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(waiting) = self.queue.get(chat) else { return };
        let tried = tried.unwrap_or_else(|| waiting.demand.tried().to_vec());
        let demand = self.demand(tried, &waiting.wishes, waiting.entered_at, now, Some(&waiting.demand));
        let (before, entered_at) = (waiting.demand.class().clone(), waiting.entered_at);
        let (own, moved) = (waiting.guest_of.is_none(), waiting.moved);
        let idle = matches!(waiting.offering, Offering::No | Offering::Elsewhere);
        let heard = waiting.offering != Offering::Unheard;
        let mut next = demand.changes_at();
        let awaits_one = demand.only().is_some();
        if *demand.class() != before {
            self.roster.use_class(demand.class());
            self.roster.leave_class(&before);
        }
        self.queue.set_demand(chat, demand);
        if own && heard {
            next = earlier(next, self.seek(chat, entered_at, awaits_one, now, effects));
        }
        let rules = &self.settings.rules;
        if let Some(max) = rules.queue_wait_max().filter(|_| own) {
            let at = (entered_at + max).max(self.turns.leaving.get(&chat).copied().unwrap_or(Timestamp::EPOCH));
            if at > now {
                next = earlier(next, Some(at));
            } else if idle {
                let to = self.instead(moved);
                next = earlier(next, Some(self.ask_to_leave(chat, to, TurnedAway::WaitedTooLong, now, effects)));
            } else {
                next = earlier(next, Some(now + TURN_AWAY_REPEAT));
            }
        }
        if let Some(at) = self.turns.due_of.remove(&chat) {
            self.turns.due.remove(&(at, chat));
        }
        if let Some(next) = next {
            self.turns.due.insert((next, chat));
            self.turns.due_of.insert(chat, next);
        }
    }

    /// The groups that help this one with a chat.
    pub fn helpers(&self, chat: ChatId) -> &[GroupId] {
        self.turns.sought.get(&chat).map_or(&[], |sought| &sought.groups)
    }

    /// Where a chat says that it looks beside this group.
    pub(super) fn looks_in(&mut self, chat: ChatId, groups: Vec<GroupId>) {
        let after = self.turns.sought.remove(&chat).and_then(|sought| sought.after);
        if !groups.is_empty() {
            self.turns.sought.insert(chat, Sought { groups, after });
        }
    }

    /// Has a chat look in the groups that help by the rules as they are now, and in no others; when that begins, if it is
    /// still to come. Nobody helps one that waits for a single operator.
    fn seek(
        &mut self,
        chat: ChatId,
        entered_at: Timestamp,
        awaits_one: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Option<Timestamp> {
        let sought = self.turns.sought.get(&chat);
        let overflow = self.settings.rules.overflow.as_ref().filter(|_| !awaits_one);
        let begins_at = overflow.map(|overflow| entered_at + overflow.after());
        let has_begun = |overflow: &&Overflow| {
            begins_at.is_some_and(|at| at <= now) || sought.is_some_and(|sought| sought.after == Some(overflow.after()))
        };
        let helps = overflow.filter(has_begun);
        let asked = sought.map(|sought| sought.groups.as_slice()).unwrap_or_default();
        let wanted = helps.map(|overflow| overflow.groups.as_slice()).unwrap_or_default();
        #[cfg(test)]
        let planted = planted::helping(asked, wanted);
        #[cfg(test)]
        let wanted = planted.as_slice();
        let (groups, after) = (wanted.to_vec(), helps.map(Overflow::after));
        if asked != groups {
            effects.push(Effect::SeekIn { chat, groups: groups.clone() });
            self.queue.look_at_the_first();
        }
        if groups.is_empty() {
            self.turns.sought.remove(&chat);
        } else {
            self.turns.sought.insert(chat, Sought { groups, after });
        }
        begins_at.filter(|at| *at > now)
    }

    fn ask_to_leave(
        &mut self,
        chat: ChatId,
        to: Instead,
        why: TurnedAway,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Timestamp {
        // Where it looks too somebody may receive.
        let helping = self.turns.sought.get(&chat).filter(|_| why == TurnedAway::GroupOffline);
        let unless = helping.map(|sought| sought.groups.clone()).unwrap_or_default();
        effects.push(Effect::TurnAway { chat, to, why, unless });
        let again = now + TURN_AWAY_REPEAT;
        self.turns.leaving.insert(chat, again);
        again
    }

    /// Off-line when nobody receives, or the hours say so.
    pub(super) fn availability(&mut self, now: Timestamp) -> Availability {
        let hours = self.settings.rules.hours.as_ref();
        #[cfg(test)]
        let hours = hours.filter(|_| !planted::has(Fault::AlwaysOpen));
        let Some(hours) = hours else { return self.roster.availability() };
        let known = self.turns.open.filter(|(_, found_at, until)| *found_at <= now && now < *until);
        let (open, ..) = *self.turns.open.insert(known.unwrap_or_else(|| {
            let (open, until) = hours.at(now);
            (open, now, until)
        }));
        if open { self.roster.availability() } else { Availability::Offline }
    }

    /// Those who wait in a group that turned off-line may hope a while. Who is sought elsewhere goes on waiting, unless
    /// nobody receives there either.
    pub(super) fn turn_away_when_offline(
        &mut self,
        availability: Availability,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if availability != Availability::Offline {
            (self.turns.offline_since, self.turns.offline_look) = (None, None);
            return;
        }
        #[cfg(test)]
        if planted::has(Fault::NeverTurnsAway) {
            return;
        }
        let hope = self.offline_hope;
        #[cfg(test)]
        let hope = if planted::has(Fault::NoMinute) { Duration::ZERO } else { hope };
        let since = *self.turns.offline_since.get_or_insert(now);
        let look = *self.turns.offline_look.get_or_insert(since + hope);
        if look > now {
            return;
        }
        let latest = Timestamp::from_millis(now.millis().saturating_sub(hope.as_millis() as i64));
        if since > latest {
            self.turns.offline_look = Some(since + hope);
            return;
        }
        let hopeless: Vec<ChatId> = self.queue.entered_by(latest).collect();
        for chat in hopeless {
            let told = self.turns.leaving.get(&chat).is_some_and(|again| *again > now);
            let Some(waiting) = self.queue.get(chat) else { continue };
            let idle = matches!(waiting.offering, Offering::No | Offering::Elsewhere);
            if idle && !told {
                self.ask_to_leave(chat, Instead::OfflineForm, TurnedAway::GroupOffline, now, effects);
            }
        }
        self.turns.offline_look = Some(now + TURN_AWAY_REPEAT);
    }

    pub(super) fn next_turn(&self) -> Option<Timestamp> {
        let due = self.turns.due.first().map(|(at, _)| *at);
        let look = self.turns.offline_look.filter(|_| !self.queue.is_empty());
        let hours = self.turns.open.filter(|_| self.settings.rules.hours.is_some()).map(|(_, _, until)| until);
        #[cfg(test)]
        let hours = hours.filter(|_| !planted::has(Fault::SleepsOn));
        [due, look, hours].into_iter().flatten().min()
    }
}
