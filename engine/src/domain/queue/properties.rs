//! The queue beside a list that is sorted anew each time: order, positions, and who is told what and when.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::ids::Shard;
use crate::domain::limits::{POSITION_BACK_EVERY, POSITION_FRONT, POSITION_FRONT_EVERY};
use crate::domain::queue::positions::Stands;
use crate::domain::skills::SkillClass;

#[derive(Debug, Clone)]
enum Step {
    Enters { chat: u8, ago: u16, priority: i32 },
    Leaves { chat: u8 },
    FirstLeaves,
    Rings { chat: u8 },
    RingsNoMore { chat: u8 },
    Passes { millis: u16 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let chat = || 0_u8..70;
    let step = prop_oneof![
        8 => (chat(), 0_u16..400, -2_i32..4).prop_map(|(chat, ago, priority)| Step::Enters { chat, ago, priority }),
        2 => chat().prop_map(|chat| Step::Leaves { chat }),
        3 => Just(Step::FirstLeaves),
        1 => chat().prop_map(|chat| Step::Rings { chat }),
        1 => chat().prop_map(|chat| Step::RingsNoMore { chat }),
        5 => (0_u16..4_000).prop_map(|millis| Step::Passes { millis }),
    ];
    prop::collection::vec(step, 0..400)
}

fn id(n: u8) -> ChatId {
    // The order of the ids is not the order of the numbers.
    ChatId::new(u64::from(n.wrapping_mul(97)), u128::from(n) << 90, Shard(0))
}

/// What was said to a chat, and since when that is no longer so.
#[derive(Debug)]
struct Heard {
    ahead: usize,
    at: Timestamp,
    wrong_since: Option<Timestamp>,
}

#[derive(Default)]
struct Naive {
    rows: Vec<(ChatId, Timestamp, i32, bool)>,
    heard: BTreeMap<ChatId, Heard>,
}

impl Naive {
    fn ahead(&self, chat: ChatId) -> Option<usize> {
        let key = |row: &&(ChatId, Timestamp, i32, bool)| (row.1.millis() - i64::from(row.2) * 60_000, row.0);
        let own = self.rows.iter().find(|row| row.0 == chat)?;
        Some(self.rows.iter().filter(|row| key(row) < key(&own)).count())
    }

    fn sorted(&self) -> Vec<ChatId> {
        let mut all: Vec<(usize, ChatId)> =
            self.rows.iter().map(|row| (self.ahead(row.0).unwrap_or(usize::MAX), row.0)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, chat)| chat).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn places_and_positions_are_what_sorting_anew_gives(steps in steps()) {
        let mut now = Timestamp::from_millis(1_000_000);
        let (mut queue, mut naive) = (Queue::default(), Naive::default());
        for step in steps {
            match step {
                Step::Enters { chat, ago, priority } => {
                    let (chat, entered_at) = (id(chat), now - Duration::from_secs(u64::from(ago)));
                    let waiting = Waiting {
                        entered_at,
                        priority,
                        wishes: Wishes::default(),
                        demand: Demand::default(),
                        guest_of: None,
                        moved: false,
                        offering: Offering::No,
                        rests_until: None,
                    };
                    queue.enqueue(chat, waiting);
                    naive.rows.retain(|row| row.0 != chat);
                    naive.rows.push((chat, entered_at, priority, false));
                    naive.heard.remove(&chat);
                }
                Step::Leaves { chat } => {
                    let chat = id(chat);
                    prop_assert_eq!(queue.remove(chat).is_some(), naive.ahead(chat).is_some());
                    naive.rows.retain(|row| row.0 != chat);
                    naive.heard.remove(&chat);
                }
                Step::FirstLeaves => {
                    if let Some(chat) = queue.front() {
                        queue.remove(chat);
                        naive.rows.retain(|row| row.0 != chat);
                        naive.heard.remove(&chat);
                    }
                }
                Step::Rings { chat } | Step::RingsNoMore { chat } => {
                    let rings = matches!(step, Step::Rings { .. });
                    let operator = OperatorId(uuid::Uuid::nil());
                    queue.set_offering(id(chat), if rings { Offering::Ringing { operator } } else { Offering::No });
                    naive.rows.iter_mut().filter(|row| row.0 == id(chat)).for_each(|row| row.3 = rings);
                }
                Step::Passes { millis } => now = now + Duration::from_millis(u64::from(millis)),
            }

            let stands = |_: &Queue, _: &Waiting, _: ChatId, ahead: usize| Stands { ahead, about: false, wait: None };
            for (chat, Stands { ahead, .. }) in queue.positions_due(now, stands) {
                prop_assert_eq!(Some(ahead), naive.ahead(chat), "what is said is right");
                if let Some(before) = naive.heard.insert(chat, Heard { ahead, at: now, wrong_since: None }) {
                    prop_assert_ne!(before.ahead, ahead, "nobody hears the same twice");
                    let pause = if ahead < POSITION_FRONT { POSITION_FRONT_EVERY } else { POSITION_BACK_EVERY };
                    prop_assert!(now.since(before.at) >= pause, "nobody is told too often");
                }
            }

            let sorted = naive.sorted();
            prop_assert_eq!(queue.len(), sorted.len());
            prop_assert_eq!(queue.front(), sorted.first().copied());
            prop_assert_eq!(queue.longest_since(), naive.rows.iter().map(|row| row.1).min());
            prop_assert!(queue.iter().eq(sorted.iter().copied()));
            let offerable: Vec<ChatId> = queue.offerable(&Pool::Class(SkillClass::default()), None).map(|(place, _)| place.chat).collect();
            let free = |chat: &ChatId| naive.rows.iter().any(|row| row.0 == *chat && !row.3);
            prop_assert_eq!(offerable, sorted.iter().copied().filter(free).collect::<Vec<_>>());
            for (ahead, chat) in sorted.iter().enumerate() {
                prop_assert_eq!(queue.ahead(*chat), Some(ahead));
                let heard = naive.heard.get_mut(chat).expect("whoever enters is told at once");
                if heard.ahead == ahead {
                    heard.wrong_since = None;
                    continue;
                }
                // Those behind are looked at on whole seconds.
                let late = if ahead < POSITION_FRONT { POSITION_FRONT_EVERY } else { POSITION_BACK_EVERY + Duration::from_secs(1) };
                let since = *heard.wrong_since.get_or_insert(now);
                prop_assert!(now.since(since) < late, "{ahead} was told {heard:?}");
                let wake = queue.next_position().expect("somebody is to be told");
                prop_assert!(wake <= now + late && wake > now);
            }
        }
    }
}
