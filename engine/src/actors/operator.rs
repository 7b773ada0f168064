//! An operator on this node: owns their presence, tells all their windows of status and offers, and the queues of
//! their groups whether they receive and what they hold. Chats are not here: they belong to their sessions.

mod absence;
mod deadlines;
mod receiving;
mod slots;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, Context, Handler, MessageResult, SpawnHandle, Supervised};

use crate::actors::guard::{Guarded, every, guarded, later, wait_for};
use crate::actors::messages::{OperatorSnapshot, OperatorState, SetStatus, Signal, ToOperator};
use crate::actors::outlet::Outlet;
use crate::actors::receiving::receiving;
use crate::actors::registry::Outlets;
use crate::actors::shared::Shared;
use crate::actors::worked::LOOK_EVERY;
use crate::domain::event::OfferEnd;
use crate::domain::group::{Membership, Status};
use crate::domain::ids::{AccountId, CommandId, GroupId, OfferId, OperatorId};
use crate::domain::operator::{Presence, PresenceEffect, PresenceRules, Slots, SlotsEffect};
use crate::domain::time::Timestamp;
use crate::ports::journal::{ChatRecord, OfferRow, Remembered};
use crate::ports::presence::PresenceRow;
use crate::ports::store::StoreError;
use crate::protocol::error::{Failure, Why};
use crate::protocol::frame;
use crate::protocol::operator::{Offer, OperatorNotice};

/// See the module.
pub struct OperatorActor {
    shared: Arc<Shared>,
    account: AccountId,
    operator: OperatorId,
    presence: Option<Presence>,
    groups: Vec<GroupId>,
    slots: Slots,
    /// How much of the slots is in use.
    work: work::Work,
    /// Proposals under way, by group.
    proposals: BTreeMap<GroupId, u32>,
    offers: Vec<Offer>,
    outlets: Arc<Outlets>,
    timer: Option<SpawnHandle>,
    /// While lost: when the chats that groups want back are told again.
    gives_back: Option<SpawnHandle>,
    /// Whose status is being set: a panic leaves it here, to be answered all the same.
    at_work: Option<(Outlet, CommandId)>,
    /// What rang when a panic threw the state away.
    rang: Option<Vec<Offer>>,
    /// Another node has the operator.
    over: bool,
}

/// What an operator's actor reads when it starts.
struct Stored {
    presence: PresenceRow,
    groups: Vec<GroupId>,
    /// How many chats they may hold in the groups they receive from.
    slots: u32,
    offers: Vec<(OfferRow, ChatRecord)>,
    rules: Option<PresenceRules>,
}

type Reading = Result<Option<Stored>, StoreError>;

impl OperatorActor {
    /// The actor of an operator who is stored.
    pub fn new(shared: Arc<Shared>, account: AccountId, operator: OperatorId) -> Self {
        shared.metrics.actors_operator.increment(1.0);
        let outlets = shared.registry.outlets_of_operator(account, operator);
        Self {
            shared,
            account,
            operator,
            presence: None,
            groups: Vec::new(),
            slots: Slots::new([]),
            work: work::Work::default(),
            proposals: BTreeMap::new(),
            offers: Vec::new(),
            outlets,
            timer: None,
            gives_back: None,
            at_work: None,
            rang: None,
            over: false,
        }
    }

    /// Reads everything from the store; the mailbox waits meanwhile.
    fn read(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { stored(&shared, account, operator).await };
        wait_for(ctx, reading, |actor: &mut Self, reading: Reading, ctx| actor.loaded(reading, ctx));
    }

    fn loaded(&mut self, reading: Reading, ctx: &mut Context<Self>) {
        match reading {
            Ok(Some(stored)) => {
                let now = self.shared.now();
                let row = stored.presence;
                self.work_begins(&row, stored.slots);
                let (away_after, grace) = self.times(stored.rules);
                let presence = Presence::restored(row.status, row.since, now).with_expired(row.expired_in_a_row);
                let mut presence = presence.with_times(away_after, grace);
                for _ in 0..self.outlets.count() {
                    presence.handle_socket_joined(now);
                }
                self.member_of(stored.groups);
                self.offers = stored.offers.iter().map(|(offer, chat)| ring(offer, chat)).collect();
                self.tell_what_was_missed();
                if presence.status() == Status::Offline {
                    // Off-line was stored, and what rang was not taken back any more. In the grace it rings on.
                    self.withdraw_offers();
                }
                self.presence = Some(presence);
                self.announce();
                self.arm(ctx);
            }
            Ok(None) => self.presence = None,
            Err(error) => {
                tracing::warn!(operator = %self.operator, %error, "an operator could not be read, trying again soon");
                later(ctx, READ_AGAIN_AFTER, |actor, ctx| actor.read(ctx));
            }
        }
    }

