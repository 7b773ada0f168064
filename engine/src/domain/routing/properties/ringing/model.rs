//! Who must hear which chat, found by looking at all members and all chats.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChatId, Handling, Member, Need, OperatorId, Reception, Ringing, Row};
use crate::domain::limits::RING_ALL_CHATS_MAX;

impl Ringing {
    /// After a call, before which it rang at these.
    pub(super) fn must_ring_rightly(&mut self, before: &BTreeMap<ChatId, BTreeSet<OperatorId>>) {
        let when = format!("seed {}, step {}", self.seed, self.step);
        let mut order: Vec<(i64, ChatId)> = self
            .chats
            .iter()
            .map(|(chat, row)| (row.entered_at.millis() - 60_000 * i64::from(row.priority), *chat))
            .collect();
        order.sort_unstable();
        let (nobody, mut ringing) = (BTreeSet::new(), 0);
        for (ahead, (_, chat)) in order.into_iter().enumerate() {
            let row = &self.chats[&chat];
            let known: BTreeSet<OperatorId> = self.desk.rings_at_all(chat).collect();
            assert_eq!(known, row.rung, "{when}: what was said of {chat:?} is what is known");
            let hear = self.hear(row, before.get(&chat).unwrap_or(&nobody));
            if ringing >= RING_ALL_CHATS_MAX {
                assert!(row.rung.is_empty(), "{when}: {chat:?} has to wait for its turn");
                self.seen.in_line += usize::from(!hear.is_empty());
                continue;
            }
            let (rung, not) = (&row.rung, hear.difference(&row.rung).collect::<Vec<_>>());
            assert!(not.is_empty(), "{when}: {not:?} must hear it, {chat:?} with {ahead} before it, and {rung:?} do");
            let too: Vec<_> = row.rung.difference(&hear).collect();
            assert!(too.is_empty(), "{when}: it must not ring at {too:?} for {chat:?}, only at {hear:?}");
            ringing += usize::from(!row.rung.is_empty());
            self.seen.passed += usize::from(!row.rung.is_empty() && ahead >= RING_ALL_CHATS_MAX);
        }
    }

    /// Who has to hear a chat whose turn it is: whoever is free and comes first, and whoever it rings at and may come
    /// back to it.
    fn hear(&self, row: &Row, before: &BTreeSet<OperatorId>) -> BTreeSet<OperatorId> {
        if row.elsewhere {
            return BTreeSet::new();
        }
        let rings_on = |member: &&Member| {
            let lost = matches!(member.reception, Reception::Grace { .. }) && works(member);
            lost && before.contains(&member.operator) && self.has_rested(row, member.operator)
        };
        let ringing_on: Vec<&Member> = self.members.values().filter(rings_on).collect();
        if let Some(only) = self.awaited(row) {
            let free = self.members.values().filter(|member| is_free(member));
            return free.chain(ringing_on).map(|member| member.operator).filter(|operator| *operator == only).collect();
        }
        let named = row.wanted.filter(|wanted| !was_tried(row, *wanted));
        let named_and_free = named.filter(|named| is_free(&self.members[named]));
        if let Some(named) = named_and_free.filter(|named| before.iter().all(|rung| rung == named)) {
            return [named].into();
        }
        let able = |member: &&Member| self.is_able(row, member);
        let free: Vec<&Member> = self.members.values().filter(|member| is_free(member)).filter(able).collect();
        let fresh: Vec<&Member> = free.iter().copied().filter(|member| !was_tried(row, member.operator)).collect();
        let again = || free.iter().copied().filter(|member| self.has_rested(row, member.operator)).collect();
        let may: Vec<&Member> = if fresh.is_empty() { again() } else { fresh };
        let first: Option<Handling> = may.iter().map(|member| member.handling).min();
        let stays = |member: &&Member| {
            let first = first.is_none_or(|first| member.handling <= first);
            named == Some(member.operator) || (first && able(member))
        };
        let may = may.into_iter().filter(|member| Some(member.handling) == first);
        let all = may.chain(ringing_on.into_iter().filter(stays));
        all.map(|member| member.operator).chain(named_and_free).collect()
    }

    /// The only one whom the chat is for, for now.
    fn awaited(&self, row: &Row) -> Option<OperatorId> {
        let (for_wanted, for_last) = self.waits_s;
        let awaited = row.wanted.map(|wanted| (wanted, for_wanted)).or(row.last.map(|last| (last, for_last)));
        let (operator, waits_s) = awaited.filter(|(operator, _)| !was_tried(row, *operator))?;
        (self.now.since(row.entered_at).as_secs() < u64::from(waits_s)).then_some(operator)
    }

    /// Whether a member can what is still asked for.
    fn is_able(&self, row: &Row, member: &Member) -> bool {
        let waited = self.now.since(row.entered_at).as_secs();
        let given_up = self.relaxed_every_s.map_or(0, |every| waited / u64::from(every));
        let kept = row.needs.len().saturating_sub(given_up as usize);
        let can = |need: &Need| member.skills.get(&need.skill).is_some_and(|level| *level >= need.level);
        row.needs[..kept].iter().all(can)
    }

    fn has_rested(&self, row: &Row, operator: OperatorId) -> bool {
        let let_go = row.tried.iter().find(|tried| tried.operator == operator);
        let_go.is_none_or(|let_go| self.now.since(let_go.at).as_secs() >= 15)
    }
}

fn was_tried(row: &Row, operator: OperatorId) -> bool {
    row.tried.iter().any(|tried| tried.operator == operator)
}

fn works(member: &Member) -> bool {
    member.active && member.handling != Handling::Pull
}

fn is_free(member: &Member) -> bool {
    works(member)
        && matches!(member.reception, Reception::Ready { .. })
        && member.limit.is_none_or(|limit| member.held < limit)
        && member.group_limit.is_none_or(|limit| member.group_held < limit)
}
