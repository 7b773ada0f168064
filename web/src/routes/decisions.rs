//! Why a chat went to whom it went, and why one that waits still does: in words, with the names of today.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use engine::domain::group::{Handling, OfferMode};
use engine::domain::ids::{AccountId, GroupId, OperatorId};
use engine::domain::routing::{Because, Counts, Record, Still, words};
use engine::domain::time::Timestamp;
use engine::ports::decisions::DecisionRow;
use engine::ports::journal::ChatRecord;
use engine::ports::store::StoreError;
use engine::protocol::visitor::ChatPhase;
use serde::Serialize;

use crate::auth::SignedIn;
use crate::auth::sight;
use crate::error::Problem;
use crate::state::AppState;

/// `GET /chats/{id}/decisions`
pub async fn of_chat(
    state: web::Data<AppState>,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let chat = sight::chat(&state, &who, &id).await?;
    let still = match chat.head.state {
        ChatPhase::Waiting => state.waiting.why_still_waiting(who.account, &chat.head.group, chat.id).await,
        ChatPhase::Active | ChatPhase::Ended => None,
    };
    // After the question: what rings by its answer is among them.
    let rows = state.store.decisions(who.account, chat.id).await?;
    let kept: Vec<(&DecisionRow, Record)> = rows.iter().filter_map(|row| Some((row, row.record()?))).collect();
    let named =
        kept.iter().flat_map(|(_, record)| record.operators()).chain(still.iter().flat_map(|s| s.operators.clone()));
    let elsewhere = |row: &DecisionRow, record: &Record| record.helps || row.group != chat.head.group;
    let groups = kept.iter().filter(|(row, record)| elsewhere(row, record)).map(|(row, _)| row.group.clone());
    let names = Names::of(&state, who.account, named.collect(), groups.collect()).await?;
    let waiting = still.map(|still| names.waiting(&still, &chat, kept.last().map(|(row, _)| row.at)));
    let items = kept.iter().map(|(row, record)| names.decision(row, record, elsewhere(row, record))).collect();
    Ok(HttpResponse::Ok().json(Decisions { items, next: None, waiting }))
}

/// What operators are called now, and groups.
struct Names {
    operators: BTreeMap<OperatorId, String>,
    groups: BTreeMap<GroupId, String>,
}

impl Names {
    async fn of(
        state: &AppState,
        account: AccountId,
        operators: BTreeSet<OperatorId>,
        groups: BTreeSet<GroupId>,
    ) -> Result<Self, StoreError> {
        let mut names = Self { operators: BTreeMap::new(), groups: BTreeMap::new() };
        for operator in operators {
            if let Some(known) = state.store.operator(account, operator).await? {
                names.operators.insert(operator, known.name);
            }
        }
        for group in groups {
            if let Some(known) = state.store.group(account, &group).await? {
                names.groups.insert(group, known.name);
            }
        }
        Ok(names)
    }

    fn name(&self, operator: OperatorId) -> String {
        self.operators.get(&operator).cloned().unwrap_or_else(|| "somebody who was removed".to_owned())
    }

    fn named(&self, operator: OperatorId) -> Named {
        Named { operator, name: self.operators.get(&operator).cloned() }
    }

    fn group(&self, group: &GroupId) -> &str {
        self.groups.get(group).map_or("a group that was removed", String::as_str)
    }

    /// `elsewhere`: the chat waited, or is now, in another group than the one that decided.
    fn decision(&self, row: &DecisionRow, record: &Record, elsewhere: bool) -> DecisionView {
        let best = record.best.iter().map(|score| {
            let (used, of) = score.share.parts();
            BestView {
                who: self.named(score.operator),
                capacity_used: f64::from(used) / f64::from(of),
                chats: score.used,
                last_ended_at: score.last_ended_at,
                receiving_since: score.receiving_since,
            }
        });
        let members = record.members.iter().map(|member| MemberView {
            who: self.named(member.operator),
            reason: member.reason.as_str(),
            words: words::stands(record, *member),
        });
        DecisionView {
            seq: row.seq,
            at: row.at,
            group: row.group.clone(),
            words: words::sentence(record, elsewhere.then(|| self.group(&row.group)), |operator| self.name(operator)),
            chosen: record.chosen.iter().map(|operator| self.named(*operator)).collect(),
            more: record.more,
            handling: record.handling,
            because: record.because,
            mode: record.mode,
            counts: record.counts,
            best: best.collect(),
            members: members.collect(),
            roster_version: record.roster_version,
        }
    }

    /// What rings does so since the last decision, or, when it came to the queue after that, since then.
    fn waiting(&self, still: &Still, chat: &ChatRecord, decided_at: Option<Timestamp>) -> WaitingView {
        let queued_at = chat.head.queued_at;
        let since = still.since.or(decided_at).map_or(queued_at, |since| since.max(queued_at));
        WaitingView {
            group: chat.head.group.clone(),
            reason: still.reason.as_str(),
            words: words::still(still, |operator| self.name(operator)),
            since,
            operators: still.operators.iter().map(|operator| self.named(*operator)).collect(),
            more: still.more,
            counts: still.counts,
            roster_version: still.roster_version,
        }
    }
}

/// All that is told of a chat.
#[derive(Debug, Serialize)]
struct Decisions {
    items: Vec<DecisionView>,
    /// A chat keeps no more decisions than one page has.
    next: Option<String>,
    /// None where the chat does not wait.
    waiting: Option<WaitingView>,
}

#[derive(Debug, Serialize)]
struct Named {
    operator: OperatorId,
    /// None where the operator was removed.
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct DecisionView {
    /// The number of the event that came of it.
    seq: u32,
    at: Timestamp,
    group: GroupId,
    words: String,
    chosen: Vec<Named>,
    more: u32,
    handling: Handling,
    because: Because,
    mode: OfferMode,
    counts: Counts,
    best: Vec<BestView>,
    members: Vec<MemberView>,
    roster_version: u64,
}

#[derive(Debug, Serialize)]
struct BestView {
    #[serde(flatten)]
    who: Named,
    /// The part of the capacity in use, by which the order begins.
    capacity_used: f64,
    chats: u32,
    last_ended_at: Option<Timestamp>,
    receiving_since: Timestamp,
}

#[derive(Debug, Serialize)]
struct MemberView {
    #[serde(flatten)]
    who: Named,
    reason: &'static str,
    words: String,
}

#[derive(Debug, Serialize)]
struct WaitingView {
    group: GroupId,
    reason: &'static str,
    words: String,
    since: Timestamp,
    operators: Vec<Named>,
    more: u32,
    counts: Counts,
    roster_version: u64,
}
