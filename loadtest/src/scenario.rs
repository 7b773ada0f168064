//! What a run is to be, as people write it down in TOML: who comes when, how they talk, who answers them, and the
//! limits that the server must keep. Every field is described in `scenarios/README.md`; unknown ones are refused.

mod amount;
mod arrivals;
mod faster;
mod kinds;
mod limits;
mod place;
mod spread;
mod times;

use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use amount::{Count, CpuMicros, Mebibytes, Part, Rate, Seconds, Size};
pub use arrivals::Arrivals;
pub use limits::{Breach, Limits};
use place::Place;
pub use spread::{Range, Spread};

use crate::theory::why_not;

/// Scenarios that come with the tool, by name.
pub const SHIPPED: [(&str, &str); 10] = [
    ("smoke", include_str!("../scenarios/smoke.toml")),
    ("lunch-peak", include_str!("../scenarios/lunch-peak.toml")),
    ("steady-1k", include_str!("../scenarios/steady-1k.toml")),
    ("reconnect-storm", include_str!("../scenarios/reconnect-storm.toml")),
    ("slow-readers", include_str!("../scenarios/slow-readers.toml")),
    ("ten-thousand", include_str!("../scenarios/ten-thousand.toml")),
    ("most", include_str!("../scenarios/most.toml")),
    ("burst", include_str!("../scenarios/burst.toml")),
    ("day", include_str!("../scenarios/day.toml")),
    ("erlang", include_str!("../scenarios/erlang.toml")),
];

/// Everything a run depends on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Shown in reports.
    pub name: String,
    /// One sentence on what it is for.
    #[serde(default)]
    pub description: String,
    /// What all random numbers come from.
    #[serde(default = "one")]
    pub seed: u64,
    /// How long visitors come and talk.
    pub length_s: Seconds,
    /// Seconds at the beginning that latencies are not counted in, until the centre has filled.
    #[serde(default)]
    pub warm_up_s: Seconds,
    /// How long chats that run at the end may take to be ended.
    #[serde(default = "ten_seconds")]
    pub drain_s: Seconds,
    /// An answer within so many seconds is in time.
    #[serde(default = "twenty_seconds")]
    pub service_level_s: Seconds,
    /// Where the chats go.
    #[serde(default)]
    pub target: Target,
    /// Visitors who chat, one entry for those who are alike.
    #[serde(default)]
    pub visitors: Vec<Visitors>,
    /// Visitors who only look on: connected, without a chat.
    #[serde(default)]
    pub onlookers: Vec<Onlookers>,
    /// Who answers.
    pub operators: Vec<Operators>,
    /// Moments at which many connections are lost at once.
    #[serde(default)]
    pub storms: Vec<Storm>,
    /// What fails the run.
    #[serde(default)]
    pub limits: Limits,
}

/// Where the chats go.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// The brand's key.
    pub brand: String,
    /// The department that visitors choose.
    pub department: String,
    /// The group that the department's chats go to, and operators are made members of.
    pub group: String,
}

impl Default for Target {
    fn default() -> Self {
        Self { brand: "demo".into(), department: "support".into(), group: "support".into() }
    }
}

/// Visitors who are alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visitors {
    /// Shown in messages about the scenario.
    #[serde(default)]
    pub name: String,
    /// When they come.
    pub arrivals: Arrivals,
    /// How long they wait for an operator.
    #[serde(default = "five_minutes")]
    pub patience: Spread,
    /// How many messages each says.
    #[serde(default = "some_messages")]
    pub messages: Range,
    /// Characters of a message.
    #[serde(default = "some_characters")]
    pub characters: Size,
    /// Characters a second that they type; 0: no time for typing.
    #[serde(default = "typing")]
    pub typing: Rate,
    /// From one message to the beginning of the next.
    #[serde(default = "a_pause")]
    pub pause: Spread,
    /// From the last message until they end the chat.
    #[serde(default = "a_pause")]
    pub linger: Spread,
    /// Whether they tell that they type, and what has arrived and was read.
    #[serde(default)]
    pub hints: bool,
    /// Connections lost without a word, each minute of a visitor's.
    #[serde(default)]
    pub drops_per_minute: Rate,
    /// How long they stay away then.
    #[serde(default = "a_moment")]
    pub away: Spread,
    /// The part of them that reads slowly.
    #[serde(default)]
    pub slow: Part,
    /// How long slow ones read nothing, again and again.
    #[serde(default = "a_pause")]
    pub slow_pause: Spread,
}

