//! Tables of which a `kind` says what stands in them. They are looked at before the scenario is read, so that whatever
//! is wrong in one is told under its name, with its own line and the right form, however the table is written.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::{Spanned, Value};

use super::{Count, Rate, Seconds};

/// The fields that a kind has.
struct Kind {
    name: &'static str,
    needs: &'static [Field],
    may: &'static [Field],
}

/// A field and its form.
type Field = (&'static str, Form);

#[derive(Clone, Copy)]
enum Form {
    Seconds,
    Rate,
    /// At least one.
    Rates,
    Count,
}

const ARRIVALS: &[Kind] = &[
    Kind { name: "constant", needs: &[("per_minute", Form::Rate)], may: &[] },
    Kind { name: "poisson", needs: &[("per_minute", Form::Rate)], may: &[] },
    Kind { name: "profile", needs: &[("step_s", Form::Seconds), ("per_minute", Form::Rates)], may: &[] },
    Kind {
        name: "burst",
        needs: &[("at_s", Form::Seconds), ("count", Form::Count)],
        may: &[("within_s", Form::Seconds)],
    },
];
const SPREAD: &[Kind] = &[
    Kind { name: "exponential", needs: &[("mean_s", Form::Seconds)], may: &[] },
    Kind { name: "lognormal", needs: &[("mean_s", Form::Seconds), ("cv", Form::Rate)], may: &[] },
    Kind { name: "uniform", needs: &[("least_s", Form::Seconds), ("most_s", Form::Seconds)], may: &[] },
    Kind { name: "fixed", needs: &[("s", Form::Seconds)], may: &[] },
];
/// Where such tables stand: in the entries of this list, under this name.
const PLACES: [(&str, &str, &[Kind]); 9] = [
    ("visitors", "arrivals", ARRIVALS),
    ("visitors", "patience", SPREAD),
    ("visitors", "pause", SPREAD),
    ("visitors", "linger", SPREAD),
    ("visitors", "away", SPREAD),
    ("visitors", "slow_pause", SPREAD),
    ("operators", "accepts", SPREAD),
    ("operators", "thinks", SPREAD),
    ("operators", "away", SPREAD),
];

/// Something that is wrong: at which byte of the text, and what is expected there.
pub(super) type Wrong = (usize, String);

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    visitors: Vec<Fields>,
    #[serde(default)]
    operators: Vec<Fields>,
}

/// The first thing that is wrong in any of these tables. What is not even TOML, or no table, is for others to tell.
pub(super) fn wrong(text: &str) -> Option<Wrong> {
    let Written { visitors, operators } = toml::from_str(text).ok()?;
    let mut all = Vec::new();
    for (list, name, kinds) in PLACES {
        let entries = if list == "visitors" { &visitors } else { &operators };
        for entry in entries {
            if let Some((place, Tree::Table(fields))) = entry.get_key_value(name) {
                look(place, fields, kinds, &mut all);
            }
        }
    }
    all.into_iter().min_by_key(|(at, _)| *at)
}

