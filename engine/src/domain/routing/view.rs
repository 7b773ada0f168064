//! A part of a roster with its own order: all members, or those who have the skills that some chats ask for.

use std::collections::BTreeSet;

use crate::domain::group::Handling;
use crate::domain::routing::decision::Counts;
use crate::domain::routing::roster::{Entry, Standing};
use crate::domain::routing::score::Score;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct View {
    counts: Counts,
    primary: BTreeSet<Score>,
    secondary: BTreeSet<Score>,
    /// Primary members whose free slot is just being given to one of their groups.
    primary_choosing: u32,
}

impl View {
    /// Those who may be offered a chat, primary members first, best first.
    pub fn free(&self) -> impl Iterator<Item = &Score> {
        self.primary.iter().chain(&self.secondary)
    }

    /// Whether anybody may be offered a chat.
    pub fn has_free(&self) -> bool {
        !(self.primary.is_empty() && self.secondary.is_empty())
    }

    /// Whether this one is among those who may be offered a chat.
    pub fn has(&self, score: &Score) -> bool {
        self.primary.contains(score) || self.secondary.contains(score)
    }

    /// Whether a secondary member must be left alone a moment longer, for a primary one may be about to be free.
    pub fn primary_is_choosing(&self) -> bool {
        self.primary_choosing > 0
    }

    /// How many stand how.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn add(&mut self, entry: &Entry) {
        *self.counts.of(entry.standing) += 1;
        self.primary_choosing += u32::from(is_choosing_primary(entry));
        if let Some(score) = entry.score {
            self.order_of(entry).insert(score);
        }
    }

    /// The entry as it was added.
    pub(super) fn remove(&mut self, entry: &Entry) {
        *self.counts.of(entry.standing) -= 1;
        self.primary_choosing -= u32::from(is_choosing_primary(entry));
        if let Some(score) = &entry.score {
            self.order_of(entry).remove(score);
        }
    }

    fn order_of(&mut self, entry: &Entry) -> &mut BTreeSet<Score> {
        if entry.member.handling == Handling::Primary { &mut self.primary } else { &mut self.secondary }
    }
}

fn is_choosing_primary(entry: &Entry) -> bool {
    entry.standing == Standing::Choosing && entry.member.handling == Handling::Primary
}