    /// After a panic: the message that was at work may have been a ring, or the end of one.
    fn tell_what_was_missed(&mut self) {
        let Some(rang) = self.rang.take() else { return };
        for offer in self.offers.iter().filter(|offer| !rang.iter().any(|known| known.offer == offer.offer)) {
            self.tell(&OperatorNotice::Offer(offer.clone()));
        }
        for gone in rang.iter().filter(|known| !self.offers.iter().any(|offer| offer.offer == known.offer)) {
            let why = OfferEnd::Withdrawn;
            self.tell(&OperatorNotice::OfferGone { offer: gone.offer, chat: gone.chat, why, by: None });
        }
    }

    fn message(&mut self, message: ToOperator, ctx: &mut Context<Self>) {
        #[cfg(feature = "faults")]
        if crate::actors::faults::is_unheard_by_operator(&message) {
            return;
        }
        let now = self.shared.now();
        self.due_first(now, ctx);
        let wake = self.slots.next_wake();
        if let ToOperator::Load(load) | ToOperator::Freed(load) = &message {
            self.work_changes(load);
        }
        match message {
            ToOperator::Joined | ToOperator::Gone => self.count_sockets(now, ctx),
            ToOperator::Ring(offer) => {
                self.offers.retain(|other| other.offer != offer.offer);
                self.tell(&OperatorNotice::Offer((*offer).clone()));
                self.offers.push(*offer);
            }
            ToOperator::RingOver { offer, why, by } => self.ring_over(offer, why, by),
            ToOperator::Missed { until_away } => {
                self.change(ctx, |presence| presence.handle_offer_expired(until_away, now));
            }
            ToOperator::Owns => self.owns(ctx),
            ToOperator::Answered => self.change(ctx, |presence| presence.handle_offer_answered(now)),
            ToOperator::Load(load) => self.load(&load),
            ToOperator::Freed(load) => self.freed(&load),
            ToOperator::Bid { round, group, bid } => {
                let effects = self.slots.handle_bid(round, &group, bid, now);
                self.say_of_slots(effects);
            }
            ToOperator::Used { round, used } => {
                let effects = self.slots.handle_used(round, used, now);
                self.say_of_slots(effects);
            }
            ToOperator::Proposals { group, count, freed } => self.proposals(group, count, freed),
            ToOperator::Announce(group) => {
                if !self.groups.contains(&group) {
                    self.member_of(self.groups.iter().cloned().chain([group.clone()]).collect());
                }
                self.announce();
                self.tell_proposals_elsewhere(&group);
            }
            ToOperator::Active => self.change(ctx, |presence| presence.handle_activity(now)),
            ToOperator::Receiving => {
                self.tell_receiving(ctx);
                self.read_slots(ctx);
            }
            ToOperator::Rules => self.read_rules(ctx),
            ToOperator::MayNotWork => self.read_whether_gone(ctx),
            ToOperator::Reload => {
                self.read_groups(ctx);
                self.read_slots(ctx);
            }
            ToOperator::Resay => self.read_anew(ctx),
            ToOperator::LetGo => {
                self.say_work();
                self.over = true;
                self.presence = None;
                self.say_of_slots(vec![SlotsEffect::Open]);
                ctx.stop();
            }
        }
        if self.slots.next_wake() != wake {
            self.arm(ctx);
        }
    }

    /// The registry counts the sockets; messages only say that it is time to look.
    fn count_sockets(&mut self, now: Timestamp, ctx: &mut Context<Self>) {
        let open = u32::try_from(self.outlets.count()).unwrap_or(u32::MAX);
        let known = self.presence.as_ref().map_or(open, Presence::sockets);
        for _ in known..open {
            self.change(ctx, |presence| presence.handle_socket_joined(now));
        }
        for _ in open..known {
            self.change(ctx, |presence| presence.handle_socket_lost(now));
        }
    }

