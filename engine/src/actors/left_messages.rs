//! Messages that visitors leave when nobody answers: checked, kept, and told to the operators' windows that show how
//! many are new.

use std::collections::BTreeSet;
use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use crate::actors::messages::Identity;
use crate::actors::outlet::{Outlet, SocketId};
use crate::actors::shared::Shared;
use crate::actors::watches::{Watch, Watches};
use crate::domain::ids::{AccountId, DepartmentId, GroupId, LeftMessageId, VisitorId};
use crate::domain::left_message::{LeftMessage, LeftSight, LeftState};
use crate::domain::limits::ENDED_CHAT_SHOWN;
use crate::domain::permission::{Permission, StaffRole};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::ports::journal::ChatRecord;
use crate::ports::left_messages::{Leave, LeaveError};
use crate::ports::staff::Brand;
use crate::ports::store::{SharedStore, StoreError};
use crate::protocol::error::{Failure, Why};
use crate::protocol::frame;
use crate::protocol::left_message::LeaveMessage;
use crate::protocol::operator::OperatorNotice;

/// A visitor who leaves a message.
pub(super) struct Leaving {
    /// The brand of the page.
    pub brand: Arc<Brand>,
    /// Who.
    pub visitor: VisitorId,
    /// The page.
    pub page: Option<String>,
    /// The language of the browser.
    pub language: Option<String>,
    /// What they wrote.
    pub form: LeaveMessage,
}

/// Keeps a message; durable when this returns.
///
/// # Errors
/// `invalid` with the field, `conflict` with `id` or `full`, `unavailable`.
pub(super) async fn leave(shared: &Arc<Shared>, leaving: Leaving) -> Result<(), Failure> {
    let Leaving { brand, visitor, page, language, form } = leaving;
    let (account, now, digest) = (brand.account, shared.now(), digest(&form));
    let name = form.name.as_deref().filter(|name| !name.trim().is_empty());
    let name = name.map(|name| text::name("name", name)).transpose()?;
    let email = text::email("email", &form.email)?;
    let words = text::message("text", form.text)?;
    let departments = shared.store.departments(account).await.map_err(unavailable)?;
    if form.department.as_ref().is_some_and(|id| departments.iter().all(|department| department.id != *id)) {
        return Err(Failure::invalid("department", "must be one of the departments in welcome.window"));
    }
    let latest = shared.store.chat_of_visitor(account, &brand.id, visitor).await.map_err(unavailable)?;
    let from = latest.filter(|chat| was_for_the_form(chat, now));
    let only = departments.first().filter(|_| departments.len() == 1).map(|department| department.id.clone());
    let message = LeftMessage {
        account,
        id: LeftMessageId::new(u64::try_from(now.millis()).unwrap_or(0), shared.random.bits()),
        brand: brand.id.clone(),
        visitor,
        name,
        email,
        text: words,
        department: form.department.or_else(|| from.as_ref().and_then(|chat| chat.department.clone())).or(only),
        chat: from.map(|chat| chat.id),
        page,
        language,
        created_at: now,
        state: LeftState::New,
    };
    let (id, after_chat) = (message.id, message.chat.is_some());
    match shared.store.leave(Leave { message, command: form.id, digest }).await {
        Ok(kept) => {
            // The same command again is no second message.
            if kept == id {
                shared.metrics.message_left(after_chat);
                shared.left_messages.changed(account);
            }
            Ok(())
        }
        Err(LeaveError::OtherContent) => Err(Failure::conflict(Why::Id, "this id was used with other content")),
        // Not `rate_limited`: that would hold back the visitor's other commands until this one has passed.
        Err(LeaveError::TooMany { .. }) => {
            Err(Failure::conflict(Why::Full, "several messages were left already: try again later"))
        }
        Err(LeaveError::Store(error)) => Err(unavailable(error)),
    }
}

