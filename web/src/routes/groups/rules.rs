//! The rules of routing among the fields of a group: absent leaves one as it is, and `null` takes it back to what holds
//! for a group that never set it.

use engine::domain::group::{GroupSettings, Instead, RoutingRules};
use engine::domain::ids::GroupId;
use engine::protocol::error::{Code, Failure};
use engine::protocol::frame::read_fields;
use serde_json::{Map, Value};

use crate::body::Body;
use crate::error::Problem;

/// The rules of a group after a change.
///
/// # Errors
/// `invalid`, with the field that cannot be as it was said.
pub(super) fn changed(before: &RoutingRules, own: &GroupId, body: &Body) -> Result<RoutingRules, Problem> {
    let wanted: Map<String, Value> = body.fields()?;
    let mut fields: Map<String, Value> = fields_of(before)?;
    let usual = fields_of(&RoutingRules::default())?;
    for (name, value) in &mut fields {
        match wanted.get(name) {
            Some(Value::Null) => *value = usual.get(name).cloned().unwrap_or_default(),
            Some(wanted) => *value = wanted.clone(),
            None => {}
        }
    }
    let rules: RoutingRules = read_fields(&Value::Object(fields).to_string())?;
    rules.check(own).map_err(|bad| Failure::invalid(bad.field, format!("expected {}", bad.expected)))?;
    Ok(rules)
}

/// The field that names a group which is not there, and was not named before.
pub(super) fn missing(rules: &RoutingRules, before: Option<&RoutingRules>, groups: &[GroupSettings]) -> Option<String> {
    let there = |wanted: &GroupId| groups.iter().any(|group| group.id == *wanted);
    if let Instead::Group(group) = &rules.when_full
        && !there(group)
        && before.is_none_or(|before| before.when_full != rules.when_full)
    {
        return Some("when_full.group".into());
    }
    let named =
        before.and_then(|before| before.overflow.as_ref()).map_or(&[][..], |overflow| overflow.groups.as_slice());
    let mut helpers = rules.overflow.as_ref()?.groups.iter().enumerate();
    helpers.find(|(_, group)| !there(group) && !named.contains(group)).map(|(at, _)| format!("overflow.groups.{at}"))
}

fn fields_of(rules: &RoutingRules) -> Result<Map<String, Value>, Failure> {
    match serde_json::to_value(rules) {
        Ok(Value::Object(fields)) => Ok(fields),
        other => {
            tracing::error!(?other, "rules of a group could not be written as JSON");
            Err(Failure::new(Code::Internal, "a fault of the server; it was written to the log"))
        }
    }
}
