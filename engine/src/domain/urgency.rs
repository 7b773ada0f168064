//! What makes chats of a brand urgent: the brand itself, what its server signs of a visitor, and what its pages say, as far
//! as the brand says that they are to be believed. Anybody can write a page's variables; only what is vouched for counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::group::BadSetting;
use crate::domain::limits::{BRAND_VARIABLES_MAX, FIELD_CHARS_MAX, FIELDS_MAX, PRIORITY_MAX, VARIABLE_NAME_CHARS_MAX};

/// What a page says of its visitor, or its server has signed, by name.
pub type Variables = BTreeMap<String, String>;

/// Steps that a variable gives when it has a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariablePriority {
    /// Which variable.
    pub variable: String,
    /// Which value; it counts as it is written.
    pub value: String,
    /// Steps by which the chat is moved ahead.
    pub steps: i32,
}

/// See the module. Who sets nothing moves nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrandPriorities {
    /// Steps by which all chats of the brand are moved ahead.
    pub priority: i32,
    /// Variables that are believed though nobody has signed them.
    pub trusted_variables: Vec<String>,
    /// What variables give. Those that are neither signed nor trusted give nothing.
    pub variable_priorities: Vec<VariablePriority>,
}

impl BrandPriorities {
    /// Whether a brand may be set up so.
    ///
    /// # Errors
    /// The first setting that cannot be.
    pub fn check(&self) -> Result<(), BadSetting> {
        steps("priority", self.priority)?;
        let many = |field| BadSetting::new(field, format!("at most {BRAND_VARIABLES_MAX}"));
        if self.trusted_variables.len() > BRAND_VARIABLES_MAX {
            return Err(many("trusted_variables"));
        }
        for (at, name) in self.trusted_variables.iter().enumerate() {
            variable(format!("trusted_variables.{at}"), name)?;
            if self.trusted_variables[..at].contains(name) {
                return Err(BadSetting::new(format!("trusted_variables.{at}"), "each variable once"));
            }
        }
        if self.variable_priorities.len() > BRAND_VARIABLES_MAX {
            return Err(many("variable_priorities"));
        }
        for (at, rule) in self.variable_priorities.iter().enumerate() {
            let field = |name: &str| format!("variable_priorities.{at}.{name}");
            variable(field("variable"), &rule.variable)?;
            if !is_value(&rule.value) {
                return Err(BadSetting::new(field("value"), format!("1 to {FIELD_CHARS_MAX} characters")));
            }
            steps(&field("steps"), rule.steps)?;
            let same = |other: &VariablePriority| other.variable == rule.variable && other.value == rule.value;
            if self.variable_priorities[..at].iter().any(same) {
                return Err(BadSetting::new(field("value"), "each value of a variable once"));
            }
        }
        Ok(())
    }

    /// The steps that a visitor's variables give: what the brand's server has signed counts, of what a page says only
    /// what the brand trusts. What is signed is never outdone by a page that says otherwise.
    pub fn steps_of(&self, verified: &Variables, said: &Variables) -> i32 {
        let trusted = |name: &String| self.trusted_variables.contains(name).then(|| said.get(name)).flatten();
        let believed = |name: &String| verified.get(name).or_else(|| trusted(name));
        let rules = self.variable_priorities.iter().filter(|rule| believed(&rule.variable) == Some(&rule.value));
        rules.fold(0, |sum, rule| sum.saturating_add(rule.steps))
    }
}

/// Variables as they are written, by a page or by the server that signs for it, as they are kept: texts, numbers, `true`
/// and `false`; others are left out. Beyond that see [`readable`].
pub fn readable_variables(written: &BTreeMap<String, Value>) -> Variables {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    readable(written.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))))
}

/// The variables of a page as they are kept: names of the right form, values that are not empty and cut to
/// [`FIELD_CHARS_MAX`] characters, at most [`FIELDS_MAX`] of them. A page that says more, or worse, still gets its chat.
pub fn readable(said: impl IntoIterator<Item = (String, String)>) -> Variables {
    let cut = |value: String| value.trim().chars().take(FIELD_CHARS_MAX).collect::<String>();
    let said = said.into_iter().map(|(name, value)| (name, cut(value)));
    said.filter(|(name, value)| is_name(name) && is_value(value)).take(FIELDS_MAX).collect()
}

fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=VARIABLE_NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(known)
}

fn is_value(value: &str) -> bool {
    !value.is_empty() && value.chars().count() <= FIELD_CHARS_MAX
}

fn variable(field: String, name: &str) -> Result<(), BadSetting> {
    if is_name(name) {
        return Ok(());
    }
    Err(BadSetting::new(field, format!("1 to {VARIABLE_NAME_CHARS_MAX} of A-Z a-z 0-9 _ - .")))
}

