//! What happens: visitors come, go, and are served; operators come, go, and let chats go; groups and operators are set up
//! otherwise; time passes.

use super::*;

impl World {
    pub(super) fn step(&mut self, dice: &mut Dice) {
        let now = self.now;
        match dice.below(24) {
            20 => {
                let group = groups()[dice.below(3)].clone();
                match dice.below(3) {
                    0 if !self.rings_at_all(&group) => {
                        self.modes.insert(group.clone(), mode(dice));
                        self.is_set_up(&group);
                    }
                    0 | 1 => {
                        self.waits_s.insert(group.clone(), (WAITS_S[dice.below(3)], WAITS_S[dice.below(3)]));
                        self.is_set_up(&group);
                    }
                    _ => self.others_help(&group, dice),
                }
            }
            21 if dice.one_in(8) => {
                let group = groups()[dice.below(3)].clone();
                self.open.insert(group.clone(), Open::draw(dice, now));
                self.is_set_up(&group);
            }
            0..=5 => self.arrives(dice),
            6 => {
                let Some(chat) = self.pick(dice, |state| !matches!(state, State::Active(_))) else { return };
                let row = self.chats.remove(&chat).unwrap();
                if let State::Proposed(operator) = row.state {
                    self.unanswered = None;
                    self.people.get_mut(&operator).unwrap().seats.get_mut(&row.at).unwrap().pending -= 1;
                }
                self.does(|centre| centre.handle_gone(chat, now));
                if let State::Ringing(operator) = row.state {
                    self.load(operator, &row.at, 0, -1);
                }
            }
            7..=10 => {
                let Some((chat, operator)) = self.somebody_rung(dice) else { return };
                self.accepts(chat, operator);
            }
            11 | 12 => {
                let Some((chat, operator)) = self.somebody_rung(dice) else { return };
                let row = self.chats.get_mut(&chat).unwrap();
                let alone = std::mem::replace(&mut row.state, State::Waiting) == State::Ringing(operator);
                row.rung.remove(&operator);
                row.tried.retain(|tried| tried.operator != operator);
                row.tried.push(Tried { operator, at: now });
                let (tried, at) = (row.tried.clone(), row.at.clone());
                self.people.get_mut(&operator).unwrap().seats.get_mut(&at).unwrap().reserved -= u32::from(alone);
                self.does(|centre| {
                    let mut out = centre.handle_offer_over(chat, tried.clone(), now);
                    out.retain(|action| !matches!(action.effect, Effect::Waiting { .. }));
                    out
                });
                self.load(operator, &at, 0, 0);
            }
            13..=15 => {
                let Some(chat) = self.pick(dice, |state| matches!(state, State::Active(_))) else { return };
                self.ends(chat);
            }
            16 => {
                let operator = *self.people.keys().nth(dice.below(self.people.len())).unwrap();
                let person = self.people.get_mut(&operator).unwrap();
                let since = person.reception.since().unwrap_or(now);
                let ways = [Reception::None, Reception::Grace { since }, Reception::Ready { since }];
                let reception = ways[dice.below(5).min(2)];
                person.reception = reception;
                self.does(|centre| centre.handle_reception(operator, reception, now));
            }
            17 => {
                let operator = *self.people.keys().nth(dice.below(self.people.len())).unwrap();
                let person = self.people.get_mut(&operator).unwrap();
                let group = person.seats.keys().nth(dice.below(person.seats.len())).unwrap().clone();
                let seat = person.seats.get_mut(&group).unwrap();
                let pulled = seat.handling == Handling::Pull;
                seat.changes(dice);
                // Those who wish for them wait for them from now on, or wait no more and look elsewhere, one after the other.
                let settled = pulled == (seat.handling == Handling::Pull);
                let member = member(operator, person, &group).unwrap();
                (self.judges, self.judges_places) = (settled, settled);
                self.does(|centre| centre.handle_member(&group, member.clone(), now));
                (self.judges, self.judges_places) = (true, true);
            }
            18 => {
                let operator = *self.people.keys().nth(dice.below(self.people.len())).unwrap();
                self.people.get_mut(&operator).unwrap().changes(dice);
                self.groups_hear_of(operator);
            }
            _ => self.passes(Duration::from_millis(dice.below(9_000) as u64)),
        }
    }

    /// A group waits for operators, proposes, is helped, or is open, otherwise than before.
    pub(super) fn is_set_up(&mut self, group: &GroupId) {
        let (settings, now) = (self.settings(group), self.now);
        // Several chats may begin to look elsewhere at once: places are told after each of them.
        self.judges_places = false;
        self.does(|centre| centre.handle_settings(settings.clone(), now));
        self.judges_places = true;
    }

    /// Other groups than before help one: who has waited so long looks there, and nowhere else. What rings goes on as it
    /// began. One chat after the other is sent elsewhere, and what comes of that is proposed before the next one is.
    fn others_help(&mut self, group: &GroupId, dice: &mut Dice) {
        let may = |other: &GroupId| other != group && !self.rings_at_all(other) && !self.rings_at_all(group);
        let helps: Vec<GroupId> = groups().into_iter().filter(|other| may(other) && dice.one_in(2)).collect();
        self.helps.insert(group.clone(), helps);
        self.judges = false;
        self.is_set_up(group);
        self.judges = true;
    }

