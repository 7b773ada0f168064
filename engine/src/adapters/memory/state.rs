//! All rows of the store in memory.

use std::collections::BTreeMap;

use crate::domain::chat::Guest;
use crate::domain::closing::{Closing, WaitingChats};
use crate::domain::event::{Sender, StoredEvent};
use crate::domain::group::{GroupSettings, Membership, Status};
use crate::domain::ids::{
    AccountId, BrandId, ChatId, CommandId, DepartmentId, GroupId, LeftMessageId, NodeId, OperatorId, ProfileId, Shard,
    VisitorId,
};
use crate::domain::limits::{FAILURES_REMEMBERED, FORGET_EVERY};
use crate::domain::operator::PresenceRules;
use crate::domain::report::Work;
use crate::domain::time::Timestamp;
use crate::domain::zone::Zone;
use crate::ports::contacts::ContactSettings;
use crate::ports::decisions::DecisionRow;
use crate::ports::journal::{ChatRecord, OfferRow, Remembered};
use crate::ports::left_messages::Leave;
use crate::ports::profiles::Profile;
use crate::ports::staff::{Account, Brand, Department, Failures, Operator, Session};
use crate::ports::store::StoreError;
use crate::ports::work::Whose;
use crate::protocol::visitor::{ChatPhase, MarkPair};

/// Rows by their keys.
#[derive(Default)]
pub(super) struct State {
    pub(super) closed: bool,
    pub(super) accounts: BTreeMap<AccountId, AccountRow>,
    pub(super) brands: BTreeMap<BrandId, Brand>,
    pub(super) departments: BTreeMap<(AccountId, DepartmentId), Department>,
    pub(super) profiles: BTreeMap<(AccountId, ProfileId), Profile>,
    pub(super) groups: BTreeMap<(AccountId, GroupId), GroupSettings>,
    pub(super) operators: BTreeMap<OperatorId, OperatorRow>,
    pub(super) memberships: BTreeMap<(AccountId, GroupId, OperatorId), MembershipRow>,
    pub(super) contacts: BTreeMap<(AccountId, String), ContactSettings>,
    pub(super) closings: BTreeMap<(AccountId, String), Closing>,
    pub(super) sessions: BTreeMap<[u8; 32], Session>,
    pub(super) failures: BTreeMap<String, (Failures, Timestamp)>,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
    pub(super) shards: BTreeMap<Shard, (u64, NodeId)>,
    pub(super) chats: BTreeMap<ChatId, ChatRow>,
    pub(super) births: BTreeMap<(AccountId, VisitorId, CommandId), BirthMemory>,
    pub(super) remembered: BTreeMap<(AccountId, String, CommandId), (Remembered, Timestamp)>,
    pub(super) left: BTreeMap<LeftMessageId, Leave>,
    pub(super) work: BTreeMap<(AccountId, Timestamp, Whose), Work>,
    forgot_at: Timestamp,
}

pub(super) struct AccountRow {
    pub(super) account: Account,
    pub(super) last_number: i64,
    pub(super) presence: Option<PresenceRules>,
    pub(super) time_zone: Zone,
}

pub(super) struct OperatorRow {
    pub(super) account: AccountId,
    pub(super) operator: Operator,
    pub(super) password_hash: String,
    pub(super) profile: Option<ProfileId>,
    pub(super) status: Status,
    pub(super) since: Timestamp,
    pub(super) expired_in_a_row: u32,
    pub(super) last_seen_at: Timestamp,
    pub(super) session_epoch: u64,
    pub(super) slots: Slots,
    pub(super) last_ended_at: Option<Timestamp>,
    pub(super) version: u64,
}

pub(super) struct MembershipRow {
    pub(super) membership: Membership,
    pub(super) slots: Slots,
}

/// How many are held, and how many are reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Slots {
    pub(super) held: u32,
    pub(super) reserved: u32,
}

pub(super) struct ChatRow {
    /// The owner's name is filled in when it is read.
    pub(super) record: ChatRecord,
    pub(super) events: Vec<StoredEvent>,
    pub(super) marks: BTreeMap<Sender, MarkPair>,
    pub(super) offers: BTreeMap<(u32, OperatorId), OfferRow>,
    pub(super) guests: Vec<Guest>,
    pub(super) decisions: Vec<DecisionRow>,
}

pub(super) struct BirthMemory {
    pub(super) digest: u64,
    pub(super) chat: ChatId,
    pub(super) visitor_seq: u32,
    pub(super) until: Timestamp,
}

impl Slots {
    /// Whether one more fits under the limit.
    pub(super) fn have_room(self, limit: Option<u32>) -> bool {
        limit.is_none_or(|limit| self.held + self.reserved < limit)
    }