/// Which messages an operator of that role and these groups may see.
///
/// # Errors
/// The store does not answer.
pub async fn sight(
    store: &SharedStore,
    account: AccountId,
    role: StaffRole,
    groups: &[GroupId],
) -> Result<LeftSight, StoreError> {
    if role.may(Permission::ReadAllChats) {
        return Ok(LeftSight::All);
    }
    if !role.may(Permission::ReadGroupChats) {
        return Ok(LeftSight::Departments(Vec::new()));
    }
    let all = store.groups(account).await?;
    let mine = all.into_iter().filter(|group| groups.contains(&group.id));
    let departments: BTreeSet<DepartmentId> = mine.map(|group| group.department).collect();
    Ok(LeftSight::Departments(departments.into_iter().collect()))
}

/// The windows that show how many messages are new.
#[derive(Default)]
pub struct LeftWatch(Watches<Window>);

/// One of them, and who is at it.
#[derive(Clone)]
struct Window {
    outlet: Outlet,
    identity: Arc<Identity>,
}

impl Watch for Window {
    fn outlet(&self) -> &Outlet {
        &self.outlet
    }
}

impl LeftWatch {
    /// A window wants to know how many are new, now and whenever something changes.
    pub fn subscribe(&self, account: AccountId, outlet: &Outlet, identity: &Arc<Identity>) {
        let window = Window { outlet: outlet.clone(), identity: Arc::clone(identity) };
        self.0.add(account, window, 1, |_| true);
    }

    /// It does not any more.
    pub fn unsubscribe(&self, account: AccountId, socket: SocketId) {
        self.0.remove(account, socket, |_| true);
    }

    /// A message was left, or its state has changed.
    pub fn changed(&self, account: AccountId) {
        self.0.changed(account);
    }

    /// The same on another node, in one account or, for all that is known, in any.
    pub fn changed_elsewhere(&self, account: Option<AccountId>) {
        self.0.changed_elsewhere(account);
    }

    /// Tells the windows of accounts where something has changed since the last pulse.
    pub async fn pulse(shared: &Arc<Shared>) {
        let Self(watches) = &shared.left_messages;
        for account in watches.take_untold() {
            shared.tell_left_messages(account);
        }
        for (account, due) in watches.take_due() {
            for Window { outlet, identity } in due {
                if tell(shared, account, &outlet, &identity).await.is_err() {
                    // The store does not answer: try again with the next pulse.
                    watches.changed_elsewhere(Some(account));
                }
            }
        }
    }
}

async fn tell(
    shared: &Arc<Shared>,
    account: AccountId,
    outlet: &Outlet,
    identity: &Identity,
) -> Result<(), StoreError> {
    let sight = sight(&shared.store, account, identity.role, &identity.groups).await?;
    let new = shared.store.new_left_messages(account, &sight).await?;
    outlet.push(frame::notice(&OperatorNotice::LeftMessages { new }));
    Ok(())
}

/// Whether a chat is over without an answer, and not long ago: then the message is what became of it.
fn was_for_the_form(chat: &ChatRecord, now: Timestamp) -> bool {
    let head = &chat.head;
    let for_form = head.ended.is_some_and(|(_, why)| why.leads_to_form());
    // Whoever leaves the queue would rather write.
    let unanswered = head.ended.is_some() && head.owner.is_none();
    (for_form || unanswered) && head.ended_at.is_some_and(|at| now.since(at) <= ENDED_CHAT_SHOWN)
}

fn unavailable(error: StoreError) -> Failure {
    tracing::warn!(%error, "the store did not answer a visitor who leaves a message");
    Failure::unavailable()
}

/// A digest of a form's content, stable over versions of the server.
fn digest(form: &LeaveMessage) -> u64 {
    let mut hasher = SipHasher13::new();
    let department = form.department.as_ref().map(|id| id.as_str());
    for part in [Some("leave_message"), form.name.as_deref(), Some(&form.email), Some(&form.text), department] {
        hasher.write_u8(u8::from(part.is_some()));
        let text = part.unwrap_or_default();
        hasher.write_usize(text.len());
        hasher.write(text.as_bytes());
    }
    hasher.finish()
}