/// Visitors who only look on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onlookers {
    /// How many.
    pub count: Count,
    /// They come within this time, at equal distances.
    #[serde(default = "ten_seconds")]
    pub within_s: Seconds,
}

/// Operators who are alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operators {
    /// How many.
    pub count: Count,
    /// Chats each holds at once.
    pub limit: Count,
    /// From an offer to the answer.
    #[serde(default = "a_moment")]
    pub accepts: Spread,
    /// The part of offers they decline.
    #[serde(default)]
    pub declines: Part,
    /// The part of offers they let ring.
    #[serde(default)]
    pub ignores: Part,
    /// The part of messages they answer.
    #[serde(default = "all")]
    pub answers: Part,
    /// From a message to the beginning of their answer.
    #[serde(default = "a_pause")]
    pub thinks: Spread,
    /// Characters a second that they type; 0: no time for typing.
    #[serde(default = "typing")]
    pub typing: Rate,
    /// Characters of an answer.
    #[serde(default = "some_characters")]
    pub characters: Size,
    /// The part of chats that they end themselves, behind the visitor's last message.
    #[serde(default)]
    pub ends: Part,
    /// The part of chats that they hand on to their group, once they have them.
    #[serde(default)]
    pub transfers: Part,
    /// The part of chats to which they invite a colleague of their group.
    #[serde(default)]
    pub invites: Part,
    /// Whether they tell that they type, and what has arrived and was read.
    #[serde(default)]
    pub hints: bool,
    /// Connections lost without a word, each minute of an operator's.
    #[serde(default)]
    pub drops_per_minute: Rate,
    /// How long they stay away then.
    #[serde(default = "a_moment")]
    pub away: Spread,
}

/// A moment at which many connections are lost at once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// When, from the beginning.
    pub at_s: Seconds,
    /// The part of all connected visitors.
    pub part: Part,
    /// Each is lost at a moment by chance within this time.
    #[serde(default)]
    pub within_s: Seconds,
}

/// Why there is no scenario.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// Neither a shipped one nor a file.
    #[error("no scenario {name:?}: expected a file or one of {}", shipped_names())]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The file cannot be read.
    #[error("{name} cannot be read: {source}")]
    Unreadable {
        /// The file.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// A field is wrong; says where and what is expected.
    #[error("{name} is not a scenario:\n{words}")]
    Wrong {
        /// The file or the shipped scenario.
        name: String,
        /// The line, and what is expected there.
        words: String,
    },
}

impl Scenario {
    /// A shipped scenario by name, or one of a file.
    ///
    /// # Errors
    /// There is none, or it is wrong.
    pub fn find(name: &str) -> Result<Self, ScenarioError> {
        if let Some((_, text)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
            return Self::read(name, text);
        }
        if !Path::new(name).exists() {
            return Err(ScenarioError::Unknown { name: name.to_owned() });
        }
        let text = std::fs::read_to_string(name);
        let text = text.map_err(|source| ScenarioError::Unreadable { name: name.to_owned(), source })?;
        Self::read(name, &text)
    }

    /// Reads the text of one.
    ///
    /// # Errors
    /// A field is wrong.
    pub fn read(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let wrong = |words: String| ScenarioError::Wrong { name: name.to_owned(), words };
        if let Some((at, words)) = kinds::wrong(text) {
            return Err(wrong(place::pointed_at(text, at, &words)));
        }
        let scenario: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let at = |place: Place, words: &str| wrong(place::pointed(text, place, words));
        if scenario.operator_count() == 0 {
            let words = "operators: expected at least one, with count = 1 or more; nobody would receive";
            return Err(at(Place::Operators, words));
        }
        if let Some(entry) = scenario.operators.iter().position(|operators| operators.limit.0 == 0) {
            let words = "operators: expected limit = 1 or more; nobody can hold no chat at all";
            return Err(at(Place::Limit(entry), words));
        }
        if let Some((place, words)) = times::beyond_the_end(&scenario).into_iter().next() {
            return Err(at(place, &words));
        }
        let why_not = why_not(&scenario);
        if scenario.limits.theory_off.is_some() && !why_not.is_empty() {
            let reasons = why_not.join(", ");
            let words = format!("limits.theory_off: Erlang A says nothing of this scenario: {reasons}");
            return Err(at(Place::TheoryOff, &words));
        }
        Ok(scenario)
    }

