//! What operators can and what chats ask for: skills and languages, each with a level. Chats that ask for the same
//! are one [`SkillClass`], for which a roster keeps an order of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::limits::{SKILL_CHARS_MAX, SKILL_LEVEL_MAX};

/// The text is not a skill, or the number no level: what was expected, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct BadSkill {
    /// The right form, in words.
    pub expected: &'static str,
}

/// A skill by its name; a language is the skill `language:` and its code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Skill(Arc<str>);

impl Skill {
    /// The skill of speaking a language.
    pub fn language(code: &str) -> Result<Self, BadSkill> {
        format!("language:{}", code.to_ascii_lowercase()).parse()
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Skill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Skill {
    type Err = BadSkill;

    fn from_str(text: &str) -> Result<Self, BadSkill> {
        let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'_' | b'-' | b':');
        if (1..=SKILL_CHARS_MAX).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.into()))
        } else {
            Err(BadSkill { expected: "1 to 64 of a-z 0-9 _ - :" })
        }
    }
}

impl<'de> Deserialize<'de> for Skill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How well: 1 is a little, [`SKILL_LEVEL_MAX`] the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Level(u8);

impl Level {
    /// A little.
    pub const LEAST: Self = Self(1);

    /// A level from 1 to [`SKILL_LEVEL_MAX`].
    pub fn new(level: i64) -> Result<Self, BadSkill> {
        match u8::try_from(level) {
            Ok(level @ 1..=SKILL_LEVEL_MAX) => Ok(Self(level)),
            _ => Err(BadSkill { expected: "a whole number from 1 to 10" }),
        }
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What an operator can.
pub type Skills = BTreeMap<Skill, Level>;

/// A skill that a chat asks for, and how well at least.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Need {
    /// Which.
    pub skill: Skill,
    /// At least so well.
    pub level: Level,
}

/// What chats of one kind ask for, in one order whatever the order in which it was said. The empty class is
/// everybody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SkillClass(Option<Arc<[Need]>>);

impl SkillClass {
    /// Of several needs; of one skill the highest level counts.
    pub fn new(needs: &[Need]) -> Self {
        let mut sorted: Vec<Need> = needs.to_vec();
        sorted.sort_by(|a, b| (&a.skill, b.level).cmp(&(&b.skill, a.level)));
        sorted.dedup_by(|later, first| later.skill == first.skill);
        Self((!sorted.is_empty()).then(|| sorted.into()))
    }

    /// What is asked for, by skill.
    pub fn needs(&self) -> &[Need] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether nothing is asked for.
    pub fn is_everybody(&self) -> bool {
        self.0.is_none()
    }

    /// Whether somebody with these skills may serve it.
    pub fn is_met_by(&self, skills: &Skills) -> bool {
        self.needs().iter().all(|need| skills.get(&need.skill).is_some_and(|level| *level >= need.level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(skill: &str, level: i64) -> Need {
        Need { skill: skill.parse().unwrap(), level: Level::new(level).unwrap() }
    }

    #[test]
    fn the_order_in_which_skills_are_named_makes_no_other_class() {
        let one = SkillClass::new(&[need("billing", 3), need("language:de", 5), need("billing", 1)]);
        assert_eq!(one, SkillClass::new(&[need("language:de", 5), need("billing", 3)]));
        assert!(SkillClass::new(&[]).is_everybody());
    }

    #[test]
    fn each_need_must_be_met_at_its_level() {
        let class = SkillClass::new(&[need("billing", 3), need("language:de", 5)]);
        let skills = |billing: i64, german: i64| {
            let german = (Skill::language("DE").unwrap(), Level::new(german).unwrap());
            Skills::from([("billing".parse().unwrap(), Level::new(billing).unwrap()), german])
        };
        assert!(class.is_met_by(&skills(3, 5)));
        assert!(!class.is_met_by(&skills(2, 9)));
        assert!(!class.is_met_by(&skills(9, 4)));
        assert!(!class.is_met_by(&Skills::default()));
        assert!(SkillClass::default().is_met_by(&Skills::default()));
    }

    #[test]
    fn wrong_names_and_levels_are_refused_with_the_right_form() {
        assert!("".parse::<Skill>().is_err() && "Billing".parse::<Skill>().is_err());
        for level in [-1, 0, 11, 300] {
            assert_eq!(Level::new(level).unwrap_err().to_string(), "expected a whole number from 1 to 10");
        }
        assert!(serde_json::from_str::<Need>(r#"{"skill":"billing","level":0}"#).is_err());
    }
}