    /// After a change; giving back what is not held leaves nothing, not less.
    pub(super) fn changed(self, (reserved, held): (i32, i32)) -> Self {
        Self { held: self.held.saturating_add_signed(held), reserved: self.reserved.saturating_add_signed(reserved) }
    }

    pub(super) fn pair(self) -> (u32, u32) {
        (self.held, self.reserved)
    }
}

impl State {
    /// Whether the group is about to be gone.
    pub(super) fn closes(&self, account: AccountId, group: &GroupId) -> bool {
        self.closings.contains_key(&(account, Closing::key_of_group(group)))
    }

    /// Whether chats of another group are on their way to this one.
    pub(super) fn lead_to(&self, account: AccountId, group: &GroupId) -> bool {
        let leads =
            |one: &Closing| matches!(one, Closing::Group { waiting: WaitingChats::Move(to), .. } if to == group);
        self.closings.iter().any(|((of, _), one)| *of == account && leads(one))
    }

    /// Whether the operator's profile, if any, has the group.
    pub(super) fn receives_from(&self, account: AccountId, row: &OperatorRow, group: &GroupId) -> bool {
        let Some(chosen) = &row.profile else { return true };
        self.profiles.get(&(account, chosen.clone())).is_some_and(|profile| profile.groups.contains(group))
    }

    /// An operator of the account.
    pub(super) fn operator(&self, account: AccountId, operator: OperatorId) -> Option<&OperatorRow> {
        self.operators.get(&operator).filter(|row| row.account == account)
    }

    /// The same, to be changed.
    pub(super) fn operator_mut(&mut self, account: AccountId, operator: OperatorId) -> Option<&mut OperatorRow> {
        self.operators.get_mut(&operator).filter(|row| row.account == account)
    }

    /// A chat of the account.
    pub(super) fn chat(&self, account: AccountId, chat: ChatId) -> Option<&ChatRow> {
        self.chats.get(&chat).filter(|row| row.record.account == account)
    }

    /// The same, to be changed.
    pub(super) fn chat_mut(&mut self, account: AccountId, chat: ChatId) -> Option<&mut ChatRow> {
        self.chats.get_mut(&chat).filter(|row| row.record.account == account)
    }

    /// All chats of an account.
    pub(super) fn chats_of(&self, account: AccountId) -> impl Iterator<Item = &ChatRow> {
        self.chats.values().filter(move |row| row.record.account == account)
    }

    /// A chat's row as it is handed out.
    pub(super) fn record(&self, row: &ChatRow) -> ChatRecord {
        let owner = row.record.head.owner.and_then(|owner| self.operator(row.record.account, owner));
        ChatRecord { owner_name: owner.map(|owner| owner.operator.name.clone()), ..row.record.clone() }
    }

    /// What an operator truly holds: in one group, or overall.
    pub(super) fn true_slots(&self, account: AccountId, operator: OperatorId, group: Option<&GroupId>) -> Slots {
        let mut slots = Slots::default();
        for chat in self.chats_of(account) {
            let head = &chat.record.head;
            let counts = head.state == ChatPhase::Active && head.owner == Some(operator);
            slots.held += u32::from(counts && group.is_none_or(|group| head.group == *group));
            let here = |guest: &&Guest| head.state == ChatPhase::Active && guest.person.id == operator;
            let guests = chat.guests.iter().filter(here);
            slots.held += guests.filter(|guest| group.is_none_or(|group| guest.group == *group)).count() as u32;
            let rung = chat.offers.values().filter(|offer| offer.holds && offer.operator == operator);
            slots.reserved += rung.filter(|offer| group.is_none_or(|group| offer.group == *group)).count() as u32;
        }
        slots
    }

    /// Forgets what has run out, now and then, in the time that the store is told.
    pub(super) fn told(&mut self, now: Timestamp) {
        if now.since(self.forgot_at) < FORGET_EVERY {
            return;
        }
        self.forgot_at = now;
        self.births.retain(|_, memory| memory.until > now);
        self.remembered.retain(|_, (_, until)| *until > now);
        self.sessions.retain(|_, session| session.expires_at > now);
        self.failures.retain(|_, (_, latest)| *latest > now - FAILURES_REMEMBERED);
    }
}

pub(super) fn conflict<T>(words: &str) -> Result<T, StoreError> {
    Err(StoreError::Conflict(words.into()))
}

/// Another `thing` has that field.
pub(super) fn taken<T>(field: &'static str, thing: &'static str) -> Result<T, StoreError> {
    Err(StoreError::Taken { field, thing })
}
