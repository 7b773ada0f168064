//! Who was in a chat when, put together from what all its operators were told: a slot is held by the owner and by each
//! guest, from the event that brings them to the one that ends it, whoever of them heard it.

use std::collections::BTreeMap;

use super::{Content, Millis, Operator};

/// See the module.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Events that brought an operator.
    pub entries: usize,
    /// By operator, from when to when each time; none: it is not known that it ended.
    pub spans: BTreeMap<Operator, Vec<(Millis, Option<Millis>)>>,
}

impl Presence {
    /// From the chat's events in their order.
    pub fn of<'a>(facts: impl Iterator<Item = (&'a Content, Millis)>) -> Self {
        let (mut presence, mut owner) = (Self::default(), None);
        for (content, at) in facts {
            presence.entries += usize::from(content.brings_an_operator());
            match content {
                Content::Assigned(operator) | Content::Transferred(operator) => {
                    if let Some(before) = owner.replace(operator).filter(|before| *before != operator) {
                        presence.leaves(before, at);
                    }
                    presence.comes(operator, at);
                }
                Content::Joined(operator) => presence.comes(operator, at),
                Content::Left(operator) => presence.leaves(operator, at),
                Content::Queued | Content::Ended => {
                    owner = None;
                    presence.all_leave(at);
                }
                Content::Message(_) | Content::Other(_) => {}
            }
        }
        presence
    }

    /// Nobody is in the chat any more.
    pub fn all_leave(&mut self, at: Millis) {
        for (_, end) in self.spans.values_mut().filter_map(|spans| spans.last_mut()) {
            end.get_or_insert(at);
        }
    }

    fn comes(&mut self, operator: &Operator, at: Millis) {
        let spans = self.spans.entry(operator.clone()).or_default();
        if spans.last().is_none_or(|(_, end)| end.is_some()) {
            spans.push((at, None));
        }
    }

    fn leaves(&mut self, operator: &Operator, at: Millis) {
        if let Some((_, end)) = self.spans.get_mut(operator).and_then(|spans| spans.last_mut()) {
            end.get_or_insert(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(facts: &[(Content, Millis)]) -> Presence {
        Presence::of(facts.iter().map(|(content, at)| (content, *at)))
    }

    fn joe() -> Operator {
        "joe".into()
    }

    fn bob() -> Operator {
        "bob".into()
    }

    #[test]
    fn a_guest_holds_a_slot_from_coming_to_leaving_and_becomes_owner_without_a_second_one() {
        let facts = [
            (Content::Queued, 1),
            (Content::Assigned(joe()), 2),
            (Content::Joined(bob()), 3),
            (Content::Transferred(bob()), 5),
            (Content::Ended, 9),
        ];
        let whole = presence(&facts);
        assert_eq!(
            (whole.entries, &whole.spans[&joe()], &whole.spans[&bob()]),
            (3, &vec![(2, Some(5))], &vec![(3, Some(9))])
        );
        let left = [facts[1].clone(), facts[2].clone(), (Content::Left(bob()), 4)];
        let left = presence(&left);
        assert_eq!((&left.spans[&joe()], &left.spans[&bob()]), (&vec![(2, None)], &vec![(3, Some(4))]));
    }

    #[test]
    fn who_is_lost_gives_the_chat_up_when_it_waits_again_and_may_get_it_a_second_time() {
        let facts = [
            (Content::Queued, 1),
            (Content::Assigned(joe()), 2),
            (Content::Joined(bob()), 3),
            (Content::Queued, 5),
            (Content::Assigned(joe()), 7),
            (Content::Ended, 9),
        ];
        let presence = presence(&facts);
        assert_eq!(presence.spans[&joe()], [(2, Some(5)), (7, Some(9))]);
        assert_eq!(presence.spans[&bob()], [(3, Some(5))]);
    }
}
