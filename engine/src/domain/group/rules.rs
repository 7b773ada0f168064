//! What a group may set of routing beyond how it rings, as people write it: times in seconds, each checked before it
//! is stored. The defaults change nothing for a group that sets nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::hours::{BadHours, Hours};
use crate::domain::ids::GroupId;
use crate::domain::limits::{
    LAST_OPERATOR_DAYS_MAX, MESSAGE_CHARS_MAX, OPERATOR_LIMIT_MAX, OVERFLOW_GROUPS_MAX, PRIORITY_MAX,
    QUEUE_TEXT_CHARS_MAX, RULE_SECONDS_MAX, SERVICE_LEVEL_S, SERVICE_LEVEL_WITHIN_S,
};

/// A setting cannot be as it was said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}")]
pub struct BadSetting {
    /// Which setting.
    pub field: String,
    /// The right form, in words.
    pub expected: String,
}

impl BadSetting {
    /// Names the setting and the right form.
    pub fn new(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field: field.into(), expected: expected.into() }
    }
}

impl From<BadHours> for BadSetting {
    fn from(bad: BadHours) -> Self {
        Self::new(format!("hours.{}", bad.field), bad.expected)
    }
}

/// What a chat gets instead of an operator of its group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// The off-line form.
    #[default]
    OfflineForm,
    /// A place in the queue of another group; when that has none for it either, the off-line form.
    Group(GroupId),
}

/// What becomes of the chats of an operator whose connection is lost for longer than the grace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostOperator {
    /// They stay the operator's.
    #[default]
    Keep,
    /// They go back to the front of the queue.
    Requeue,
}

/// Other groups are asked as well after a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overflow {
    /// After how many seconds of waiting.
    pub after_s: u32,
    /// Which. Only these are: what they in turn overflow to is not asked, so that circles are harmless.
    pub groups: Vec<GroupId>,
}

impl Overflow {
    /// After what wait other groups are asked.
    pub fn after(&self) -> Duration {
        span(self.after_s)
    }
}

/// The wait within which an answer is in time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InTime(pub u32);

