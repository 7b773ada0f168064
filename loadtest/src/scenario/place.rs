//! Where a value stands in a scenario's text: what is wrong about several fields together is told with its line, like
//! what is wrong about one.

use std::fmt::Write;
use std::ops::Range;

use serde::Deserialize;
use toml::{Spanned, Value};

/// A value that can be wrong only together with others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// How many operators there are.
    Operators,
    /// How many chats those of an entry hold at once.
    Limit(usize),
    /// How far off the formula waits may be.
    TheoryOff,
    /// How long the warm-up is.
    WarmUp,
    /// When those of an entry come.
    Arrivals(usize),
    /// When a storm comes.
    Storm(usize),
}

#[derive(Deserialize)]
struct Written {
    operators: Spanned<Vec<Entry>>,
    limits: Option<Limits>,
    warm_up_s: Option<Spanned<Value>>,
    #[serde(default)]
    visitors: Vec<Visitors>,
    #[serde(default)]
    storms: Vec<Storm>,
}

#[derive(Deserialize)]
struct Visitors {
    arrivals: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
struct Storm {
    at_s: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
struct Entry {
    count: Option<Spanned<Value>>,
    limit: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
struct Limits {
    theory_off: Option<Spanned<Value>>,
}

/// The words behind the line that they are about, in the form that wrong values are told in.
pub(super) fn pointed(text: &str, place: Place, words: &str) -> String {
    span(text, place).map_or_else(|| words.to_owned(), |span| pointed_at(text, span.start, words))
}

/// The same for what is wrong at that byte of the text.
pub(super) fn pointed_at(text: &str, at: usize, words: &str) -> String {
    let at = at.min(text.len());
    let before = &text[..at];
    let (line, column) = (before.matches('\n').count() + 1, at - before.rfind('\n').map_or(0, |end| end + 1) + 1);
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    let mut out = String::new();
    let margin = " ".repeat(line.to_string().len());
    let _ = writeln!(out, "TOML error at line {line}, column {column}\n{margin} |\n{line} | {shown}");
    let _ = writeln!(out, "{margin} | {}^\n{words}", " ".repeat(column - 1));
    out
}

fn span(text: &str, place: Place) -> Option<Range<usize>> {
    let Written { operators, limits, warm_up_s, visitors, storms } = toml::from_str(text).ok()?;
    let all = operators.span();
    match place {
        Place::Operators => {
            let first = operators.into_inner().into_iter().next().and_then(|entry| entry.count);
            Some(first.map_or(all, |count| count.span()))
        }
        Place::Limit(entry) => operators.into_inner().into_iter().nth(entry)?.limit.map(|limit| limit.span()),
        Place::TheoryOff => limits?.theory_off.map(|theory_off| theory_off.span()),
        Place::WarmUp => warm_up_s.map(|warm_up| warm_up.span()),
        Place::Arrivals(entry) => visitors.into_iter().nth(entry)?.arrivals.map(|arrivals| arrivals.span()),
        Place::Storm(entry) => storms.into_iter().nth(entry)?.at_s.map(|at| at.span()),
    }
}
