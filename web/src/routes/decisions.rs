//! Why a chat went to whom it went, and why one that waits still does: in words, with the names of today.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use engine::domain::group::{Handling, OfferMode};
use engine::domain::ids::{AccountId, ChatId, GroupId, OperatorId};
use engine::domain::limits::{OVERFLOW_GROUPS_MAX, WHY_WAITING_WITHIN};
use engine::domain::routing::{Because, Counts, Record, Still, WhyStill, words};
use engine::domain::time::Timestamp;
use engine::ports::decisions::DecisionRow;
use engine::ports::journal::ChatRecord;
use engine::ports::store::StoreError;
use engine::protocol::visitor::ChatPhase;
use futures_util::future::join_all;
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
    let waits = match chat.head.state {
        ChatPhase::Waiting => Waits::of(&state, who.account, &chat).await?,
        ChatPhase::Active | ChatPhase::Ended => Waits::Not,
    };
    // After the question: what rings by its answer is among them.
    let rows = state.store.decisions(who.account, chat.id).await?;
    let kept: Vec<(&DecisionRow, Record)> = rows.iter().filter_map(|row| Some((row, row.record()?))).collect();
    let elsewhere = |row: &DecisionRow, record: &Record| record.helps || row.group != chat.head.group;
    let decided_by = kept.iter().filter(|(row, record)| elsewhere(row, record)).map(|(row, _)| row.group.clone());
    let operators = kept.iter().flat_map(|(_, record)| record.operators()).chain(waits.operators());
    let groups = decided_by.chain(waits.helpers()).collect();
    let names = Names::of(&state, who.account, operators.collect(), groups).await?;
    let (waiting, unanswered) = match &waits {
        Waits::Not => (None, None),
        Waits::Unanswered => (None, Some(words::unanswered())),
        Waits::For(still, helping) => {
            (Some(names.waiting(still, helping, &chat, kept.last().map(|(row, _)| row.at))), None)
        }
    };
    let items = kept.iter().map(|(row, record)| names.decision(row, record, elsewhere(row, record))).collect();
    Ok(HttpResponse::Ok().json(Decisions { items, next: None, waiting, unanswered }))
}

/// What one queue says, in time.
async fn ask(state: &AppState, account: AccountId, group: &GroupId, chat: ChatId) -> Option<Still> {
    let asked = state.waiting.why_still_waiting(account, group, chat);
    tokio::time::timeout(WHY_WAITING_WITHIN, asked).await.ok().flatten()
}

/// Why a chat waits, as its queue says, and those of the groups that help.
enum Waits {
    /// It does not.
    Not,
    /// It does, and its queue does not answer now.
    Unanswered,
    /// For that; how it stands where it looks too, where that is answered.
    For(Box<Still>, Vec<(GroupId, Option<Still>)>),
}

impl Waits {
    async fn of(state: &AppState, account: AccountId, chat: &ChatRecord) -> Result<Self, StoreError> {
        let Some(still) = ask(state, account, &chat.head.group, chat.id).await else {
            // Or it has ceased to wait while it was asked.
            let now = state.store.chat(account, chat.id).await?;
            let waits = now.is_some_and(|now| now.head.state == ChatPhase::Waiting);
            return Ok(if waits { Self::Unanswered } else { Self::Not });
        };
        let helpers = still.helpers.iter().take(OVERFLOW_GROUPS_MAX);
        let helping = helpers.map(|group| async move { (group.clone(), ask(state, account, group, chat.id).await) });
        let helping = join_all(helping).await;
        Ok(Self::For(Box::new(still), helping))
    }

    /// Whom it names.
    fn operators(&self) -> Vec<OperatorId> {
        let Self::For(still, helping) = self else { return Vec::new() };
        let all = helping.iter().filter_map(|(_, helps)| helps.as_ref()).chain([&**still]);
        all.flat_map(|still| still.operators.clone()).collect()
    }

    /// The groups that help.
    fn helpers(&self) -> Vec<GroupId> {
        let Self::For(_, helping) = self else { return Vec::new() };
        helping.iter().map(|(group, _)| group.clone()).collect()
    }
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
    fn waiting(
        &self,
        still: &Still,
        helping: &[(GroupId, Option<Still>)],
        chat: &ChatRecord,
        decided_at: Option<Timestamp>,
    ) -> WaitingView {
        let queued_at = chat.head.queued_at;
        let since = still.since.or(decided_at).map_or(queued_at, |since| since.max(queued_at));
        let rings = helping.iter().find_map(|(group, helps)| {
            let helps = helps.as_ref().filter(|helps| is_asking(helps.reason))?;
            (still.reason == WhyStill::RingingElsewhere).then_some((group, helps))
        });
        let asked = rings.map_or(still, |(_, helps)| helps);
        WaitingView {
            group: chat.head.group.clone(),
            reason: still.reason.as_str(),
            words: match rings {
                Some((group, helps)) => words::rings(helps, Some(self.group(group)), |operator| self.name(operator)),
                None => words::still(still, |operator| self.name(operator)),
            },
            since,
            until: still.until,
            operators: asked.operators.iter().map(|operator| self.named(*operator)).collect(),
            more: asked.more,
            counts: still.counts,
            roster_version: still.roster_version,
            helping: helping.iter().map(|(group, helps)| self.helping(group, helps.as_ref())).collect(),
        }
    }

    fn helping(&self, group: &GroupId, helps: Option<&Still>) -> HelpingView {
        HelpingView {
            group: group.clone(),
            name: self.groups.get(group).cloned(),
            reason: helps.map(|still| still.reason.as_str()),
            words: helps.map_or_else(
                || words::unanswered().to_owned(),
                |still| words::helping(still, |operator| self.name(operator)),
            ),
        }
    }
}

/// Whether it is this group that has somebody for the chat.
fn is_asking(why: WhyStill) -> bool {
    matches!(why, WhyStill::Ringing | WhyStill::BeingOffered)
}

/// All that is told of a chat.
#[derive(Debug, Serialize)]
struct Decisions {
    items: Vec<DecisionView>,
    /// A chat keeps no more decisions than one page has.
    next: Option<String>,
    /// None where the chat does not wait, or its queue does not answer.
    waiting: Option<WaitingView>,
    /// In words, where it waits and its queue does not say why now.
    unanswered: Option<&'static str>,
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
    /// When at most somebody is asked again, or anybody instead of the one for whom it waits.
    until: Option<Timestamp>,
    operators: Vec<Named>,
    more: u32,
    counts: Counts,
    roster_version: u64,
    /// How it stands in the groups that look for an operator too.
    helping: Vec<HelpingView>,
}

#[derive(Debug, Serialize)]
struct HelpingView {
    group: GroupId,
    /// None where the group was removed.
    name: Option<String>,
    /// None where its queue does not answer now.
    reason: Option<&'static str>,
    words: String,
}
