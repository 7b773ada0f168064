//! The account itself, as far as it is set: everybody signed in reads its time zone, `manage_staff` changes it.

use actix_web::{HttpResponse, web};
use engine::domain::permission::Permission;
use engine::domain::zone::{ZONE_EXPECTED, Zone};
use engine::protocol::error::Failure;
use serde::{Deserialize, Serialize};

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

#[derive(Debug, Serialize)]
struct AccountView {
    time_zone: Zone,
}

/// `GET /account`
pub async fn get(state: web::Data<AppState>, who: SignedIn) -> Result<HttpResponse, Problem> {
    who.require(Permission::ReadStaff)?;
    let time_zone = state.store.time_zone(who.account).await?;
    Ok(HttpResponse::Ok().json(Versioned::of(AccountView { time_zone })))
}

/// `PATCH /account`
pub async fn change(write: StaffWrite) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: AccountChange = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let find = async || Ok(state.store.time_zone(who.account).await?);
            let view = |zone: &Zone| AccountView { time_zone: zone.clone() };
            let swap = async |before: &Zone, after: &Zone| {
                Ok(state.store.change_time_zone(who.account, before, after).await?)
            };
            let zone = known.change(find, view, |before| change.apply(before), swap).await?;
            write.tell(StaffChange::TimeZone).await;
            Answer::ok(&Versioned::of(view(&zone)))
        })
        .await
}

#[derive(Debug, Deserialize)]
struct AccountChange {
    #[serde(default)]
    time_zone: Option<Zone>,
}

impl AccountChange {
    fn apply(&self, before: Zone) -> Result<Zone, Problem> {
        let zone = self.time_zone.clone().unwrap_or(before);
        if !zone.is_known() {
            return Err(Failure::invalid("time_zone", format!("expected {ZONE_EXPECTED}")).into());
        }
        Ok(zone)
    }
}