fn look(place: &Spanned<String>, fields: &Fields, kinds: &[Kind], wrong: &mut Vec<Wrong>) {
    let (name, begins) = (place.get_ref(), place.span().start);
    let names = || kinds.iter().map(|kind| format!("{:?}", kind.name)).collect::<Vec<_>>().join(", ");
    let Some((written, value)) = fields.get_key_value("kind") else {
        return wrong.push((begins, format!("{name}: expected a kind, one of {}", names())));
    };
    let at_kind = written.span().start;
    let known = |kind: &&Kind| matches!(value, Tree::Value(Value::String(name)) if name == kind.name);
    let Some(kind) = kinds.iter().find(known) else {
        return wrong.push((at_kind, format!("{name}: expected kind to be one of {}, got {value}", names())));
    };
    let has = || kind.needs.iter().chain(kind.may);
    let right = has().map(|(field, _)| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    for (place, value) in fields {
        let (field, at) = (place.get_ref().as_str(), place.span().start);
        match has().find(|(known, _)| *known == field) {
            Some((_, form)) => wrong.extend(form.wrong(at, value).map(|(at, words)| (at, format!("{field}: {words}")))),
            None if field == "kind" => {}
            None => {
                let words = format!("{name}: unknown field `{field}`, kind = {:?} has {right}", kind.name);
                wrong.push((at, words));
            }
        }
    }
    for (field, _) in kind.needs.iter().filter(|(field, _)| !fields.contains_key(*field)) {
        wrong.push((at_kind, format!("{name}: missing field `{field}`, kind = {:?} has {right}", kind.name)));
    }
    if let (Some((place, Tree::Value(least))), Some(Tree::Value(most))) =
        (fields.get_key_value("least_s"), fields.get("most_s"))
        && let (Ok(least), Ok(most)) = (Seconds::of(least), Seconds::of(most))
        && least.0 > most.0
    {
        let words = format!("{name}: expected least_s <= most_s, got {} and {}", least.0, most.0);
        wrong.push((place.span().start, words));
    }
}

impl Form {
    fn wrong(self, at: usize, written: &Tree) -> Option<Wrong> {
        let words = match (self, written) {
            (Self::Seconds, Tree::Value(value)) => Seconds::of(value).err(),
            (Self::Rate, Tree::Value(value)) => Rate::of(value).err(),
            (Self::Count, Tree::Value(value)) => Count::of(value).err(),
            (Self::Rates, Tree::List(rates)) if rates.is_empty() => {
                Some("expected at least one rate, got []".to_owned())
            }
            (Self::Rates, Tree::List(rates)) => {
                // Each has its own place: there may be a day of them, on many lines.
                return rates.iter().find_map(|rate| Some((rate.span().start, Rate::of(rate.get_ref()).err()?)));
            }
            (Self::Rates, other) => Some(format!("expected rates such as [2, 10, 4], got {other}")),
            (Self::Seconds | Self::Rate | Self::Count, other) => Some(format!("expected a number, got {other}")),
        };
        words.map(|words| (at, words))
    }
}

/// Fields by their names, which have a place however the table is written.
type Fields = BTreeMap<Spanned<String>, Tree>;

/// A value of the text.
enum Tree {
    Value(Value),
    List(Vec<Spanned<Value>>),
    Table(Fields),
}

impl Display for Tree {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(value) => value.fmt(out),
            Self::List(_) => out.write_str("a list"),
            Self::Table(_) => out.write_str("a table"),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Tree;

            fn expecting(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
                out.write_str("a value of TOML")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Value(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Value(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Value(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Value(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut all = Vec::new();
                while let Some(value) = list.next_element()? {
                    all.push(value);
                }
                Ok(Tree::List(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Tree, A::Error> {
                let mut fields = Fields::new();
                while let Some((name, value)) = table.next_entry()? {
                    fields.insert(name, value);
                }
                Ok(Tree::Table(fields))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::scenario::{Arrivals, SHIPPED, Scenario, Spread};

    const LEAST: &str = "name = \"x\"\nlength_s = 5\n[[operators]]\ncount = 1\nlimit = 2\n[[visitors]]\n";
    const POISSON: &str = "arrivals = { kind = \"poisson\", per_minute = 30 }\n";

    /// What a scenario is refused with that says this of its visitors, from line 7 on.
    fn refused(visitors: &str) -> String {
        Scenario::read("mine.toml", &format!("{LEAST}{visitors}")).unwrap_err().to_string()
    }

    fn tells(words: &str, line: u32, parts: &[&str]) {
        assert!(words.contains(&format!(" line {line},")), "line {line}: {words}");
        for part in parts {
            assert!(words.contains(part), "{part}: {words}");
        }
    }

    #[test]
    fn a_field_of_a_table_of_its_own_is_named_with_its_line() {
        let words = refused(&format!("{POISSON}[visitors.patience]\nkind = \"exponential\"\nmean_s = -5\n"));
        tells(&words, 10, &["mean_s = -5\n", "mean_s: expected 0 to 604800 seconds (a week), got -5"]);
        let words = refused("[visitors.arrivals]\nkind = \"burst\"\nat_s = 1\ncount = 1.5\n");
        tells(&words, 10, &["count: expected a number from 0 to 1000000, got 1.5"]);
        let words = refused(&format!("{POISSON}pause.kind = \"fixed\"\npause.s = \"long\"\n"));
        tells(&words, 9, &["s: expected 0 to 604800 seconds (a week), got \"long\""]);
        let words = refused(&format!("{POISSON}[visitors.away]\nkind = \"uniform\"\nmost_s = 1\nleast_s = 5\n"));
        tells(&words, 11, &["away: expected least_s <= most_s, got 5 and 1"]);
    }

    #[test]
    fn a_wrong_rate_of_a_profile_on_many_lines_is_told_with_its_own_line() {
        let (_, day) = SHIPPED.iter().find(|(name, _)| *name == "day").unwrap();
        let line = 1 + day.lines().position(|line| line.contains("4.0, 4.5")).unwrap() as u32;
        let text = day.replace("4.0, 4.5", "4.0, -4.5");
        let words = Scenario::read("day", &text).unwrap_err().to_string();
        tells(&words, line, &["4.0, -4.5", "per_minute: expected a rate from 0 to 1000000, got -4.5"]);
        let words = refused("arrivals = { kind = \"profile\", step_s = 5, per_minute = [\n] }\n");
        tells(&words, 7, &["per_minute: expected at least one rate, got []"]);
        let words = refused("arrivals = { kind = \"profile\", step_s = 5, per_minute = 3 }\n");
        tells(&words, 7, &["per_minute: expected rates such as [2, 10, 4], got 3"]);
    }

    #[test]
    fn an_unknown_kind_and_a_missing_one_are_answered_with_those_there_are() {
        let kinds = "\"exponential\", \"lognormal\", \"uniform\", \"fixed\"";
        let words = refused(&format!("{POISSON}[visitors.linger]\ns = 1\nkind = \"slowly\"\n"));
        tells(&words, 10, &["linger: expected kind to be one of", kinds, "got \"slowly\""]);
        let words = refused(&format!("{POISSON}[visitors.linger]\ns = 1\n"));
        tells(&words, 8, &["linger: expected a kind, one of", kinds]);
        let words = refused("arrivals = { kind = 7 }\n");
        tells(&words, 7, &["\"constant\", \"poisson\", \"profile\", \"burst\", got 7"]);
    }

    #[test]
    fn a_field_that_a_kind_has_not_or_lacks_is_named() {
        let words = refused(&format!("{POISSON}[visitors.patience]\nkind = \"exponential\"\nmean_s = 5\ncv = 1\n"));
        tells(&words, 11, &["patience: unknown field `cv`, kind = \"exponential\" has `mean_s`"]);
        let words = refused("[visitors.arrivals]\nat_s = 5\nkind = \"burst\"\n");
        tells(&words, 9, &["arrivals: missing field `count`, kind = \"burst\" has `at_s`, `count`, `within_s`"]);
    }

    #[test]
    fn the_fields_of_each_kind_are_those_that_are_read() {
        let second = Seconds(1.0);
        let arrivals = [
            Arrivals::Constant { per_minute: Rate(1.0) },
            Arrivals::Poisson { per_minute: Rate(1.0) },
            Arrivals::Profile { step_s: second, per_minute: vec![Rate(1.0)] },
            Arrivals::Burst { at_s: second, count: Count(1), within_s: second },
        ];
        assert_eq!(arrivals.map(|one| fields(&one)).to_vec(), told(ARRIVALS));
        let spreads = [
            Spread::Exponential { mean_s: second },
            Spread::Lognormal { mean_s: second, cv: Rate(1.0) },
            Spread::Uniform { least_s: second, most_s: second },
            Spread::Fixed { s: second },
        ];
        assert_eq!(spreads.map(|one| fields(&one)).to_vec(), told(SPREAD));
    }

    /// The fields of a value as it is written, in the order of the alphabet, its kind first.
    fn fields(value: &impl Serialize) -> Vec<String> {
        let value = serde_json::to_value(value).unwrap();
        let mut names: Vec<String> =
            value.as_object().unwrap().keys().filter(|name| *name != "kind").cloned().collect();
        names.sort_unstable();
        names.insert(0, value["kind"].as_str().unwrap().to_owned());
        names
    }

    fn told(kinds: &[Kind]) -> Vec<Vec<String>> {
        let told = |kind: &Kind| {
            let mut names: Vec<String> =
                kind.needs.iter().chain(kind.may).map(|(name, _)| (*name).to_owned()).collect();
            names.sort_unstable();
            names.insert(0, kind.name.to_owned());
            names
        };
        kinds.iter().map(told).collect()
    }
}