    fn set_status(&mut self, set: SetStatus, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let (id, status, now) = (set.id.clone(), set.status, self.shared.now());
        // Nothing else is handled until the store has answered: statuses take effect in the order they came.
        let storing = async move {
            let sender = operator.to_string();
            let digest = status as u64;
            if let Some(before) = shared.store.remembered(account, &sender, &id).await? {
                return Ok(if before.digest == digest { Change::Before } else { Change::OtherContent });
            }
            let answer = Remembered { digest, answer: String::from("{}") };
            shared.store.set_status(account, operator, status, now, Some((id, answer))).await?;
            Ok(Change::Now)
        };
        wait_for(ctx, storing, move |actor: &mut Self, stored: Result<Change, StoreError>, ctx| {
            let shared = Arc::clone(&actor.shared);
            let refuse = |failure: Failure| {
                set.outlet.push(shared.refusal(Some(&set.id), None, &failure));
            };
            match stored {
                Ok(Change::Now) => {
                    // The queues hear of it before the operator does.
                    actor.change(ctx, |presence| presence.handle_status(status, now));
                    shared.attendance.changed(actor.account);
                    set.outlet.push(frame::ack(&set.id, None, None));
                }
                Ok(Change::Before) => {
                    set.outlet.push(frame::ack(&set.id, None, None));
                }
                Ok(Change::OtherContent) => {
                    refuse(Failure::conflict(Why::Id, "this id was used with other content"));
                }
                Err(error) => {
                    tracing::warn!(operator = %actor.operator, %error, "a status was not stored");
                    refuse(Failure::unavailable());
                }
            }
            actor.at_work = None;
        });
    }

    fn change(&mut self, ctx: &mut Context<Self>, input: impl FnOnce(&mut Presence) -> Vec<PresenceEffect>) {
        self.say_work();
        let Some(presence) = &mut self.presence else { return };
        let effects = input(presence);
        for effect in effects {
            match effect {
                PresenceEffect::Status { status, since } => {
                    self.tell(&OperatorNotice::Status { status, since, why: None });
                }
                PresenceEffect::SetAway { since, why } => self.set_away(since, why, ctx),
                PresenceEffect::ExpiredInARow(count) => self.keep_expired(count, ctx),
                PresenceEffect::Lapsed { since } => self.lapsed(since),
                PresenceEffect::Lost => self.give_back_chats(ctx),
                PresenceEffect::Reception(_) => self.announce(),
                PresenceEffect::WithdrawOffers => self.withdraw_offers(),
            }
        }
        self.arm(ctx);
    }

    fn ring_over(&mut self, offer: OfferId, why: OfferEnd, by: Option<String>) {
        let before = self.offers.len();
        self.offers.retain(|other| other.offer != offer);
        if self.offers.len() < before {
            self.tell(&OperatorNotice::OfferGone { offer, chat: offer.chat, why, by });
        }
    }

    fn withdraw_offers(&self) {
        for offer in &self.offers {
            // One that is lost expires by itself.
            self.shared.to_session(
                self.account,
                offer.chat,
                Signal::Withdraw { offer: offer.offer, operator: self.operator },
                true,
            );
        }
    }

    fn tell(&self, notice: &OperatorNotice) {
        let text = frame::notice(notice);
        self.outlets.each(|outlet| {
            outlet.push(text.clone());
        });
    }

    fn read_groups(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { shared.store.memberships(account, None, Some(operator)).await };
        wait_for(ctx, reading, |actor: &mut Self, memberships: Result<Vec<Membership>, StoreError>, ctx| {
            let Ok(memberships) = memberships else {
                later(ctx, READ_AGAIN_AFTER, Self::read_groups);
                return;
            };
            actor.member_of(memberships.into_iter().map(|membership| membership.group).collect());
            actor.announce();
            actor.arm(ctx);
        });
    }

    /// Reads what rings, for news of it may be lost, and says it and the status again in all windows.
    fn read_offers(&mut self, ctx: &mut Context<Self>) {
        let (shared, account, operator) = (Arc::clone(&self.shared), self.account, self.operator);
        let reading = async move { offers(&shared, account, operator).await };
        wait_for(ctx, reading, |actor: &mut Self, offers: Result<Vec<(OfferRow, ChatRecord)>, StoreError>, ctx| {
            if let Ok(offers) = offers {
                let now: Vec<Offer> = offers.iter().map(|(offer, chat)| ring(offer, chat)).collect();
                for over in std::mem::take(&mut actor.offers) {
                    if !now.iter().any(|offer| offer.offer == over.offer) {
                        let (offer, why) = (over.offer, OfferEnd::Withdrawn);
                        actor.tell(&OperatorNotice::OfferGone { offer, chat: offer.chat, why, by: None });
                    }
                }
                actor.offers = now;
            }
            for offer in &actor.offers {
                actor.tell(&OperatorNotice::Offer(offer.clone()));
            }
            if let Some(presence) = &actor.presence {
                let (status, since) = (presence.status(), presence.since());
                actor.tell(&OperatorNotice::Status { status, since, why: None });
            }
            let now = actor.shared.now();
            actor.count_sockets(now, ctx);
            actor.announce();
            actor.arm(ctx);
        });
    }
}

