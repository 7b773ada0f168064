//! What the desks ask for, and how it is answered: at once, and once in a while with a no, or not at all.

use std::collections::VecDeque;

use super::*;
use crate::domain::limits::{DECISION_BEST_MAX, DECISION_MEMBERS_MAX, PROPOSAL_REST, PROPOSAL_SETTLES_WITHIN};
use crate::domain::routing::{Counts, Reason, Record, Settled};

impl World {
    /// The truth about an operator changes, and all desks hear it.
    pub(super) fn load(&mut self, operator: OperatorId, group: &GroupId, held: i32, reserved: i32) {
        let (news, now) = (self.news(operator, group, held, reserved), self.now);
        self.freed = Some(operator);
        self.does(|centre| centre.handle_load(&news, now));
        self.freed = None;
    }

    fn news(&mut self, operator: OperatorId, group: &GroupId, held: i32, reserved: i32) -> LoadNews {
        let person = self.people.get_mut(&operator).unwrap();
        person.version += 1;
        // What is being judged was proposed before these news.
        self.learnt |= !std::mem::take(&mut person.doubted).is_empty();
        let seat = person.seats.get_mut(group).unwrap();
        seat.held = seat.held.checked_add_signed(held).unwrap();
        seat.reserved = seat.reserved.checked_add_signed(reserved).unwrap();
        let member = member(operator, person, group).unwrap();
        LoadNews {
            operator,
            group: group.clone(),
            held: member.held,
            reserved: member.reserved,
            group_held: member.group_held,
            group_reserved: member.group_reserved,
            last_ended_at: member.last_ended_at,
            version: member.version,
        }
    }

    /// Feeds both centres, judges what they do, and answers each proposal at once.
    pub(super) fn does(&mut self, input: impl Fn(&mut Centre) -> Vec<Action>) {
        self.feed(&input);
    }

    fn feed(&mut self, input: &dyn Fn(&mut Centre) -> Vec<Action>) {
        self.learnt = false;
        self.note_helpers();
        let held = self.all_held();
        let actions = input(&mut self.centre);
        if let Some(twin) = &mut self.twin {
            assert_eq!(actions, input(twin), "the same inputs, the same effects");
        }
        self.judge_positions(&actions);
        self.judge_held(&held, &actions);
        let mut to_do: VecDeque<Action> = actions.into();
        let mut leaving = Vec::new();
        while let Some(Action { group, effect }) = to_do.pop_front() {
            match effect {
                Effect::Propose { chat, operator, record, ring, .. } => {
                    // What is proposed in the same moment does not wait, though it is said later.
                    let also = to_do.iter().filter_map(|action| match action.effect {
                        Effect::Propose { chat, .. } => Some(chat),
                        _ => None,
                    });
                    let also: Vec<ChatId> = also.collect();
                    if self.judges && !self.learnt {
                        self.judge(chat, operator, &group, &also);
                    }
                    self.judge_record(&record, &group);
                    self.chats.get_mut(&chat).unwrap().asked = true;
                    let Some(how) = self.answer(chat, operator, &group, ring.is_some(), also.is_empty()) else {
                        continue;
                    };
                    // One group after the other hears that a chat is somebody's, and tells places meanwhile.
                    let (now, goes) = (self.now, matches!(how, Settled::Assigned(_)));
                    if matches!(how, Settled::Refused | Settled::NoCapacity) {
                        // Their slot is granted anew: what another group proposes meanwhile passes them over.
                        self.changed.insert(operator);
                    }
                    let more = self.centre.handle_settled(chat, operator, how.clone(), now);
                    if let Some(twin) = &mut self.twin {
                        assert_eq!(more, twin.handle_settled(chat, operator, how, now));
                    }
                    if !goes {
                        self.judge_positions(&more);
                    }
                    to_do.extend(more);
                }
                Effect::RingAll { chat, operators, .. } => {
                    let rung = &mut self.chats.get_mut(&chat).unwrap().rung;
                    assert!(operators.into_iter().all(|(operator, _)| rung.insert(operator)), "it rings there already");
                }
                Effect::RingNoMore { chat, operators } => {
                    let rung = &mut self.chats.get_mut(&chat).unwrap().rung;
                    assert!(operators.iter().all(|operator| rung.remove(operator)), "it does not ring there");
                }
                Effect::TurnAway { chat, why: TurnedAway::QueueFull, .. } => {
                    self.judge_refused(chat);
                    self.chats.remove(&chat);
                }
                Effect::TurnAway { chat, why, unless, .. } => {
                    self.judge_hopeless(chat, why, &unless);
                    leaving.extend(self.chats.get(&chat).filter(|row| row.goes_when_told).map(|_| chat));
                }
                Effect::Lost { .. } | Effect::SeekIn { .. } | Effect::NotNeeded { .. } | Effect::NotHeld { .. } => {
                    panic!("{effect:?}")
                }
                _ => {}
            }
        }
        let gives_up = |row: &Row| self.preferred(row).filter(|_| self.awaits(row).is_none());
        let gave_up = self.chats.iter().filter_map(|(chat, row)| Some((*chat, gives_up(row)?)));
        for (chat, operator) in gave_up.collect::<Vec<_>>() {
            self.chats.get_mut(&chat).unwrap().gave_up.insert(operator);
        }
        for chat in leaving {
            if self.chats.get(&chat).is_some_and(|row| row.state == State::Waiting && row.rung.is_empty()) {
                self.chats.remove(&chat);
                self.sent_away += 1;
                let now = self.now;
                self.feed(&|centre| centre.handle_gone(chat, now));
            }
        }
        self.note_hopes();
    }

