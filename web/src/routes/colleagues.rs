//! Who could be asked to take a chat over or to come in: every member of a group, with status and free slots.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use engine::domain::group::{Handling, Status};
use engine::domain::ids::{GroupId, OperatorId};
use engine::domain::permission::Permission;
use engine::domain::time::Timestamp;
use engine::ports::presence::RosterRow;
use serde::Serialize;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::page::PageQuery;
use crate::state::AppState;

/// `GET /colleagues`
pub async fn list(
    state: web::Data<AppState>,
    who: SignedIn,
    query: web::Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let operators = state.store.operators(who.account).await?.into_iter();
    let mut colleagues: BTreeMap<OperatorId, ColleagueView> = BTreeMap::new();
    let enabled: BTreeSet<OperatorId> = operators.filter(|one| !one.disabled).map(|one| one.id).collect();
    for group in state.store.groups(who.account).await? {
        for row in state.store.roster(who.account, &group.id).await? {
            if enabled.contains(&row.operator) {
                let colleague = colleagues.entry(row.operator).or_insert_with(|| ColleagueView::of(&row));
                colleague.groups.extend(row.active.then(|| Place::of(&group.id, &row)));
            }
        }
    }
    let key = |view: &ColleagueView| format!("{}\u{0}{}", view.name, view.id);
    Ok(HttpResponse::Ok().json(query.part(colleagues.into_values().collect(), key)?))
}

/// Slots that are left: those of chats and of what rings are taken. None is no limit.
fn left(limit: Option<u32>, held: u32, reserved: u32) -> Option<u32> {
    limit.map(|limit| limit.saturating_sub(held.saturating_add(reserved)))
}

#[derive(Debug, Serialize)]
struct ColleagueView {
    id: OperatorId,
    name: String,
    status: Status,
    since: Timestamp,
    held: u32,
    limit: Option<u32>,
    /// Those in which they receive now.
    groups: Vec<Place>,
}

impl ColleagueView {
    fn of(row: &RosterRow) -> Self {
        let &RosterRow { operator: id, ref name, status, since, held, limit, .. } = row;
        Self { id, name: name.clone(), status, since, held, limit, groups: Vec::new() }
    }
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Place {
    id: GroupId,
    /// Slots for a chat of this group; none is no limit.
    free: Option<u32>,
    /// How chats of this group come: who pulls can be asked by name alone.
    handling: Handling,
}

impl Place {
    fn of(group: &GroupId, row: &RosterRow) -> Self {
        let overall = left(row.limit, row.held, row.reserved);
        let here = left(row.group_limit, row.group_held, row.group_reserved);
        Self { id: group.clone(), free: [overall, here].into_iter().flatten().min(), handling: row.handling }
    }
}

#[cfg(test)]
mod tests {
    use engine::domain::skills::Skills;

    use super::*;

    #[test]
    fn what_rings_takes_a_slot_and_the_narrower_limit_holds() {
        let row = RosterRow {
            operator: OperatorId(uuid::Uuid::from_u128(1)),
            name: "Bob".to_owned(),
            handling: Handling::Pull,
            active: true,
            group_limit: Some(3),
            limit: Some(5),
            held: 2,
            reserved: 1,
            group_held: 1,
            group_reserved: 1,
            status: Status::Online,
            since: Timestamp::EPOCH,
            last_ended_at: None,
            version: 1,
            skills: Skills::default(),
        };
        let support: GroupId = "support".parse().expect("a name");
        let free = |row: &RosterRow| Place::of(&support, row).free;
        assert_eq!(free(&row), Some(1));
        assert_eq!(free(&RosterRow { group_limit: None, ..row.clone() }), Some(2));
        assert_eq!(free(&RosterRow { group_limit: None, limit: None, ..row.clone() }), None);
        assert_eq!(free(&RosterRow { limit: Some(1), ..row }), Some(0), "a limit may be set below what is held");
    }
}