/// What storing a status came to.
enum Change {
    /// It is stored now.
    Now,
    /// The same command did it earlier.
    Before,
    /// The id was used for something else.
    OtherContent,
}

/// How soon an operator is read again after the store did not answer.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(500);

async fn stored(shared: &Shared, account: AccountId, operator: OperatorId) -> Reading {
    let Some(presence) = shared.store.own_presence(account, operator).await? else { return Ok(None) };
    let (memberships, receiving) = receiving(shared, account, operator).await?;
    let slots = work::slots_in(&receiving);
    let groups = memberships.into_iter().map(|membership| membership.group).collect();
    let offers = offers(shared, account, operator).await?;
    let rules = shared.store.presence_rules(account).await?;
    Ok(Some(Stored { presence, groups, slots, offers, rules }))
}

async fn offers(
    shared: &Shared,
    account: AccountId,
    operator: OperatorId,
) -> Result<Vec<(OfferRow, ChatRecord)>, StoreError> {
    let mut offers = Vec::new();
    for offer in shared.store.offers_of(account, operator).await? {
        if let Some(chat) = shared.store.chat(account, offer.id.chat).await? {
            offers.push((offer, chat));
        }
    }
    Ok(offers)
}

fn ring(offer: &OfferRow, chat: &ChatRecord) -> Offer {
    Offer {
        offer: offer.id,
        chat: chat.id,
        group: offer.group.clone(),
        visitor: chat.row_visitor(),
        question: chat.head.question.clone(),
        kind: offer.kind,
        queued_at: chat.head.queued_at,
        expires_at: Some(offer.expires_at),
        from: offer.asked.as_ref().map(|asked| asked.from.clone()),
        reason: offer.asked.as_ref().and_then(|asked| asked.reason.clone()),
    }
}

impl Actor for OperatorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.over {
            return;
        }
        (self.timer, self.gives_back) = (None, None);
        self.read(ctx);
        every(ctx, LOOK_EVERY, |actor, _| actor.say_work());
    }
}

impl Supervised for OperatorActor {}

impl Drop for OperatorActor {
    fn drop(&mut self) {
        self.shared.metrics.actors_operator.decrement(1.0);
    }
}

impl Guarded for OperatorActor {
    const KIND: &'static str = "operator";

    fn discard(&mut self) {
        self.presence = None;
        // Read again, the operator is announced, and who can be rung is asked for anew.
        self.slots = Slots::new([]);
        self.say_of_slots(vec![SlotsEffect::Open]);
        let offers = std::mem::take(&mut self.offers);
        // A second panic before the first was made good: what rang before the first is what windows know.
        self.rang.get_or_insert(offers);
        if let Some((outlet, id)) = self.at_work.take() {
            outlet.push(self.shared.refusal(Some(&id), None, &Failure::unavailable()));
        }
    }

    fn panicked(&self) {
        self.shared.metrics.restarted(Self::KIND);
    }
}

impl Handler<ToOperator> for OperatorActor {
    type Result = ();

    fn handle(&mut self, message: ToOperator, ctx: &mut Self::Context) {
        guarded(self, ctx, |actor, ctx| actor.message(message, ctx));
    }
}

impl Handler<SetStatus> for OperatorActor {
    type Result = ();

    fn handle(&mut self, set: SetStatus, ctx: &mut Self::Context) {
        self.at_work = Some((set.outlet.clone(), set.id.clone()));
        guarded(self, ctx, |actor, ctx| actor.set_status(set, ctx));
    }
}

impl Handler<OperatorState> for OperatorActor {
    type Result = MessageResult<OperatorState>;

    fn handle(&mut self, _: OperatorState, ctx: &mut Self::Context) -> Self::Result {
        let snapshot = guarded(self, ctx, |actor, _| {
            let presence = actor.presence.as_ref()?;
            let (status, since, is_here) = (presence.status(), presence.since(), presence.sockets() > 0);
            let (grace, offers) = (presence.grace(), actor.offers.clone());
            Some(OperatorSnapshot { status, since, is_here, grace, offers })
        });
        MessageResult(snapshot.flatten())
    }
}