    /// Somebody's limit or skills are others: one group after the other hears of it, and may ask for what the store
    /// refuses by then.
    fn groups_hear_of(&mut self, operator: OperatorId) {
        (self.judges, self.judges_places) = (false, false);
        let (groups, now): (Vec<GroupId>, _) = (self.people[&operator].seats.keys().cloned().collect(), self.now);
        for group in groups {
            let member = member(operator, &self.people[&operator], &group).unwrap();
            self.does(|centre| centre.handle_member(&group, member.clone(), now));
        }
        (self.judges, self.judges_places) = (true, true);
    }

    pub(super) fn arrives(&mut self, dice: &mut Dice) {
        if self.chats.values().filter(|row| row.state == State::Waiting).count() > self.most_wait() {
            return;
        }
        self.born += 1;
        let chat = ChatId::new(self.born % 7, u128::from(self.born) << 70, Shard(0));
        let (skills, one_in) = if self.large { (4, 2) } else { (3, 4) };
        let needs = (0..skills).filter(|_| dice.one_in(one_in)).collect::<Vec<usize>>().into_iter();
        let mut level = |n: usize| if self.large { dice.below(5) } else { n };
        let needs = needs.map(|n| Need { skill: skill(n), level: Level::new(1 + level(n) as i64).unwrap() }).collect();
        let home = groups()[if self.large && !dice.one_in(4) { 1 } else { dice.below(3) }].clone();
        if !self.receives(&home) && dice.one_in(2) {
            // The door is closed; others were in it just then.
            return;
        }
        let goes_when_told = dice.one_in(2);
        let mut somebody =
            |one_in| dice.one_in(one_in).then(|| *self.people.keys().nth(dice.below(self.people.len())).unwrap());
        let (wanted, last) = (somebody(5), somebody(3));
        let days_ago = 1 + 9 * dice.below(2) as u64;
        let remembered = days_ago < u64::from(REMEMBERED_DAYS);
        let served_at = self.now - Duration::from_secs(days_ago * 86_400);
        let (priority, entered_at) = (dice.below(3) as i32 - 1, self.now);
        let row = Row {
            home: home.clone(),
            at: home.clone(),
            entered_at,
            priority,
            tried: Vec::new(),
            needs,
            wanted,
            last: last.filter(|_| remembered),
            gave_up: BTreeSet::new(),
            helpers: None,
            rests: BTreeMap::new(),
            goes_when_told,
            state: State::Waiting,
            rung: BTreeSet::new(),
            asked: false,
        };
        let full = is_bounded(&home) && self.unasked_in(&home, chat) >= LENGTH_MAX;
        let wishes = Wishes { skills: row.needs.clone(), wanted, last: last.map(|last| (last, served_at)) };
        self.chats.insert(chat, row);
        let arrival = Arrival { priority, wishes, ..Arrival::new(chat, entered_at) };
        self.does(|centre| centre.handle_waiting(&home, arrival.clone(), entered_at));
        assert!(!full || self.chats.get(&chat).is_none_or(|row| row.asked), "{chat:?} waits where no more may");
    }

    fn most_wait(&self) -> usize {
        if self.large { MANY_WAIT } else { WAIT }
    }

    pub(super) fn accepts(&mut self, chat: ChatId, operator: OperatorId) {
        let (now, row) = (self.now, &self.chats[&chat]);
        let (alone, at) = (row.state == State::Ringing(operator), row.at.clone());
        self.served += 1;
        // What is used is news before the chat is known to be somebody's.
        self.load(operator, &at, 1, -i32::from(alone));
        let row = self.chats.get_mut(&chat).unwrap();
        row.state = State::Active(operator);
        row.rung.clear();
        self.does(|centre| centre.handle_served(chat, &at, now));
    }

    pub(super) fn ends(&mut self, chat: ChatId) {
        let row = self.chats.remove(&chat).unwrap();
        let State::Active(operator) = row.state else { return };
        self.people.get_mut(&operator).unwrap().last_ended_at = Some(self.now);
        self.load(operator, &row.at, -1, 0);
    }

    pub(super) fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(wake) = self.centre.next_wake().filter(|wake| *wake <= until) {
            assert!(wake > self.now, "what is due is done");
            self.now = wake;
            // Which of several things that are due in one millisecond comes first is not said.
            self.judges = !self.gives_up_what_is_lost();
            self.does(|centre| centre.handle_due(wake));
            self.judges = true;
        }
        self.now = until;
        self.note_hopes();
    }

    /// Each chat that rings, with each of those who can answer. Where it rings at all, whoever has lost the connection
    /// answers nothing.
    pub(super) fn who_is_rung(&self) -> Vec<(ChatId, OperatorId)> {
        let ready = |operator: &OperatorId| matches!(self.people[operator].reception, Reception::Ready { .. });
        let rung = self.chats.iter().flat_map(|(chat, row)| {
            let alone = match row.state {
                State::Ringing(operator) => Some(operator),
                _ => None,
            };
            alone.into_iter().chain(row.rung.iter().copied().filter(ready)).map(|operator| (*chat, operator))
        });
        rung.collect()
    }

    fn somebody_rung(&self, dice: &mut Dice) -> Option<(ChatId, OperatorId)> {
        let all = self.who_is_rung();
        (!all.is_empty()).then(|| all[dice.below(all.len())])
    }

    fn pick(&self, dice: &mut Dice, which: impl Fn(State) -> bool) -> Option<ChatId> {
        let all: Vec<ChatId> = self.chats.iter().filter(|(_, row)| which(row.state)).map(|(chat, _)| *chat).collect();
        (!all.is_empty()).then(|| all[dice.below(all.len())])
    }
}