    /// What is kept of a decision agrees with itself: members by their reasons, the best with those who are free.
    fn judge_record(&self, record: &Record, group: &GroupId) {
        let all = self.people.values().filter(|person| person.seats.contains_key(group)).count();
        assert_eq!(record.counts.total() as usize, all, "each member counts once");
        assert_eq!(record.best.len(), (record.counts.free as usize).min(DECISION_BEST_MAX), "{record:?}");
        let named = if all as u32 > DECISION_MEMBERS_MAX { 0 } else { all };
        assert_eq!(record.members.len(), named, "{record:?}");
        let mut counts = Counts::default();
        for member in &record.members {
            *match member.reason {
                Reason::Chosen | Reason::Behind | Reason::Secondary | Reason::AskedBefore => &mut counts.free,
                Reason::LetGo => &mut counts.let_go,
                Reason::Choosing => &mut counts.choosing,
                Reason::Full => &mut counts.full,
                Reason::WithoutSlots => &mut counts.without_slots,
                Reason::InGrace => &mut counts.in_grace,
                Reason::Pull => &mut counts.pull,
                Reason::NotReceiving => &mut counts.not_receiving,
                Reason::Inactive => &mut counts.inactive,
                Reason::Unskilled => &mut counts.unskilled,
                Reason::NotAwaited => &mut counts.not_awaited,
            } += 1;
        }
        assert!(named == 0 || counts == record.counts, "{counts:?}, but {record:?}");
    }

    /// Places, as they are told before what is proposed with them is answered.
    fn judge_positions(&self, actions: &[Action]) {
        for action in actions.iter().filter(|_| self.judges_places) {
            if let Effect::Position { chat, ahead, about, .. } = action.effect {
                self.judge_position(chat, ahead, about);
            }
        }
    }

    /// What comes of a proposal; none: nobody hears. A no is said only where nothing else was proposed in the same moment,
    /// for that was decided while this one counted.
    fn answer(
        &mut self,
        chat: ChatId,
        operator: OperatorId,
        group: &GroupId,
        rings: bool,
        alone: bool,
    ) -> Option<Settled> {
        let (until, lost_at) = (self.now + PROPOSAL_REST, self.now + PROPOSAL_SETTLES_WITHIN);
        let word = self.noes.as_mut().filter(|_| alone).map_or(usize::MAX, |noes| noes.below(30));
        let row = self.chats.get_mut(&chat).unwrap();
        let person = self.people.get_mut(&operator).unwrap();
        if word == 0 {
            row.rests.insert(group.clone(), until);
            return Some(Settled::Refused);
        }
        if word == 1 || !person.has_room(group) {
            person.doubted.insert(group.clone(), until);
            return Some(Settled::NoCapacity);
        }
        row.at = group.clone();
        if word == 2 && self.unanswered.is_none() {
            row.state = State::Proposed(operator);
            person.seats.get_mut(group).unwrap().pending += 1;
            self.unanswered = Some((chat, lost_at));
            return None;
        }
        row.state = if rings { State::Ringing(operator) } else { State::Active(operator) };
        self.served += usize::from(!rings);
        let (held, reserved) = if rings { (0, 1) } else { (1, 0) };
        let news = self.news(operator, group, held, reserved);
        Some(if rings { Settled::Offered(news) } else { Settled::Assigned(news) })
    }

    /// The proposal that nobody answered counts as lost; whether it does by now.
    pub(super) fn gives_up_what_is_lost(&mut self) -> bool {
        let Some((chat, _)) = self.unanswered.take_if(|(_, until)| *until <= self.now) else { return false };
        let row = self.chats.get_mut(&chat).unwrap();
        if let State::Proposed(operator) = std::mem::replace(&mut row.state, State::Waiting) {
            self.people.get_mut(&operator).unwrap().seats.get_mut(&row.at).unwrap().pending -= 1;
        }
        true
    }

    /// Who has waited so long looks where others help now, and nowhere else. What a group that helps no longer has proposed,
    /// and nobody has answered, is taken back.
    fn note_helpers(&mut self) {
        let waits = |row: &Row| !matches!(row.state, State::Active(_));
        let looks = |row: &Row| self.waited(row) >= OVERFLOW_AFTER_S && self.awaits(row).is_none();
        let helped = |row: &Row| Some(self.helps[&row.home].clone()).filter(|helps| looks(row) && !helps.is_empty());
        let all = self.chats.iter().filter(|(_, row)| waits(row)).map(|(chat, row)| (*chat, helped(row)));
        for (chat, helpers) in all.collect::<Vec<_>>() {
            let row = self.chats.get_mut(&chat).unwrap();
            row.helpers = helpers;
            let looks_there = row.at == row.home || row.helpers.iter().flatten().any(|group| *group == row.at);
            if let State::Proposed(operator) = row.state
                && !looks_there
            {
                row.state = State::Waiting;
                self.unanswered = None;
                self.people.get_mut(&operator).unwrap().seats.get_mut(&row.at).unwrap().pending -= 1;
            }
        }
    }
}