    /// The same for another time. Of a part less is asked: what must be reached at least is the whole run's.
    #[must_use]
    pub fn with_length(self, length_s: Seconds) -> Self {
        let limits = if length_s.0 < self.length_s.0 { self.limits.of_a_part() } else { self.limits };
        Self { length_s, limits, ..self }
    }

    /// What would come only behind the end, or leaves nothing to measure; in words.
    pub fn beyond_the_end(&self) -> Vec<String> {
        times::beyond_the_end(self).into_iter().map(|(_, words)| words).collect()
    }

    /// Operators of all entries.
    pub fn operator_count(&self) -> u32 {
        self.operators.iter().map(|operators| operators.count.0).sum()
    }

    /// The entry that an operator of the run belongs to.
    pub fn operator(&self, number: u32) -> &Operators {
        let mut before = 0;
        let of = self.operators.iter().find(|operators| {
            before += operators.count.0;
            number < before
        });
        of.unwrap_or(&self.operators[self.operators.len() - 1])
    }
}

impl Operators {
    /// So many, each with so many chats at once, and otherwise as they are where nothing is said of them.
    pub fn alike(count: Count, limit: Count) -> Self {
        Self {
            count,
            limit,
            accepts: a_moment(),
            declines: Part::default(),
            ignores: Part::default(),
            answers: all(),
            thinks: a_pause(),
            typing: typing(),
            characters: some_characters(),
            ends: Part::default(),
            transfers: Part::default(),
            invites: Part::default(),
            hints: false,
            drops_per_minute: Rate::default(),
            away: a_moment(),
        }
    }
}

fn shipped_names() -> String {
    SHIPPED.map(|(name, _)| name).join(", ")
}

fn one() -> u64 {
    1
}

fn ten_seconds() -> Seconds {
    Seconds(10.0)
}

fn twenty_seconds() -> Seconds {
    Seconds(20.0)
}

fn all() -> Part {
    Part(1.0)
}

fn typing() -> Rate {
    Rate(8.0)
}

fn five_minutes() -> Spread {
    Spread::Exponential { mean_s: Seconds(300.0) }
}

fn a_pause() -> Spread {
    Spread::Exponential { mean_s: Seconds(5.0) }
}

fn a_moment() -> Spread {
    Spread::Exponential { mean_s: Seconds(2.0) }
}

fn some_messages() -> Range {
    Range { least: 3, most: 8 }
}

