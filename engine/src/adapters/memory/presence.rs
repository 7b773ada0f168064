//! Presence, load and shards in memory.

use async_trait::async_trait;

use crate::adapters::memory::MemoryStore;
use crate::adapters::memory::state::{State, conflict};
use crate::domain::group::Status;
use crate::domain::ids::{AccountId, ChatId, CommandId, GroupId, NodeId, OperatorId, Shard};
use crate::domain::limits::{COMMANDS_REMEMBERED, SHARDS};
use crate::domain::operator::PresenceRules;
use crate::domain::time::Timestamp;
use crate::ports::journal::Remembered;
use crate::ports::presence::{Drift, Presence, PresenceRow, ReceivingOutcome, ReceivingSet, RosterRow, Watched};
use crate::ports::shards::{ShardRow, Shards};
use crate::ports::store::StoreError;
use crate::protocol::operator::{OperatorNow, ReceivingFrom};
use crate::protocol::visitor::ChatPhase;

#[async_trait]
impl Presence for MemoryStore {
    async fn own_presence(&self, account: AccountId, operator: OperatorId) -> Result<Option<PresenceRow>, StoreError> {
        let mut state = self.open()?;
        let Some(row) = state.operator_mut(account, operator) else { return Ok(None) };
        row.session_epoch += 1;
        Ok(Some(PresenceRow {
            operator,
            status: row.status,
            since: row.since,
            expired_in_a_row: row.expired_in_a_row,
            last_seen_at: row.last_seen_at,
            session_epoch: row.session_epoch,
            limit: row.operator.limit,
            held: row.slots.held,
            version: row.version,
        }))
    }

    async fn set_status(
        &self,
        account: AccountId,
        operator: OperatorId,
        status: Status,
        at: Timestamp,
        command: Option<(CommandId, Remembered)>,
    ) -> Result<(), StoreError> {
        let mut state = self.open()?;
        if state.operator(account, operator).is_none() {
            return conflict("there is no such operator");
        }
        if let Some((command, answer)) = command
            && !once(&mut state, account, operator, command, answer, at)?
        {
            return Ok(());
        }
        if let Some(row) = state.operator_mut(account, operator) {
            row.expired_in_a_row = 0;
            if row.status != status {
                (row.status, row.since) = (status, at);
            }
        }
        Ok(())
    }

    async fn set_expired_in_a_row(
        &self,
        account: AccountId,
        operator: OperatorId,
        count: u32,
    ) -> Result<(), StoreError> {
        if let Some(row) = self.open()?.operator_mut(account, operator) {
            row.expired_in_a_row = count;
        }
        Ok(())
    }

    async fn set_receiving(
        &self,
        account: AccountId,
        group: &GroupId,
        operator: OperatorId,
        active: bool,
        by: ReceivingSet,
    ) -> Result<ReceivingOutcome, StoreError> {
        let mut state = self.open()?;
        let key = (account, group.clone(), operator);
        if !state.memberships.contains_key(&key) {
            return Ok(ReceivingOutcome::NoMember);
        }
        let known = state.remembered.contains_key(&(account, by.sender.to_string(), by.command.clone()));
        if active && !known && state.closes(account, group) {
            return Ok(ReceivingOutcome::GroupCloses);
        }
        if once(&mut state, account, by.sender, by.command, by.answer, by.at)?
            && let Some(row) = state.memberships.get_mut(&key)
        {
            row.membership.active = active;
        }
        Ok(ReceivingOutcome::Set)
    }

    async fn presence_rules(&self, account: AccountId) -> Result<Option<PresenceRules>, StoreError> {
        Ok(self.open()?.accounts.get(&account).and_then(|row| row.presence))
    }

    async fn change_presence_rules(
        &self,
        account: AccountId,
        before: Option<PresenceRules>,
        after: PresenceRules,
    ) -> Result<bool, StoreError> {
        let mut state = self.open()?;
        let Some(row) = state.accounts.get_mut(&account).filter(|row| row.presence == before) else { return Ok(false) };
        row.presence = Some(after);
        Ok(true)
    }

    async fn seen(&self, operators: &[(AccountId, OperatorId)], at: Timestamp) -> Result<(), StoreError> {
        let mut state = self.open()?;
        for (account, operator) in operators {
            if let Some(row) = state.operator_mut(*account, *operator) {
                row.last_seen_at = row.last_seen_at.max(at);
            }
        }
        Ok(())
    }

    async fn roster(&self, account: AccountId, group: &GroupId) -> Result<Vec<RosterRow>, StoreError> {
        let state = self.open()?;
        let members = state.memberships.iter().filter(|((of, in_group, _), _)| *of == account && in_group == group);
        let rows = members.filter_map(|((_, _, operator), member)| {
            let row = state.operator(account, *operator)?;
            Some(RosterRow {
                operator: *operator,
                name: row.operator.name.clone(),
                handling: member.membership.handling,
                active: member.membership.active && state.receives_from(account, row, group),
                group_limit: member.membership.limit,
                limit: row.operator.limit,
                held: row.slots.held,
                reserved: row.slots.reserved,
                group_held: member.slots.held,
                group_reserved: member.slots.reserved,
                status: row.status,
                since: row.since,
                last_ended_at: row.last_ended_at,
                version: row.version,
                skills: row.operator.skills.clone(),
            })
        });
        Ok(rows.collect())
    }

