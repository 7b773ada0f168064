//! The contact of a chat: who its visitor is known as, and how urgent their chats are. Whoever may see the chat reads it,
//! `manage_staff` changes it. It holds at once, for a chat that waits already too.

use actix_web::{HttpResponse, web};
use engine::domain::group::BadSetting;
use engine::domain::identity::{Identity, Subject};
use engine::domain::limits::PRIORITY_MAX;
use engine::ports::contacts::ContactSettings;
use engine::ports::journal::ChatRecord;
use engine::protocol::error::{Failure, Why};
use serde::{Deserialize, Serialize};

use crate::auth::{SignedIn, sight};
use crate::error::Problem;
use crate::routes::idempotent::Answer;
use crate::routes::staff_write::StaffWrite;
use crate::routes::version::Versioned;
use crate::state::{AppState, StaffChange};

/// `GET /chats/{id}/contact`
pub async fn of_chat(
    state: web::Data<AppState>,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let chat = sight::chat(&state, &who, &id).await?;
    let set = match chat.contact.as_ref().filter(|contact| contact.is_verified()) {
        Some(contact) => state.store.contact(chat.account, contact).await?,
        None => ContactSettings::default(),
    };
    Ok(HttpResponse::Ok().json(Versioned::of(View::of(&chat, set))))
}

/// `PATCH /chats/{id}/contact`
pub async fn change(write: StaffWrite, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let StaffWrite { state, who, body, .. } = &write;
    let change: Change = body.fields()?;
    let known = write.known()?;
    write
        .once(|_| async {
            let chat = sight::chat(state, who, &id).await?;
            let contact = chat.contact.as_ref().filter(|contact| contact.is_verified()).ok_or_else(nobody)?;
            let find = async || Ok(state.store.contact(chat.account, contact).await?);
            let swap = async |before: &ContactSettings, after: &ContactSettings| {
                Ok(state.store.change_contact(chat.account, contact, *before, *after).await?)
            };
            let set = known.change(find, |set| View::of(&chat, *set), |set| change.apply(set), swap).await?;
            write.tell(StaffChange::Asks).await;
            Answer::ok(&Versioned::of(View::of(&chat, set)))
        })
        .await
}

/// What somebody typed proves nothing: it must not move their chats, nor those of whom they name.
fn nobody() -> Failure {
    Failure::conflict(Why::State, "the site has not signed who this visitor is")
}

#[derive(Debug, Serialize)]
struct View {
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    priority: i32,
}

impl View {
    fn of(chat: &ChatRecord, set: ContactSettings) -> Self {
        let subject = chat.contact.as_ref().and_then(Identity::subject).cloned();
        Self { verified: subject.is_some(), subject, email: chat.email.clone(), priority: set.priority }
    }
}

#[derive(Debug, Deserialize)]
struct Change {
    #[serde(default)]
    priority: Option<i32>,
}

impl Change {
    fn apply(&self, mut set: ContactSettings) -> Result<ContactSettings, Problem> {
        set.priority = self.priority.unwrap_or(set.priority);
        if (-PRIORITY_MAX..=PRIORITY_MAX).contains(&set.priority) {
            return Ok(set);
        }
        let bad = BadSetting::new("priority", format!("-{PRIORITY_MAX} to {PRIORITY_MAX} steps"));
        Err(Failure::invalid(bad.field, format!("expected {}", bad.expected)).into())
    }
}
