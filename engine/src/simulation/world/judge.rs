//! Looks at the whole centre: whether each chat is where it must be, and each proposal the right one. What the cores
//! believe is not asked; what the chats, the operators and the rules of the groups say is. The slots that a group holds for
//! what rings at all are nowhere else.

use std::time::Duration;

use crate::domain::group::OfferMode;
use crate::domain::ids::{GroupId, OperatorId};
use crate::domain::limits::RING_ALL_CHATS_MAX;
use crate::domain::queue::Place;
use crate::domain::skills::Need;
use crate::domain::time::Timestamp;
use crate::simulation::checker::{self, Beside, Violation};
use crate::simulation::world::{Open, Worker, World};

impl World<'_> {
    /// Every chat and every operator.
    pub(super) fn look_at_all(&mut self) {
        let found = self.everybody_waits_rightly();
        let mut owned = vec![0; self.workers.len()];
        self.chats.iter().flatten().filter_map(|open| open.at).for_each(|(worker, ..)| owned[worker] += 1);
        let owners = self.workers.iter().zip(owned);
        let found = found.and_then(|()| {
            owners.into_iter().try_for_each(|(worker, owned)| checker::one_owner(worker, owned, self.now))
        });
        self.must(found);
    }

    /// A proposal, before it is carried out. Only where everything is looked at all the time: it asks all who wait.
    pub(super) fn judge_proposal(&mut self, n: u32, group: &GroupId, operator: OperatorId) {
        if self.check_every == 1 {
            let found = self.proposal(n, group, operator);
            self.must(found);
        }
    }

    fn proposal(&self, n: u32, group: &GroupId, operator: OperatorId) -> Result<(), Violation> {
        let (Some(open), Some(line)) = (self.chats[n as usize].as_deref(), self.line(group)) else { return Ok(()) };
        let Some(index) = self.worker(operator) else { return Ok(()) };
        let Some(seat) = self.workers[index].seats.iter().find(|seat| seat.group == line) else { return Ok(()) };
        let held = self.held_elsewhere(&self.workers[index], line);
        let chosen = Beside::new(&self.workers[index], seat, &open.chat, held);
        let needs = self.needs(open, line, self.now);
        let others = self.beside(open, line);
        let before = self.needs(open, line, self.a_moment_ago());
        let others: Vec<_> = others.filter(|other| other.may_be_offered(before, self.now)).collect();
        checker::right_operator(&open.chat, needs, &chosen, &others, self.now)?;
        let place = self.place(open);
        let first = self.waiting.iter().filter_map(|other| self.chats[*other as usize].as_deref()).find(|other| {
            let sought = self.looks_in(other).any(|group| group == line);
            let free = self.needs_somebody(other) && self.place(other) < place && sought;
            let before = Beside::new(&self.workers[index], seat, &other.chat, held);
            free && before.may_be_offered(self.needs(other, line, self.a_moment_ago()), self.now)
        });
        match first {
            Some(first) => checker::waits_wrongly(&first.chat, &format!("is overtaken by {}", open.chat.id), self.now),
            None => Ok(()),
        }
    }

    fn everybody_waits_rightly(&self) -> Result<(), Violation> {
        let mut places = Vec::new();
        for open in self.waiting.iter().filter_map(|n| self.chats[*n as usize].as_deref()) {
            places.push((open.queue, self.place(open)));
            let in_queue = self.centre.desk(&self.lines[open.queue].id).map(|desk| desk.queue());
            if in_queue.is_none_or(|queue| queue.get(open.chat.id).is_none()) {
                return checker::waits_wrongly(&open.chat, "waits in no queue", self.now);
            }
            for line in self.looks_in(open).filter(|_| self.needs_somebody(open)) {
                let needs = self.needs(open, line, self.a_moment_ago());
                let mut beside = self.beside(open, line).filter(|one| one.may_be_offered(needs, self.now));
                if let Some(free) = beside.next().filter(|_| self.has_its_turn(open, line)) {
                    let how = format!("waits beside {}", free.worker.name);
                    return checker::waits_wrongly(&open.chat, &how, self.now);
                }
            }
        }
        places.sort_unstable();
        // Whoever is only helped by a group stands in its queue too.
        let helped = self.lines.iter().any(|line| line.rules.overflow.is_some());
        let (mut ahead, mut last) = (0, usize::MAX);
        for (line, place) in places.into_iter().filter(|_| !helped) {
            ahead = if line == last { ahead + 1 } else { 0 };
            last = line;
            let told = self.centre.desk(&self.lines[line].id).and_then(|desk| desk.queue().ahead(place.chat));
            if told != Some(ahead) {
                let what = format!("chat {} has {ahead} ahead, and is told {told:?}", place.chat);
                return Err(Violation { at_ms: self.now.millis(), what });
            }
        }
        Ok(())
    }

    /// Whether nobody is asked for a chat, and somebody may be.
    fn needs_somebody(&self, open: &Open) -> bool {
        let asked = open.chat.offer().is_some() || open.chat.ring().is_some();
        open.chat.is_waiting() && !asked && open.rests_until <= self.now
    }

    /// Where chats ring at all, only so many do at once: one waits while so many before it ring.
    fn has_its_turn(&self, open: &Open, line: usize) -> bool {
        if self.scenario.groups[line].offer_mode != OfferMode::RingAll {
            return true;
        }
        let place = self.place(open);
        let rings = |other: &&Open| other.chat.ring().is_some_and(|ring| ring.group == self.lines[line].id);
        let others = self.waiting.iter().filter_map(|n| self.chats[*n as usize].as_deref());
        others.filter(rings).filter(|other| self.place(other) < place).count() < RING_ALL_CHATS_MAX
    }

    fn beside<'s>(&'s self, open: &'s Open, line: usize) -> impl Iterator<Item = Beside<'s>> {
        self.lines[line].members.iter().map(move |(worker, seat)| {
            let worker = &self.workers[*worker];
            Beside::new(worker, &worker.seats[*seat], &open.chat, self.held_elsewhere(worker, line))
        })
    }

    fn held_elsewhere(&self, worker: &Worker, line: usize) -> u32 {
        let others = worker.seats.iter().filter(|seat| seat.group != line);
        let desks = others.filter_map(|seat| self.centre.desk(&self.lines[seat.group].id));
        u32::try_from(desks.flat_map(|desk| desk.held_for(worker.id)).count()).unwrap_or(u32::MAX)
    }

    /// The groups whose members may have a chat: its own, and after a while those that help.
    fn looks_in(&self, open: &Open) -> impl Iterator<Item = usize> {
        let overflow = self.lines[open.queue]
            .rules
            .overflow
            .as_ref()
            .filter(|overflow| open.chat.queued_at + Duration::from_secs(u64::from(overflow.after_s)) < self.now);
        let helping =
            overflow.into_iter().flat_map(|overflow| &overflow.groups).filter_map(move |group| self.line(group));
        std::iter::once(open.queue).chain(helping)
    }

    /// What a chat still asks for in a group at a moment.
    fn needs<'s>(&self, open: &'s Open, line: usize, at: Timestamp) -> &'s [Need] {
        let every = self.lines[line].rules.skill_relaxed_every_s.map_or(u64::MAX, |every| u64::from(every) * 1000);
        let steps = at.since(open.chat.queued_at).as_millis() as u64 / every;
        let left = open.needs.len().saturating_sub(usize::try_from(steps).unwrap_or(usize::MAX));
        &open.needs[..left]
    }

    fn place(&self, open: &Open) -> Place {
        Place::new(open.chat.id, open.chat.queued_at, self.scenario.groups[open.queue].priority)
    }

    /// What time alone changes is done by a timer that may be about to come in this very moment.
    fn a_moment_ago(&self) -> Timestamp {
        Timestamp::from_millis(self.now.millis() - 1)
    }
}