    async fn attendance(&self, account: AccountId, of: &Watched) -> Result<Vec<OperatorNow>, StoreError> {
        let state = self.open()?;
        let memberships = state.memberships.iter().filter(|((in_account, ..), _)| *in_account == account);
        let (whose, groups): (Vec<OperatorId>, Option<&GroupId>) = match of {
            Watched::Members(group) => {
                let members = memberships.filter(|((_, in_group, _), _)| in_group == group);
                (members.map(|((.., operator), _)| *operator).collect(), Some(group))
            }
            Watched::Operator(operator) => (vec![*operator], None),
        };
        let found = whose.into_iter().filter_map(|operator| {
            let row = state.operator(account, operator)?;
            let theirs = state.memberships.iter().filter(|((of, in_group, who), _)| {
                *of == account && *who == operator && groups.is_none_or(|group| group == in_group)
            });
            let from = theirs.map(|((_, group, _), member)| ReceivingFrom {
                group: group.clone(),
                active: member.membership.active,
                left_out: !state.receives_from(account, row, group),
            });
            let (status, since, profile) = (row.status, row.since, row.profile.clone());
            Some(OperatorNow { operator, status, since, profile, groups: from.collect() })
        });
        Ok(found.collect())
    }

    async fn latest_moment(&self) -> Result<Option<Timestamp>, StoreError> {
        let state = self.open()?;
        let operators = state.operators.values();
        let operators = operators.flat_map(|row| [Some(row.last_seen_at), Some(row.since), row.last_ended_at]);
        let open = state.chats.values().map(|row| &row.record.head).filter(|head| head.state != ChatPhase::Ended);
        let chats = open.flat_map(|head| [Some(head.queued_at), head.assigned_at]);
        Ok(operators.chain(chats).flatten().max())
    }

    async fn recount(&self, account: AccountId) -> Result<Vec<Drift>, StoreError> {
        let mut state = self.open()?;
        let drifts = drifts(&state, account);
        for drift in &drifts {
            let slots = state.true_slots(account, drift.operator, drift.group.as_ref());
            if let Some(group) = &drift.group {
                let key = (account, group.clone(), drift.operator);
                if let Some(member) = state.memberships.get_mut(&key) {
                    member.slots = slots;
                }
            }
            if let Some(row) = state.operator_mut(account, drift.operator) {
                row.version += 1;
                if drift.group.is_none() {
                    row.slots = slots;
                }
            }
        }
        Ok(drifts)
    }
}

/// Remembers a command's answer; `false`: it was done before.
fn once(
    state: &mut State,
    account: AccountId,
    sender: OperatorId,
    command: CommandId,
    answer: Remembered,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let key = (account, sender.to_string(), command);
    match state.remembered.get(&key) {
        Some((earlier, _)) if earlier.digest == answer.digest => Ok(false),
        Some(_) => conflict("the same id with other content"),
        None => {
            state.remembered.insert(key, (answer, at + COMMANDS_REMEMBERED));
            Ok(true)
        }
    }
}

fn drifts(state: &State, account: AccountId) -> Vec<Drift> {
    let overall = state.operators.iter().filter(|(_, row)| row.account == account);
    let overall = overall.map(|(operator, row)| (*operator, None, row.slots));
    let in_groups = state.memberships.iter().filter(|((of, _, _), _)| *of == account);
    let in_groups = in_groups.map(|((_, group, operator), member)| (*operator, Some(group.clone()), member.slots));
    let compared = overall.chain(in_groups).filter_map(|(operator, group, counted)| {
        let truly = state.true_slots(account, operator, group.as_ref());
        let drift = Drift { operator, group, counted: counted.pair(), true_count: truly.pair() };
        (drift.counted != drift.true_count).then_some(drift)
    });
    let mut drifts: Vec<Drift> = compared.collect();
    drifts.sort_by(|a, b| (a.operator, &a.group).cmp(&(b.operator, &b.group)));
    drifts
}

#[async_trait]
impl Shards for MemoryStore {
    async fn shards(&self) -> Result<Vec<ShardRow>, StoreError> {
        let state = self.open()?;
        let all = (0..SHARDS).filter_map(|number| u8::try_from(number).ok()).map(Shard);
        Ok(all
            .map(|shard| match state.shards.get(&shard) {
                Some((epoch, owner)) => ShardRow { shard, epoch: *epoch, owner: Some(owner.clone()) },
                None => ShardRow { shard, epoch: 0, owner: None },
            })
            .collect())
    }

    async fn take_shards(&self, node: &NodeId, shards: &[Shard]) -> Result<Vec<ShardRow>, StoreError> {
        let mut state = self.open()?;
        let mut shards = shards.to_vec();
        shards.sort_unstable();
        shards.dedup();
        let take = |shard: Shard| {
            let epoch = state.shards.get(&shard).map_or(0, |(epoch, _)| *epoch) + 1;
            state.shards.insert(shard, (epoch, node.clone()));
            ShardRow { shard, epoch, owner: Some(node.clone()) }
        };
        Ok(shards.into_iter().map(take).collect())
    }

    async fn open_chats(&self, shards: &[Shard]) -> Result<Vec<(AccountId, ChatId)>, StoreError> {
        let state = self.open()?;
        let mut open: Vec<_> = state
            .chats
            .values()
            .map(|row| &row.record)
            .filter(|record| record.head.state != ChatPhase::Ended && shards.contains(&record.id.shard()))
            .map(|record| (record.started_at, record.id, record.account))
            .collect();
        open.sort_unstable();
        Ok(open.into_iter().map(|(_, chat, account)| (account, chat)).collect())
    }
}
