//! What the chats of a department need: skills, the visitor's language, and how urgent they are. Set by people, read
//! whenever a chat says that it waits, so that a change holds for those who wait already.

use serde::{Deserialize, Serialize};

use crate::domain::group::BadSetting;
use crate::domain::limits::{PRIORITY_MAX, WISHED_SKILLS_MAX};
use crate::domain::skills::{Level, Need, Skill};

/// See the module. Who sets nothing needs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DepartmentNeeds {
    /// What the operator must be able to, the most important first: groups that relax give up the last one first.
    pub skills: Vec<Need>,
    /// The operator must speak the visitor's language, at any level; it is the last to be given up.
    pub match_language: bool,
    /// Steps by which the chats are moved ahead.
    pub priority: i32,
}

impl DepartmentNeeds {
    /// Whether a department may be set up so.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), BadSetting> {
        let room = WISHED_SKILLS_MAX - usize::from(self.match_language);
        if self.skills.len() > room {
            let counted = if self.match_language { " beside the language" } else { "" };
            return Err(BadSetting::new("skills", format!("at most {room} skills{counted}")));
        }
        for (at, need) in self.skills.iter().enumerate() {
            if self.skills[..at].iter().any(|other| other.skill == need.skill) {
                return Err(BadSetting::new(format!("skills.{at}.skill"), "each skill once"));
            }
        }
        if !(-PRIORITY_MAX..=PRIORITY_MAX).contains(&self.priority) {
            return Err(BadSetting::new("priority", format!("-{PRIORITY_MAX} to {PRIORITY_MAX} steps")));
        }
        Ok(())
    }

    /// The skills that a chat of the department asks for, whose visitor has this language.
    pub fn skills_for(&self, language: Option<&str>) -> Vec<Need> {
        let spoken = language.filter(|_| self.match_language).and_then(speaking);
        spoken.into_iter().chain(self.skills.iter().cloned()).collect()
    }
}

/// The language of a tag such as `pt-BR`: it alone counts, not the country. None of what is no language.
pub fn language_of(tag: &str) -> Option<&str> {
    let code = tag.trim().split(['-', '_']).next()?;
    // ISO 639 has codes of two and three letters.
    let known = matches!(code.len(), 2 | 3) && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    known.then_some(code)
}

/// The need for somebody who speaks a language. What is no language asks for nothing.
fn speaking(tag: &str) -> Option<Need> {
    let skill = Skill::language(language_of(tag)?).ok()?;
    Some(Need { skill, level: Level::LEAST })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(skill: &str, level: i64) -> Need {
        Need { skill: skill.parse().unwrap(), level: Level::new(level).unwrap() }
    }

    #[test]
    fn the_language_of_the_visitor_is_asked_for_before_all_skills() {
        let needs =
            DepartmentNeeds { skills: vec![need("billing", 3)], match_language: true, ..DepartmentNeeds::default() };
        assert_eq!(needs.skills_for(Some("pt-BR")), [need("language:pt", 1), need("billing", 3)]);
        assert_eq!(needs.skills_for(Some("DE")), [need("language:de", 1), need("billing", 3)]);
        for odd in ["", "*", "x", "english", "4k"] {
            assert_eq!(needs.skills_for(Some(odd)), [need("billing", 3)], "{odd}");
        }
        assert_eq!(needs.skills_for(None), [need("billing", 3)]);
        let any = DepartmentNeeds { match_language: false, ..needs };
        assert_eq!(any.skills_for(Some("de")), [need("billing", 3)]);
    }

    #[test]
    fn what_a_department_cannot_need_is_named() {
        let of = |skills: Vec<Need>, match_language, priority| {
            DepartmentNeeds { skills, match_language, priority }.check().map_err(|bad| bad.field)
        };
        let many = |count: usize| (0..count).map(|n| need(&format!("s{n}"), 1)).collect::<Vec<_>>();
        assert_eq!(of(many(8), false, 90), Ok(()));
        assert_eq!(of(many(7), true, -90), Ok(()));
        assert_eq!(of(many(9), false, 0), Err("skills".into()));
        assert_eq!(of(many(8), true, 0), Err("skills".into()));
        assert_eq!(of(vec![need("a", 1), need("b", 1), need("a", 2)], false, 0), Err("skills.2.skill".into()));
        assert_eq!(of(Vec::new(), false, 91), Err("priority".into()));
        assert_eq!(of(Vec::new(), false, i32::MIN), Err("priority".into()));
    }
}
