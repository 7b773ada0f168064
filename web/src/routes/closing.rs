//! Removing what chats depend on: what becomes of them is chosen explicitly, by the query, or nothing is removed.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::Duration;

use engine::domain::closing::{Closing, HeldChats, WaitingChats};
use engine::domain::ids::{AccountId, GroupId, OperatorId};
use engine::domain::limits::CLOSING_ANSWERED_WITHIN;
use engine::ports::journal::ChatQuery;
use engine::protocol::error::{Failure, Why};
use engine::protocol::operator::ChatFilter;
use engine::protocol::visitor::ChatPhase;
use serde::{Deserialize, Serialize};

use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

/// How often it is looked whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the query of `DELETE /groups/{id}` says.
#[derive(Debug, Deserialize)]
pub struct GroupChoice {
    waiting: Option<String>,
    to: Option<String>,
}

/// What the query says that takes an operator's work away.
#[derive(Debug, Deserialize)]
pub struct OperatorChoice {
    chats: Option<String>,
}

/// Chats that are in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InTheWay {
    waiting: u32,
    running: u32,
}

/// What is shown of a thing that may be about to be gone. It says nothing of the version: whoever changes the thing
/// changes it as it was seen, whether it goes or not.
#[derive(Debug, Serialize)]
pub struct Shown<T> {
    #[serde(flatten)]
    thing: Versioned<T>,
    closing: bool,
}

impl<T: Serialize> Shown<T> {
    /// With whether it is about to be gone.
    pub fn of(view: T, closing: bool) -> Self {
        Self { thing: Versioned::of(view), closing }
    }
}

impl<T> Deref for Shown<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}

/// The groups of an account that are about to be gone.
pub async fn groups_of(state: &AppState, account: AccountId) -> Result<BTreeSet<GroupId>, Problem> {
    let all = state.store.closings().await?.into_iter().filter(|(of, _)| *of == account);
    let groups = all.filter_map(|(_, closing)| match closing {
        Closing::Group { group, .. } => Some(group),
        Closing::Operator { .. } => None,
    });
    Ok(groups.collect())
}

/// The same with operators; one who is only disabled stays.
pub async fn operators_of(state: &AppState, account: AccountId) -> Result<BTreeSet<OperatorId>, Problem> {
    let all = state.store.closings().await?.into_iter().filter(|(of, _)| *of == account);
    let operators = all.filter_map(|(_, closing)| match closing {
        Closing::Operator { operator, delete: true, .. } => Some(operator),
        Closing::Operator { .. } | Closing::Group { .. } => None,
    });
    Ok(operators.collect())
}

impl GroupChoice {
    /// # Errors
    /// `invalid`: something else than the two, or no group to move them to.
    pub fn read(&self) -> Result<Option<WaitingChats>, Failure> {
        match (self.waiting.as_deref(), self.to.as_deref()) {
            (None, None) => Ok(None),
            (Some("end"), None) => Ok(Some(WaitingChats::End)),
            (Some("move"), Some(to)) => {
                let to: GroupId = to.parse().map_err(|bad| Failure::bad_id("to", &bad))?;
                Ok(Some(WaitingChats::Move(to)))
            }
            (Some("move"), None) => Err(Failure::invalid("to", "expected the group that gets the chats")),
            _ => Err(Failure::invalid("waiting", "expected end, or move with the group in to")),
        }
    }
}

impl OperatorChoice {
    /// # Errors
    /// `invalid`: something else than the two.
    pub fn read(&self) -> Result<Option<HeldChats>, Failure> {
        match self.chats.as_deref() {
            None => Ok(None),
            Some("requeue") => Ok(Some(HeldChats::Requeue)),
            Some("end") => Ok(Some(HeldChats::End)),
            Some(_) => Err(Failure::invalid("chats", "expected requeue or end")),
        }
    }
}