fn some_characters() -> Size {
    Size { least: 40, most: 160 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "name = \"x\"\nlength_s = 5\n[[operators]]\ncount = 1\nlimit = 2\n";

    fn wrong(text: &str) -> String {
        Scenario::read("mine.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn every_shipped_scenario_is_right_and_bears_its_name() {
        for (name, text) in SHIPPED {
            assert_eq!(Scenario::read(name, text).unwrap().name, name);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_the_right_form() {
        Scenario::read("mine.toml", LEAST).unwrap();
        let unknown = wrong(&LEAST.replace("limit = 2", "limits = 2"));
        assert!(unknown.contains("line 5") && unknown.contains("`limits`") && unknown.contains("`limit`"), "{unknown}");
        let negative = wrong(&LEAST.replace("length_s = 5", "length_s = -5"));
        assert!(negative.contains("line 2") && negative.contains("0 to 604800 seconds"), "{negative}");
        let text = wrong(&LEAST.replace("length_s = 5", "length_s = \"5\""));
        assert!(text.contains("line 2") && text.contains("604800 seconds (a week), got \"5\""), "{text}");
        let count = wrong(&LEAST.replace("count = 1", "count = 1.5"));
        assert!(count.contains("line 4") && count.contains("a number from 0 to 1000000, got 1.5"), "{count}");
        let turned = wrong(&format!("{LEAST}thinks = {{ kind = \"uniform\", least_s = 5, most_s = 1 }}\n"));
        assert!(turned.contains("line 6") && turned.contains("least_s <= most_s, got 5 and 1"), "{turned}");
        let none = wrong(&LEAST.replace("limit = 2", "limit = 0"));
        assert!(none.contains("line 5") && none.contains("limit = 1 or more"), "{none}");
        let second = wrong(&format!("{LEAST}[[operators]]\ncount = 1\nlimit = 0\n"));
        assert!(second.contains("line 8") && second.contains("limit = 1 or more"), "{second}");
        let part = wrong(&format!("{LEAST}declines = 1.5\n"));
        assert!(part.contains("line 6") && part.contains("a part from 0 to 1"), "{part}");
        for (limit, right) in [
            ("pace_off = 2", "a part from 0 to 1, got 2"),
            ("tool_cpu_a_message_us = -1", "0 to 1000000 microseconds (a second), got -1"),
            ("tool_cpu_part = 1.5", "a part from 0 to 1, got 1.5"),
            ("tool_mib = \"500 MB\"", "0 to 1048576 MiB (a TiB), got \"500 MB\""),
        ] {
            let limit_words = wrong(&format!("{LEAST}[limits]\n{limit}\n"));
            assert!(limit_words.contains("line 7") && limit_words.contains(limit), "{limit_words}");
            assert!(limit_words.contains(right), "{limit_words}");
        }
        let kind = wrong(&format!("{LEAST}thinks = {{ kind = \"slowly\" }}\n"));
        assert!(kind.contains("line 6") && kind.contains("exponential"), "{kind}");
        let nobody = wrong("name = \"x\"\nlength_s = 5\noperators = []\n");
        assert!(nobody.contains("line 3") && nobody.contains("at least one"), "{nobody}");
        let nobody = wrong(&LEAST.replace("count = 1", "count = 0"));
        assert!(nobody.contains("line 4") && nobody.contains("at least one"), "{nobody}");
        let profile =
            format!("{LEAST}[[visitors]]\narrivals = {{ kind = \"profile\", step_s = 5, per_minute = [] }}\n");
        let profile = wrong(&profile);
        assert!(profile.contains("line 7") && profile.contains("at least one rate"), "{profile}");
        let formula = wrong(&format!("{LEAST}[limits]\ntheory_off = 2\n"));
        assert!(formula.contains("line 7") && formula.contains("theory_off"), "{formula}");
        assert!(formula.contains("theory_off = 2") && formula.contains("nobody comes by chance"), "{formula}");
    }

    #[test]
    fn a_scenario_that_is_not_there_names_those_that_are() {
        let words = Scenario::find("lunch").unwrap_err().to_string();
        assert!(words.contains("lunch-peak") && words.contains("smoke"), "{words}");
    }

    /// The names of all fields of a value, at any depth.
    fn fields(value: &serde_json::Value, names: &mut std::collections::BTreeSet<String>) {
        match value {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    names.insert(name.clone());
                    fields(value, names);
                }
            }
            serde_json::Value::Array(all) => all.iter().for_each(|value| fields(value, names)),
            _ => {}
        }
    }

    #[test]
    fn every_field_of_a_scenario_is_described() {
        let description = include_str!("../scenarios/README.md");
        let mut names = std::collections::BTreeSet::new();
        for (name, text) in SHIPPED {
            let scenario = Scenario::read(name, text).unwrap();
            fields(&serde_json::to_value(scenario).unwrap(), &mut names);
        }
        let storm = serde_json::to_value(Storm { at_s: Seconds(1.0), part: Part(0.5), within_s: Seconds(1.0) });
        fields(&storm.unwrap(), &mut names);
        assert!(names.len() > 50, "fields with their defaults: {names:?}");
        let missing: Vec<_> = names.iter().filter(|name| !described(description, name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// Whether a field stands as code: alone, or within a form such as `{ least, most }`.
    fn described(text: &str, name: &str) -> bool {
        let code = text.split('`').skip(1).step_by(2);
        let words = code.flat_map(|code| code.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
        words.into_iter().any(|word| word == name)
    }
}