impl Default for InTime {
    fn default() -> Self {
        Self(SERVICE_LEVEL_WITHIN_S)
    }
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoutingRules {
    /// Other groups that help.
    pub overflow: Option<Overflow>,
    /// Chats that may wait at once; none is as many as come.
    pub queue_length_max: Option<u32>,
    /// Seconds after which a waiting chat is turned away; none is never.
    pub queue_wait_max_s: Option<u32>,
    /// What those get for whom the queue is too long, or the wait.
    pub when_full: Instead,
    /// Seconds after which a chat gives up one of its skills, and then the next; none is never.
    pub skill_relaxed_every_s: Option<u32>,
    /// Days for which a contact's last operator is preferred; 0 is not at all.
    pub last_operator_days: u32,
    /// Seconds for which a chat waits for its contact's last operator.
    pub last_operator_waits_s: u32,
    /// Seconds for which a chat waits for the operator whom the page names.
    pub wanted_operator_waits_s: u32,
    /// Offers in a row, of all their groups together, that make an operator away when the last of them is this group's
    /// and they let it expire; none is any number.
    pub expired_offers_until_away: Option<u32>,
    /// What becomes of chats whose operator is lost.
    pub lost_operator: LostOperator,
    /// Steps by which the group's chats are moved ahead, beside those of their department and brand.
    pub priority: i32,
    /// When the group is open; none is always.
    pub hours: Option<Hours>,
    /// What a visitor is told once before an operator has answered; none is nothing.
    pub greeting: Option<String>,
    /// Seconds after the beginning of the chat.
    pub greeting_after_s: u32,
    /// What stands beside the place in the queue, with `{ahead}` and `{wait}` in it; none is the usual words.
    pub queue_text: Option<String>,
    /// T of the service level. It changes nothing for a chat: it is what figures call an answer in time.
    pub service_level_within_s: InTime,
}

impl RoutingRules {
    /// Whether a group may be set up so. All that is wrong with one field is said of its first fault.
    pub fn check(&self, own: &GroupId) -> Result<(), BadSetting> {
        if let Some(overflow) = &self.overflow {
            seconds("overflow.after_s", overflow.after_s)?;
            other_groups(&overflow.groups, own)?;
        }
        if self.queue_length_max.is_some_and(|max| max > OPERATOR_LIMIT_MAX * 100) {
            return Err(BadSetting::new("queue_length_max", "a whole number from 0 to 1000000, or nothing"));
        }
        let times = [
            ("queue_wait_max_s", self.queue_wait_max_s),
            ("skill_relaxed_every_s", self.skill_relaxed_every_s),
            ("last_operator_waits_s", Some(self.last_operator_waits_s)),
            ("wanted_operator_waits_s", Some(self.wanted_operator_waits_s)),
            ("greeting_after_s", Some(self.greeting_after_s)),
        ];
        times.into_iter().try_for_each(|(field, time)| seconds(field, time.unwrap_or(0)))?;
        for (field, time) in &times[..2] {
            if *time == Some(0) {
                return Err(BadSetting::new(*field, "at least 1 second, or nothing"));
            }
        }
        for (field, text, max) in
            [("greeting", &self.greeting, MESSAGE_CHARS_MAX), ("queue_text", &self.queue_text, QUEUE_TEXT_CHARS_MAX)]
        {
            let fits = |text: &String| !text.trim().is_empty() && text.chars().count() <= max;
            if !text.as_ref().is_none_or(fits) {
                return Err(BadSetting::new(field, format!("at most {max} characters, or nothing")));
            }
        }
        if self.when_full == Instead::Group(own.clone()) {
            return Err(BadSetting::new("when_full", "another group than this one"));
        }
        if self.last_operator_days > LAST_OPERATOR_DAYS_MAX {
            return Err(BadSetting::new("last_operator_days", format!("0 to {LAST_OPERATOR_DAYS_MAX} days")));
        }
        if self.expired_offers_until_away == Some(0) {
            return Err(BadSetting::new("expired_offers_until_away", "at least 1, or nothing"));
        }
        if !SERVICE_LEVEL_S.contains(&self.service_level_within_s.0) {
            let (least, most) = SERVICE_LEVEL_S.into_inner();
            return Err(BadSetting::new("service_level_within_s", format!("{least} to {most} seconds")));
        }
        if !(-PRIORITY_MAX..=PRIORITY_MAX).contains(&self.priority) {
            return Err(BadSetting::new("priority", format!("-{PRIORITY_MAX} to {PRIORITY_MAX} steps")));
        }
        self.hours.as_ref().map_or(Ok(()), |hours| hours.check().map_err(BadSetting::from))
    }

    /// Names a group no more that is gone: what it would have got, the off-line form gets. Whether there was a change.
    pub fn forget(&mut self, gone: &GroupId) -> bool {
        let is_full = matches!(&self.when_full, Instead::Group(group) if group == gone);
        if is_full {
            self.when_full = Instead::OfflineForm;
        }
        let asks = self.overflow.as_ref().is_some_and(|overflow| overflow.groups.contains(gone));
        if let Some(overflow) = &mut self.overflow {
            overflow.groups.retain(|group| group != gone);
        }
        self.overflow.take_if(|overflow| overflow.groups.is_empty());
        is_full || asks
    }

    /// T of the service level.
    pub fn service_level_within(&self) -> Duration {
        span(self.service_level_within_s.0)
    }

    pub(crate) fn skill_relaxed_every(&self) -> Option<Duration> {
        self.skill_relaxed_every_s.map(|every| span(every.max(1)))
    }

    pub(crate) fn last_operator_for(&self) -> Duration {
        Duration::from_secs(u64::from(self.last_operator_days) * 86_400)
    }

    pub(crate) fn last_operator_waits(&self) -> Duration {
        span(self.last_operator_waits_s)
    }

    pub(crate) fn wanted_operator_waits(&self) -> Duration {
        span(self.wanted_operator_waits_s)
    }

