//! Faults that the properties and the comparison with the formulas of Erlang plant in the rules, one at a time, to show
//! that each would be seen. Compiled for tests only.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::ids::GroupId;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A chat rings at all although others are before it.
    RingsOutOfTurn,
    /// Of those who are free one does not hear it.
    ForgetsSomebody,
    /// It rings at once again at whoever let it go.
    AsksAtOnce,
    /// Nobody is told that it rings no more.
    RingsOn,
    /// Hours close no group.
    AlwaysOpen,
    /// Other hours are not taken in before the old ones change.
    OldHours,
    /// Nobody looks when hours begin or end.
    SleepsOn,
    /// Nobody has a minute of hope in a group that closes.
    NoMinute,
    /// Nobody is told that there is nothing to wait for.
    NeverTurnsAway,
    /// What was answered with a no is proposed again at once.
    AsksWhoSaidNo,
    /// Who looks in other groups already does not look in those that help from now on.
    OldHelp,
    /// Groups that help no longer are asked on.
    HelpsOn,
    /// Who is wished for and can be rung from now on is not thought of.
    ForgetsWishes,
    /// Of the chats that look among the same operators the newest is decided for first; older ones wait for the next look.
    NewestFirst,
    /// Whoever is the only one left is offered nothing.
    KeepsOneFree,
}

thread_local! {
    static PLANTED: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Whether that is to go wrong now.
pub fn has(fault: Fault) -> bool {
    PLANTED.get() == Some(fault)
}

/// The groups that are asked for a chat, of those that were before and those that help now.
pub fn helping(asked: &[GroupId], helps: &[GroupId]) -> Vec<GroupId> {
    let new = helps.iter().filter(|group| !asked.contains(group)).cloned();
    if has(Fault::HelpsOn) {
        return asked.iter().cloned().chain(new).collect();
    }
    if has(Fault::OldHelp) && !asked.is_empty() {
        return helps.iter().filter(|group| asked.contains(group)).cloned().collect();
    }
    helps.to_vec()
}

/// In which order chats of a pool are decided for.
pub fn in_turn<'a, T: 'a>(in_order: impl Iterator<Item = T> + 'a) -> Box<dyn Iterator<Item = T> + 'a> {
    if has(Fault::NewestFirst) {
        let mut all: Vec<T> = in_order.collect();
        all.reverse();
        return Box::new(all.into_iter());
    }
    Box::new(in_order)
}

/// Plays with a fault planted; with which words it was seen.
pub fn with<T>(fault: Fault, plays: impl FnOnce() -> T) -> Option<String> {
    PLANTED.set(Some(fault));
    let seen = catch_unwind(AssertUnwindSafe(plays)).err();
    PLANTED.set(None);
    let words = |panic: &(dyn std::any::Any + Send)| {
        let owned = panic.downcast_ref::<String>().cloned();
        owned.or(panic.downcast_ref::<&str>().map(|words| (*words).to_owned())).unwrap_or_default()
    };
    seen.map(|panic| words(&*panic))
}
