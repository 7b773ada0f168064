//! The orders that a roster keeps for classes of skills. Whether a member can what a class asks for is found once, when
//! either comes, and is a bit from then on: a change of a member costs a step for each class they serve, not for each
//! class there is.

use std::collections::BTreeMap;

use crate::domain::limits::SKILL_CLASSES_MAX;
use crate::domain::routing::view::View;
use crate::domain::skills::{SkillClass, Skills};

/// The orders a member stands in, a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Serves(u64);

const _: () = assert!(SKILL_CLASSES_MAX <= u64::BITS as usize, "each order has a bit");

impl Serves {
    /// Whether the member can what the class of an order asks for.
    pub(super) fn set(&mut self, order: usize, able: bool) {
        self.0 = (self.0 & !(1 << order)) | (u64::from(able) << order);
    }

    fn orders(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let order = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(order)
        })
    }
}

#[derive(Debug, Clone)]
struct Order {
    /// Waiting chats that ask for the class.
    users: u32,
    view: View,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    by_class: BTreeMap<SkillClass, usize>,
    all: Vec<Order>,
}

impl Orders {
    /// Those who can what a class asks for, where an order is kept for it.
    pub(super) fn view(&self, class: &SkillClass) -> Option<&View> {
        self.by_class.get(class).and_then(|order| self.all.get(*order)).map(|order| &order.view)
    }

    /// One chat more asks for the class; `false`: no order is kept for it.
    pub(super) fn is_used(&mut self, class: &SkillClass) -> bool {
        let known = self.by_class.get(class).and_then(|order| self.all.get_mut(*order));
        known.map(|order| order.users += 1).is_some()
    }

    /// One chat less does.
    pub(super) fn is_left(&mut self, class: &SkillClass) {
        let known = self.by_class.get(class).and_then(|order| self.all.get_mut(*order));
        known.into_iter().for_each(|order| order.users = order.users.saturating_sub(1));
    }

    /// The place for one order more, which of those that nobody uses may have to leave; none: all are used.
    pub(super) fn room(&mut self) -> Option<usize> {
        if self.all.len() < SKILL_CLASSES_MAX {
            self.all.push(Order { users: 0, view: View::default() });
            return Some(self.all.len() - 1);
        }
        let unused = |order: &usize| self.all.get(*order).is_some_and(|order| order.users == 0);
        let (class, order) = self.by_class.iter().find(|(_, order)| unused(order)).map(|(c, o)| (c.clone(), *o))?;
        self.by_class.remove(&class);
        Some(order)
    }

    /// Keeps an order for a class for which a chat asks, at a place that [`Orders::room`] named.
    pub(super) fn keep(&mut self, order: usize, class: SkillClass, view: View) {
        self.by_class.insert(class, order);
        if let Some(place) = self.all.get_mut(order) {
            *place = Order { users: 1, view };
        }
    }

    /// The orders in which somebody with these skills stands.
    pub(super) fn of(&self, skills: &Skills) -> Serves {
        let mut serves = Serves::default();
        self.by_class.iter().for_each(|(class, order)| serves.set(*order, class.is_met_by(skills)));
        serves
    }

    /// Those orders.
    pub(super) fn each(&mut self, serves: Serves, mut with: impl FnMut(&mut View)) {
        for order in serves.orders() {
            if let Some(order) = self.all.get_mut(order) {
                with(&mut order.view);
            }
        }
    }
}