    pub(crate) fn queue_wait_max(&self) -> Option<Duration> {
        self.queue_wait_max_s.map(span)
    }
}

/// A limit as somebody has typed it: nothing is unlimited, 0 gets none.
pub fn limit(field: &str, typed: Option<i64>) -> Result<Option<u32>, BadSetting> {
    let Some(typed) = typed else { return Ok(None) };
    match u32::try_from(typed) {
        Ok(limit) if limit <= OPERATOR_LIMIT_MAX => Ok(Some(limit)),
        _ => Err(BadSetting::new(field, format!("a whole number from 0 to {OPERATOR_LIMIT_MAX}, or nothing"))),
    }
}

fn span(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

fn seconds(field: &str, time: u32) -> Result<(), BadSetting> {
    if time > RULE_SECONDS_MAX {
        return Err(BadSetting::new(field, format!("0 to {RULE_SECONDS_MAX} seconds")));
    }
    Ok(())
}

fn other_groups(groups: &[GroupId], own: &GroupId) -> Result<(), BadSetting> {
    if groups.is_empty() || groups.len() > OVERFLOW_GROUPS_MAX {
        return Err(BadSetting::new("overflow.groups", format!("1 to {OVERFLOW_GROUPS_MAX} groups")));
    }
    for (at, group) in groups.iter().enumerate() {
        if group == own {
            return Err(BadSetting::new(format!("overflow.groups.{at}"), "another group than this one"));
        }
        if groups[..at].contains(group) {
            return Err(BadSetting::new(format!("overflow.groups.{at}"), "each group once"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> GroupId {
        "support".parse().unwrap()
    }

    fn fault(rules: RoutingRules) -> String {
        rules.check(&own()).unwrap_err().field
    }

    #[test]
    fn a_group_that_sets_nothing_is_set_up_well() {
        assert_eq!(RoutingRules::default().check(&own()), Ok(()));
        assert_eq!(serde_json::from_str::<RoutingRules>("{}").unwrap(), RoutingRules::default());
        assert_eq!(RoutingRules::default().service_level_within(), Duration::from_secs(20));
    }

    #[test]
    fn each_wrong_setting_is_named() {
        let rules = RoutingRules::default;
        let overflow = |groups: &[&str]| {
            let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
            RoutingRules { overflow: Some(Overflow { after_s: 30, groups }), ..rules() }
        };
        assert_eq!(fault(overflow(&[])), "overflow.groups");
        assert_eq!(fault(overflow(&["sales", "support"])), "overflow.groups.1");
        assert_eq!(fault(overflow(&["sales", "sales"])), "overflow.groups.1");
        assert_eq!(overflow(&["sales"]).check(&own()), Ok(()));
        assert_eq!(fault(RoutingRules { when_full: Instead::Group(own()), ..rules() }), "when_full");
        assert_eq!(fault(RoutingRules { queue_wait_max_s: Some(0), ..rules() }), "queue_wait_max_s");
        assert_eq!(fault(RoutingRules { wanted_operator_waits_s: 90_000, ..rules() }), "wanted_operator_waits_s");
        assert_eq!(fault(RoutingRules { expired_offers_until_away: Some(0), ..rules() }), "expired_offers_until_away");
        for within in [0, 3_601] {
            let bad = RoutingRules { service_level_within_s: InTime(within), ..rules() };
            assert_eq!(fault(bad), "service_level_within_s");
        }
        assert_eq!(fault(RoutingRules { priority: -91, ..rules() }), "priority");
        assert_eq!(fault(RoutingRules { priority: i32::MIN, ..rules() }), "priority");
        assert_eq!(fault(RoutingRules { last_operator_days: 400, ..rules() }), "last_operator_days");
    }

    #[test]
    fn a_negative_limit_is_refused_and_an_empty_one_is_unlimited() {
        assert_eq!(limit("limit", None), Ok(None));
        assert_eq!(limit("limit", Some(0)), Ok(Some(0)));
        let refused = limit("limit", Some(-1)).unwrap_err();
        assert_eq!(refused.to_string(), "limit: expected a whole number from 0 to 10000, or nothing");
        assert!(serde_json::from_str::<RoutingRules>(r#"{"queue_length_max":-1}"#).is_err());
    }
}
