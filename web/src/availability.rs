//! Availability as the store knows it: from each group's roster. Right at every moment, at the price of a read.

use async_trait::async_trait;
use engine::domain::group::{Availability, GroupSettings, Handling, Status};
use engine::domain::ids::{AccountId, DepartmentId};
use engine::ports::presence::RosterRow;
use engine::ports::store::{SharedStore, StoreError};
use engine::protocol::error::Failure;

use crate::error::Problem;
use crate::state::AvailabilitySource;

/// Reads rosters from the store.
pub struct StoredAvailability(pub SharedStore);

#[async_trait]
impl AvailabilitySource for StoredAvailability {
    async fn availability(
        &self,
        account: AccountId,
        department: Option<&DepartmentId>,
    ) -> Result<Availability, Failure> {
        self.of(account, department).await.map_err(|error| Problem::from(error).failure)
    }
}

impl StoredAvailability {
    async fn of(&self, account: AccountId, department: Option<&DepartmentId>) -> Result<Availability, StoreError> {
        let mut best = Availability::Offline;
        let asked = |group: &GroupSettings| department.is_none_or(|department| group.department == *department);
        for group in self.0.groups(account).await?.into_iter().filter(asked) {
            let roster = self.0.roster(account, &group.id).await?;
            best = best.max(roster.iter().map(of_member).max().unwrap_or(Availability::Offline));
        }
        Ok(best)
    }
}

/// What one member makes of a group. A limit of 0 gets none, and so does not receive.
fn of_member(row: &RosterRow) -> Availability {
    let gets_none = row.limit == Some(0) || row.group_limit == Some(0);
    if row.status != Status::Online || !row.active || gets_none {
        return Availability::Offline;
    }
    if row.has_free_slot() || row.handling == Handling::Pull { Availability::Online } else { Availability::Busy }
}

#[cfg(test)]
mod tests {
    use engine::domain::ids::OperatorId;
    use engine::domain::skills::Skills;
    use engine::domain::time::Timestamp;

    use super::*;

    fn member() -> RosterRow {
        RosterRow {
            operator: OperatorId(uuid::Uuid::from_u128(1)),
            name: "Joe".to_owned(),
            handling: Handling::Primary,
            active: true,
            group_limit: None,
            limit: Some(2),
            held: 1,
            reserved: 0,
            group_held: 1,
            group_reserved: 0,
            status: Status::Online,
            since: Timestamp::EPOCH,
            last_ended_at: None,
            version: 1,
            skills: Skills::default(),
        }
    }

    #[test]
    fn a_visitor_is_told_whether_somebody_is_free_busy_or_not_there() {
        assert_eq!(of_member(&member()), Availability::Online);
        assert_eq!(of_member(&RosterRow { reserved: 1, ..member() }), Availability::Busy);
        assert_eq!(of_member(&RosterRow { group_limit: Some(1), ..member() }), Availability::Busy);
        assert_eq!(of_member(&RosterRow { held: 2, handling: Handling::Pull, ..member() }), Availability::Online);
        assert_eq!(of_member(&RosterRow { limit: None, held: 50, ..member() }), Availability::Online);
        for gone in [
            RosterRow { status: Status::Away, ..member() },
            RosterRow { active: false, ..member() },
            RosterRow { group_limit: Some(0), ..member() },
            RosterRow { limit: Some(0), ..member() },
        ] {
            assert_eq!(of_member(&gone), Availability::Offline, "{gone:?}");
        }
    }
}
