//! How many slots the members of a group have, and how many of them are left.

use crate::domain::limits::UNLIMITED_COUNTS_AS;
use crate::domain::operator::{Load, Reception};
use crate::domain::routing::roster::Member;

/// Slots of the members of a group who receive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Members who receive.
    pub receiving: u32,
    /// The most that each may hold in the group, summed; unlimited counts as [`UNLIMITED_COUNTS_AS`].
    pub slots: u32,
    /// In use by chats of the group.
    pub used: u32,
    /// Held by open offers of the group.
    pub reserved: u32,
    /// What is left of each, overall and in the group: with chats of other groups less than `slots` without the others.
    pub free: u32,
}

impl Capacity {
    /// That of these members.
    pub fn of<'a>(members: impl IntoIterator<Item = &'a Member>) -> Self {
        let receiving = |member: &&Member| member.active && member.reception != Reception::None;
        members.into_iter().filter(receiving).fold(Self::default(), Self::with)
    }

    fn with(self, member: &Member) -> Self {
        let limits = [member.limit, member.group_limit].into_iter().flatten().min();
        let most = limits.unwrap_or(UNLIMITED_COUNTS_AS);
        let here = Load { held: member.group_held, reserved: member.group_reserved, limit: Some(most) };
        let overall = Load { held: member.held, reserved: member.reserved, limit: member.limit };
        Self {
            receiving: self.receiving + 1,
            slots: self.slots.saturating_add(most),
            used: self.used.saturating_add(member.group_held),
            reserved: self.reserved.saturating_add(member.group_reserved),
            free: self.free.saturating_add(here.room().min(overall.room())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::group::Handling;
    use crate::domain::ids::OperatorId;
    use crate::domain::skills::Skills;
    use crate::domain::time::Timestamp;

    /// Somebody who receives, with a limit overall and one in the group.
    fn member(limit: Option<u32>, group_limit: Option<u32>) -> Member {
        Member {
            operator: OperatorId(uuid::Uuid::from_u128(1)),
            name: "Joe".into(),
            handling: Handling::Primary,
            active: true,
            limit,
            group_limit,
            reception: Reception::Ready { since: Timestamp::EPOCH },
            held: 0,
            reserved: 0,
            group_held: 0,
            group_reserved: 0,
            last_ended_at: None,
            version: 1,
            skills: Skills::default(),
        }
    }

    fn free(member: Member) -> u32 {
        Capacity::of([&member]).free
    }

    #[test]
    fn who_is_full_with_chats_of_other_groups_has_nothing_left_here() {
        assert_eq!(free(Member { held: 3, ..member(Some(3), None) }), 0);
        assert_eq!(free(Member { held: 1, reserved: 1, ..member(Some(3), Some(2)) }), 1, "one of the three is left");
        assert_eq!(free(Member { held: 2, group_held: 2, ..member(Some(3), Some(2)) }), 0, "the group's two are used");
        assert_eq!(free(Member { held: 9, group_held: 2, ..member(None, Some(5)) }), 3);
    }

    #[test]
    fn an_unlimited_member_counts_as_ten() {
        assert_eq!(free(member(None, None)), 10);
        assert_eq!(free(Member { held: 12, group_held: 4, ..member(None, None) }), 6);
        assert_eq!(free(Member { held: 12, group_held: 12, ..member(None, None) }), 0);
    }

    #[test]
    fn slots_are_those_of_members_who_receive() {
        let joe = Member { held: 2, group_held: 1, group_reserved: 1, reserved: 1, ..member(Some(5), Some(3)) };
        let sue = Member { held: 4, ..member(Some(4), None) };
        let gone = Member { reception: Reception::None, ..member(Some(7), None) };
        let paused = Member { active: false, ..member(Some(7), None) };
        let found = Capacity::of([&joe, &sue, &gone, &paused]);
        assert_eq!(found, Capacity { receiving: 2, slots: 7, used: 1, reserved: 1, free: 1 });
    }
}