fn steps(field: &str, steps: i32) -> Result<(), BadSetting> {
    if (-PRIORITY_MAX..=PRIORITY_MAX).contains(&steps) {
        return Ok(());
    }
    Err(BadSetting::new(field, format!("-{PRIORITY_MAX} to {PRIORITY_MAX} steps")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(variable: &str, value: &str, steps: i32) -> VariablePriority {
        VariablePriority { variable: variable.into(), value: value.into(), steps }
    }

    fn said(pairs: &[(&str, &str)]) -> Variables {
        readable(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_variable_that_nobody_vouches_for_moves_no_chat() {
        let mut brand = BrandPriorities {
            variable_priorities: vec![rule("tier", "gold", 10), rule("tier", "silver", 5), rule("cart", "full", 3)],
            ..BrandPriorities::default()
        };
        let gold = said(&[("tier", "gold"), ("cart", "full")]);
        let unsigned = Variables::new();
        assert_eq!(brand.steps_of(&unsigned, &gold), 0);
        brand.trusted_variables = vec!["tier".into()];
        assert_eq!(brand.steps_of(&unsigned, &gold), 10, "the cart is still only claimed");
        assert_eq!(brand.steps_of(&unsigned, &said(&[("tier", "Gold")])), 0);
        assert_eq!(brand.steps_of(&unsigned, &said(&[("tier", " silver ")])), 5);
        brand.trusted_variables.push("cart".into());
        assert_eq!(brand.steps_of(&unsigned, &gold), 13);
    }

    #[test]
    fn what_is_signed_counts_and_is_not_outdone_by_a_page() {
        let mut brand = BrandPriorities {
            variable_priorities: vec![rule("tier", "gold", 10), rule("tier", "silver", 5)],
            ..BrandPriorities::default()
        };
        let (gold, silver) = (said(&[("tier", "gold")]), said(&[("tier", "silver")]));
        assert_eq!(brand.steps_of(&silver, &Variables::new()), 5);
        assert_eq!(brand.steps_of(&silver, &gold), 5);
        brand.trusted_variables = vec!["tier".into()];
        assert_eq!(brand.steps_of(&silver, &gold), 5, "trusted, and still only said");
        assert_eq!(brand.steps_of(&Variables::new(), &gold), 10);
    }

    #[test]
    fn what_a_page_says_is_kept_as_far_as_it_can_be() {
        let long = "x".repeat(FIELD_CHARS_MAX + 1);
        let kept = said(&[("a.b-c_9", "1"), ("bad name", "1"), ("", "1"), ("empty", "  "), ("long", &long)]);
        assert_eq!(kept.keys().map(String::as_str).collect::<Vec<_>>(), ["a.b-c_9", "long"]);
        assert_eq!(kept["long"].chars().count(), FIELD_CHARS_MAX);
        let many = readable((0..200).map(|n| (format!("v{n}"), "1".to_owned())));
        assert_eq!(many.len(), FIELDS_MAX);
    }

    #[test]
    fn what_a_brand_cannot_be_set_to_is_named() {
        let field = |brand: BrandPriorities| brand.check().unwrap_err().field;
        let trusts = |names: &[&str]| BrandPriorities {
            trusted_variables: names.iter().map(|name| (*name).to_owned()).collect(),
            ..BrandPriorities::default()
        };
        let gives = |rules: &[VariablePriority]| BrandPriorities {
            variable_priorities: rules.to_vec(),
            ..BrandPriorities::default()
        };
        assert_eq!(BrandPriorities::default().check(), Ok(()));
        assert_eq!(field(BrandPriorities { priority: i32::MIN, ..BrandPriorities::default() }), "priority");
        assert_eq!(field(trusts(&["tier", "my tier"])), "trusted_variables.1");
        assert_eq!(field(trusts(&["tier", "tier"])), "trusted_variables.1");
        assert_eq!(field(gives(&[rule("", "x", 1)])), "variable_priorities.0.variable");
        assert_eq!(field(gives(&[rule("tier", "", 1)])), "variable_priorities.0.value");
        assert_eq!(field(gives(&[rule("tier", "x", 1), rule("tier", "x", 2)])), "variable_priorities.1.value");
        assert_eq!(field(gives(&[rule("tier", "x", 91)])), "variable_priorities.0.steps");
        let many: Vec<_> = (0..=BRAND_VARIABLES_MAX).map(|n| rule("tier", &n.to_string(), 1)).collect();
        assert_eq!(field(gives(&many)), "variable_priorities");
    }
}
