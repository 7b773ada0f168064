//! For whose sake a new chat enters another group of its department than the best one: whom the page names, or who
//! served the contact last. Such a chat is theirs to have only where they are a member.

use std::time::Duration;

use crate::actors::shared::Shared;
use crate::domain::group::{Availability, GroupSettings, Handling, RoutingRules, Status};
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, DepartmentId, GroupId, OperatorId};
use crate::domain::time::Timestamp;
use crate::ports::presence::RosterRow;
use crate::ports::store::StoreError;

/// The group in which somebody is free for the chat, or which waits for them; `None` where there is nobody, or no
/// choice. A group in which nobody receives is not entered for anybody's sake.
///
/// # Errors
/// The store does not answer.
pub(super) async fn group_for_the_sake_of(
    shared: &Shared,
    account: AccountId,
    department: Option<&DepartmentId>,
    wanted: Option<OperatorId>,
    contact: Option<&Identity>,
) -> Result<Option<(GroupId, Availability)>, StoreError> {
    let state = |group: GroupId| shared.board.entry(account, &group).map(|(_, state, _)| (group, state));
    let mut open: Vec<(GroupId, Availability)> =
        shared.board.groups(account, department).into_iter().filter_map(state).collect();
    if open.len() < 2 {
        return Ok(None);
    }
    open.retain(|(_, state)| *state != Availability::Offline);
    if let Some(wanted) = wanted {
        return best_of(shared, account, &open, wanted, |rules| Some(rules.wanted_operator_waits())).await;
    }
    let Some(contact) = contact else { return Ok(None) };
    let Some((last, served_at)) = shared.store.last_operator(account, contact).await? else { return Ok(None) };
    let now = shared.now();
    best_of(shared, account, &open, last, |rules| last_waits(rules, served_at, now)).await
}

/// How long a group waits for who served the contact then; `None`: it remembers nobody for so long.
fn last_waits(rules: &RoutingRules, served_at: Timestamp, now: Timestamp) -> Option<Duration> {
    (now.since(served_at) < rules.last_operator_for()).then(|| rules.last_operator_waits())
}

/// Of several groups one in which the operator is free now comes first, then the one that is best for visitors.
async fn best_of(
    shared: &Shared,
    account: AccountId,
    open: &[(GroupId, Availability)],
    operator: OperatorId,
    waits: impl Fn(&RoutingRules) -> Option<Duration>,
) -> Result<Option<(GroupId, Availability)>, StoreError> {
    let mut best: Option<(bool, Availability, GroupId)> = None;
    for membership in shared.store.memberships(account, None, Some(operator)).await? {
        let Some((group, state)) = open.iter().find(|(group, _)| *group == membership.group) else { continue };
        let settings: Option<GroupSettings> = shared.store.group(account, group).await?;
        let Some(waits) = settings.and_then(|settings| waits(&settings.rules)) else { continue };
        let roster = shared.store.roster(account, group).await?;
        let Some(row) = roster.iter().find(|row| row.operator == operator && row.handling != Handling::Pull) else {
            continue;
        };
        let free = is_free(row);
        let better = best.as_ref().is_none_or(|(was_free, was, _)| (free, *state) > (*was_free, *was));
        if better && (free || !waits.is_zero()) {
            best = Some((free, *state, group.clone()));
        }
    }
    Ok(best.map(|(_, state, group)| (group, state)))
}

fn is_free(row: &RosterRow) -> bool {
    row.active && row.status == Status::Online && row.has_free_slot()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::skills::Skills;

    fn row() -> RosterRow {
        RosterRow {
            operator: OperatorId(uuid::Uuid::from_u128(1)),
            name: "Mona".into(),
            handling: Handling::Secondary,
            active: true,
            group_limit: None,
            limit: Some(2),
            held: 1,
            reserved: 0,
            group_held: 0,
            group_reserved: 0,
            status: Status::Online,
            since: Timestamp::EPOCH,
            last_ended_at: None,
            version: 1,
            skills: Skills::default(),
        }
    }

    #[test]
    fn whoever_has_a_slot_and_is_there_is_free_for_a_chat() {
        assert!(is_free(&row()));
        assert!(!is_free(&RosterRow { status: Status::Away, ..row() }));
        assert!(!is_free(&RosterRow { active: false, ..row() }));
        assert!(!is_free(&RosterRow { reserved: 1, ..row() }));
        assert!(!is_free(&RosterRow { group_limit: Some(0), ..row() }));
        assert!(is_free(&RosterRow { limit: None, held: 70, ..row() }));
    }

    #[test]
    fn a_contact_is_remembered_for_as_long_as_the_group_says() {
        let rules = RoutingRules { last_operator_days: 2, last_operator_waits_s: 30, ..RoutingRules::default() };
        let days = |days: i64| Timestamp::from_millis(days * 86_400_000);
        assert_eq!(last_waits(&rules, days(10), days(11)), Some(Duration::from_secs(30)));
        assert_eq!(last_waits(&rules, days(10), days(12)), None);
        assert_eq!(last_waits(&RoutingRules::default(), days(10), days(10)), None, "unless set, nobody is remembered");
    }
}