/// Chats that wait or run in a group.
pub async fn of_group(state: &AppState, account: AccountId, group: &GroupId) -> Result<InTheWay, Problem> {
    let filter = |phase| ChatFilter { state: Some(phase), group: Some(group.clone()), operator: None };
    let waiting = count(state, account, filter(ChatPhase::Waiting)).await?;
    let running = count(state, account, filter(ChatPhase::Active)).await?;
    Ok(InTheWay { waiting, running })
}

/// Chats that an operator holds, those as a guest too.
pub async fn of_operator(state: &AppState, account: AccountId, operator: OperatorId) -> Result<InTheWay, Problem> {
    let filter = ChatFilter { state: Some(ChatPhase::Active), operator: Some(operator), group: None };
    let owned = count(state, account, filter).await?;
    let as_guest = state.store.chats_as_guest(account, operator).await?.len();
    Ok(InTheWay { waiting: 0, running: owned.saturating_add(u32::try_from(as_guest).unwrap_or(u32::MAX)) })
}

async fn count(state: &AppState, account: AccountId, filter: ChatFilter) -> Result<u32, Problem> {
    let query = ChatQuery { filter, limit: 1, count: true, ..ChatQuery::default() };
    Ok(state.store.chats(account, &query).await?.total)
}

impl InTheWay {
    /// Whether nothing is.
    pub fn nothing(self) -> bool {
        self == Self { waiting: 0, running: 0 }
    }

    /// The refusal of whoever has not chosen what becomes of a group's chats.
    pub fn group_needs_choice(self) -> Problem {
        let Self { waiting, running } = self;
        let words = format!(
            "{waiting} chats wait and {running} run in the group: say whether those who wait shall end (waiting=end) or \
             wait on elsewhere (waiting=move&to=GROUP); running chats go on, and the group goes with the last of them"
        );
        Failure::conflict(Why::State, words).into()
    }

    /// The same for an operator's.
    pub fn operator_needs_choice(self) -> Problem {
        let words = format!(
            "the operator has {} running chats: say whether they shall wait again at the front (chats=requeue) or end \
             (chats=end)",
            self.running
        );
        Failure::conflict(Why::State, words).into()
    }
}

/// Begins it; whoever sees to it goes on without us.
///
/// # Errors
/// `not_found`; `conflict`: the group that shall get the chats is not there; the store's.
pub async fn begin(state: &AppState, account: AccountId, closing: &Closing) -> Result<(), Problem> {
    if !state.store.begin_closing(account, closing).await? {
        let what = if matches!(closing, Closing::Group { .. }) { "group" } else { "operator" };
        return Err(Failure::not_found(what).into());
    }
    match closing {
        // Its members do not receive from it any more.
        Closing::Group { .. } => state.staff_changes.changed(account, StaffChange::Profile).await,
        Closing::Operator { operator, .. } => {
            state.staff_changes.changed(account, StaffChange::OperatorGone(*operator)).await;
        }
    }
    state.staff_changes.changed(account, StaffChange::Closing).await;
    Ok(())
}

/// Begins it, and waits a while for its end: 204; 202 with what is in the way still, which goes on without us.
///
/// # Errors
/// See [`begin`].
pub async fn close(state: &AppState, account: AccountId, closing: Closing) -> Result<Answer, Problem> {
    begin(state, account, &closing).await?;
    let key = closing.key();
    let until = tokio::time::Instant::now() + CLOSING_ANSWERED_WITHIN;
    loop {
        let closings = state.store.closings().await?;
        if !closings.iter().any(|(of, one)| *of == account && one.key() == key) {
            return Ok(Answer::done());
        }
        let left = match &closing {
            Closing::Group { group, .. } => of_group(state, account, group).await?,
            Closing::Operator { operator, .. } => of_operator(state, account, *operator).await?,
        };
        // Running chats of a group end when people end them.
        let people = matches!(closing, Closing::Group { .. }) && left.waiting == 0 && left.running > 0;
        if people || tokio::time::Instant::now() >= until {
            return Answer::accepted(&left);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
