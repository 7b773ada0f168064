//! What the account sets of its operators' presence: everybody signed in reads it, `manage_staff` changes it.

use actix_web::{HttpResponse, web};
use engine::domain::operator::PresenceRules;
use engine::domain::permission::Permission;
use engine::protocol::error::Failure;
use serde::Deserialize;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::patch::given;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

/// `GET /presence_rules`
pub async fn get(state: web::Data<AppState>, who: SignedIn) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let rules = state.store.presence_rules(who.account).await?;
    Ok(HttpResponse::Ok().json(Versioned::of(rules.unwrap_or_default())))
}

/// `PATCH /presence_rules`
pub async fn change(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: RulesChange = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || Ok(state.store.presence_rules(who.account).await?);
            let view = |rules: &Option<PresenceRules>| rules.unwrap_or_default();
            let swap = async |before: &Option<PresenceRules>, after: &Option<PresenceRules>| {
                let after = after.unwrap_or_default();
                Ok(state.store.change_presence_rules(who.account, *before, after).await?)
            };
            let apply = |rules: Option<PresenceRules>| change.apply(rules.unwrap_or_default()).map(Some);
            let rules = known.change(find, view, apply, swap).await?;
            write.tell(StaffChange::PresenceRules).await;
            Answer::ok(&Versioned::of(view(&rules)))
        })
        .await
}

#[derive(Debug, Deserialize)]
struct RulesChange {
    #[serde(default, deserialize_with = "given")]
    away_after_s: Option<Option<u32>>,
    #[serde(default)]
    grace_s: Option<u32>,
}

impl RulesChange {
    fn apply(&self, mut rules: PresenceRules) -> Result<PresenceRules, Problem> {
        rules.away_after_s = self.away_after_s.unwrap_or(rules.away_after_s);
        rules.grace_s = self.grace_s.unwrap_or(rules.grace_s);
        rules.check().map_err(|bad| Failure::invalid(bad.field, format!("expected {}", bad.expected)))?;
        Ok(rules)
    }
}
