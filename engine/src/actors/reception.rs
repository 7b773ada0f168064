//! The birth of a chat, and what the chat window shows before it.

mod sake;

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use crate::actors::messages::Signal;
use crate::actors::nodes::directory::look_up;
use crate::actors::registry::SessionRef;
use crate::actors::shared::Shared;
use crate::domain::chat::{Chat, Input};
use crate::domain::event::{Event, EventKind, Origin, Sender};
use crate::domain::group::Availability;
use crate::domain::identity::{Identity, Signed};
use crate::domain::ids::{AccountId, ChatId, DepartmentId, GroupId, Shard, VisitorId};
use crate::domain::text;
use crate::domain::urgency::Variables;
use crate::ports::journal::{Birth, BirthError, Born, ChatHead};
use crate::ports::staff::{Brand, Department};
use crate::protocol::error::{Code, Failure, Why};
use crate::protocol::frame;
use crate::protocol::visitor::{FieldRule, Start, VisitorEvent, Window, WindowDepartment};

use sake::group_for_the_sake_of;

/// A visitor who wants a chat.
pub(super) struct Arriving {
    /// The brand of the page.
    pub brand: Arc<Brand>,
    /// Who.
    pub visitor: VisitorId,
    /// What the brand's server has signed of them.
    pub signed: Option<Signed>,
    /// The page.
    pub page: Option<String>,
    /// The language that page or browser asked for.
    pub language: Option<String>,
    /// What the page says of the visitor.
    pub variables: Variables,
    /// What they wrote.
    pub start: Start,
}

/// A chat that has begun, now or by the same command earlier.
pub(super) struct Begun {
    /// Which.
    pub chat: ChatId,
    /// The visitor's number of the last of its first events.
    pub seq: u32,
    /// Its session; none where it lives elsewhere.
    pub session: Option<SessionRef>,
}

/// Makes a chat: durable, told to the visitor's sockets, and in the hands of its session when this returns.
///
/// # Errors
/// `invalid` with the field, `conflict` with `offline`, `open` or `id`, `unavailable`.
pub(super) async fn begin(shared: &Arc<Shared>, arriving: Arriving) -> Result<Begun, NotBegun> {
    match try_to_begin(shared, &arriving).await {
        Err(NotBegun::Fenced { shard, epoch }) if shared.nodes.is_some() => {
            // Another node has taken the shard, and this one had not heard of it: somewhere else, then.
            shared.shard_lost(shard, epoch);
            look_up(shared).await.map_err(|_| Failure::unavailable())?;
            try_to_begin(shared, &arriving).await
        }
        begun => begun,
    }
}

/// Why a chat did not begin.
pub(super) enum NotBegun {
    /// This node does not own the shard any more.
    Fenced {
        /// Which.
        shard: Shard,
        /// The epoch under which it was this node's.
        epoch: u64,
    },
    /// The visitor has an open chat.
    Open(ChatId),
    /// What the visitor is told.
    Refused(Failure),
}

impl NotBegun {
    /// What the visitor is told, and of which chat.
    pub(super) fn told(self) -> (Option<ChatId>, Failure) {
        match self {
            Self::Fenced { .. } => (None, Failure::unavailable()),
            Self::Open(chat) => (Some(chat), Failure::conflict(Why::Open, "a chat is open already")),
            Self::Refused(failure) => (None, failure),
        }
    }
}

impl From<Failure> for NotBegun {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

async fn try_to_begin(shared: &Arc<Shared>, arriving: &Arriving) -> Result<Begun, NotBegun> {
    let Arriving { brand, visitor, signed, page, language, variables, start } = arriving;
    let visitor = *visitor;
    let account = brand.account;
    let origin = Origin { sender: Sender::Visitor, command: start.id.clone(), digest: digest(start) };
    // A command that made its chat earlier is answered as then, whatever has changed since.
    let or_again = async |failure: Failure| {
        let again = again(shared, account, visitor, &origin).await?;
        again.ok_or(NotBegun::Refused(failure))
    };
    let checked = match check(shared, brand, start).await {
        Ok(checked) => checked,
        Err(failure) => return or_again(failure).await,
    };
    let (id, epoch) = shared.new_chat().ok_or_else(Failure::unavailable)?;
    if shared.board.state(account, checked.department.as_ref()) == Availability::Offline {
        // Nobody is sent away on news that are on their way: an operator may have come this moment.
        for group in groups(shared, account, checked.department.as_ref()).await? {
            shared.queue_up_to_date(account, &group).await;
        }
    }
    let (department, email) = (checked.department.as_ref(), checked.email.as_deref());
    // A typed address is enough to prefer somebody, and for nothing else.
    let contact = Identity::of(&brand.id, signed.as_ref().map(|signed| &signed.subject), email);
    let sake = group_for_the_sake_of(shared, account, department, start.operator, contact.as_ref()).await;
    let sake = sake.map_err(|_| Failure::unavailable())?;
    let Some((group, state)) = sake.or_else(|| shared.board.group_for(account, department)) else {
        return or_again(offline()).await;
    };
    if state == Availability::Offline || shared.is_draining() {
        return or_again(if shared.is_draining() { Failure::unavailable() } else { offline() }).await;
    }
    let mut chat = Chat::unborn(id);
    let now = shared.now();
    let input = Input::Start {
        brand: brand.id.clone(),
        department: checked.department.clone(),
        group: group.clone(),
        name: checked.name.clone(),
        email: checked.email.clone(),
        page: page.clone(),
        language: language.clone(),
        variables: variables.clone(),
        verified: signed.as_ref().map(|signed| signed.variables.clone()).unwrap_or_default(),
        question: checked.question,
        wanted: start.operator,
    };
    let decision = chat.decide(input, now).map_err(|refusal| Failure::conflict(Why::State, refusal.to_string()))?;
    let events = chat.number(decision.events, now, Some(origin.clone()));
    events.iter().for_each(|event| chat.apply(event));
    let stored: Result<Vec<_>, _> = events.iter().map(|event| event.to_stored()).collect();
    let (Ok(stored), Some(head)) = (stored, ChatHead::of(&chat)) else {
        return Err(Failure::new(Code::Internal, "the chat could not be written").into());
    };
    let birth = Birth {
        account,
        chat: id,
        epoch,
        visitor,
        brand: brand.id.clone(),
        department: checked.department,
        name: checked.name,
        contact,
        email: checked.email,
        origin,
        events: stored,
        head,
        at: now,
    };
    let outlets = shared.registry.outlets_of_visitor(account, &brand.id, visitor);
    match shared.store.birth(birth).await {
        Ok(_) => {
            outlets.set_chat(id);
            for event in &events {
                if let Some(seen) = VisitorEvent::of(&event.kind) {
                    let text = frame::visitor_event(id, event.visitor_seq, event.at, &seen, None);
                    outlets.each(|outlet| {
                        outlet.push_event(id, event.visitor_seq, || text.clone());
                    });
                }
            }
            shared.metrics.group(account, &group).started.increment(1);
            // The session reads what is stored and tells none of it: what the chat begins with is counted here.
            let messages = count_messages(shared, &events);
            shared.lists.changed(account);
            let session = session(shared, account, id);
            if let Some(session) = &session {
                session.addr.hint(Signal::Born { messages });
            }
            shared.tabs_changed(&(account, brand.id.clone(), visitor));
            shared.tell_born(account, &brand.id, visitor, id);
            Ok(Begun { chat: id, seq: chat.visitor_seq, session })
        }
        Err(BirthError::Before { chat, seq }) => Ok(Begun { chat, seq, session: session(shared, account, chat) }),
        Err(BirthError::Fenced) => Err(NotBegun::Fenced { shard: id.shard(), epoch }),
        Err(BirthError::Open { chat }) => Err(NotBegun::Open(chat)),
        Err(BirthError::OtherContent) => Err(other_content().into()),
        Err(BirthError::Unavailable(error)) => {
            tracing::warn!(error, "a chat could not be written");
            Err(Failure::unavailable().into())
        }
    }
}

/// What the window shows, in the language asked for.
///
/// # Errors
/// `unavailable`.
pub(super) async fn window(shared: &Shared, brand: &Brand, _language: Option<&str>) -> Result<Window, Failure> {
    let departments = departments(shared, brand).await?;
    Ok(Window {
        name: brand.name.clone(),
        color: brand.color.clone(),
        language: brand.language.clone(),
        welcome: brand.welcome.clone(),
        departments: departments
            .into_iter()
            .map(|department| WindowDepartment {
                state: shared.board.state(brand.account, Some(&department.id)),
                id: department.id,
                name: department.name,
            })
            .collect(),
        texts: BTreeMap::new(),
    })
}

/// The fields of a start, checked.
struct Checked {
    name: Option<String>,
    email: Option<String>,
    department: Option<DepartmentId>,
    question: Option<String>,
}

async fn check(shared: &Shared, brand: &Brand, start: &Start) -> Result<Checked, Failure> {
    let asked = &brand.welcome;
    let required = |field: &'static str, rule: FieldRule, given: &Option<String>| {
        let empty = given.as_deref().is_none_or(|text| text.trim().is_empty());
        if asked.on && rule == FieldRule::Required && empty {
            return Err(Failure::invalid(field, "is required"));
        }
        Ok(!empty)
    };
    let mut checked = Checked { name: None, email: None, department: None, question: None };
    if required("name", asked.name, &start.name)? {
        checked.name = start.name.as_deref().map(|name| text::name("name", name)).transpose()?;
    }
    if required("email", asked.email, &start.email)? {
        checked.email = start.email.as_deref().map(|email| text::email("email", email)).transpose()?;
    }
    if required("question", asked.question, &start.question)? {
        checked.question = start.question.clone().map(|words| text::question("question", words)).transpose()?;
    }
    let departments = departments(shared, brand).await?;
    checked.department = match &start.department {
        Some(id) if departments.iter().any(|department| department.id == *id) => Some(id.clone()),
        Some(_) => return Err(Failure::invalid("department", "must be one of the departments in welcome.window")),
        None if departments.len() > 1 => return Err(Failure::invalid("department", "is required")),
        None => departments.first().map(|department| department.id.clone()),
    };
    Ok(checked)
}

async fn departments(shared: &Shared, brand: &Brand) -> Result<Vec<Department>, Failure> {
    shared.store.departments(brand.account).await.map_err(|_| Failure::unavailable())
}

/// The answer of a start that made its chat earlier, if it did. Makes nothing.
async fn again(
    shared: &Arc<Shared>,
    account: AccountId,
    visitor: VisitorId,
    origin: &Origin,
) -> Result<Option<Begun>, Failure> {
    let born = shared.store.born(account, visitor, &origin.command, shared.now()).await;
    let Some(Born { digest, chat, seq }) = born.map_err(|_| Failure::unavailable())? else { return Ok(None) };
    if digest != origin.digest {
        return Err(other_content());
    }
    Ok(Some(Begun { chat, seq, session: session(shared, account, chat) }))
}

/// The groups of a department, or of all. Where no queue has told anything yet, as after a start, the store knows them.
async fn groups(
    shared: &Shared,
    account: AccountId,
    department: Option<&DepartmentId>,
) -> Result<Vec<GroupId>, Failure> {
    let known = shared.board.groups(account, department);
    if !known.is_empty() {
        return Ok(known);
    }
    let all = shared.store.groups(account).await.map_err(|_| Failure::unavailable())?;
    let fitting = all.into_iter().filter(|group| department.is_none_or(|wanted| *wanted == group.department));
    Ok(fitting.map(|group| group.id).collect())
}

/// Counts the messages among the events that a chat begins with; how many there are.
fn count_messages(shared: &Shared, events: &[Event]) -> u32 {
    let roles = events.iter().filter_map(|event| match &event.kind {
        EventKind::Message(message) => Some(message.from.role),
        _ => None,
    });
    roles.fold(0, |count, role| {
        shared.metrics.message(role);
        count + 1
    })
}

fn session(shared: &Arc<Shared>, account: AccountId, chat: ChatId) -> Option<SessionRef> {
    shared.is_here(chat.shard()).then(|| shared.registry.session(shared, account, chat))
}

fn other_content() -> Failure {
    Failure::conflict(Why::Id, "this id was used with other content")
}

fn offline() -> Failure {
    Failure::conflict(Why::Offline, "nobody is there to answer at the moment")
}

fn digest(start: &Start) -> u64 {
    let mut hasher = SipHasher13::new();
    let department = start.department.as_ref().map(|id| id.as_str());
    for part in [start.name.as_deref(), start.email.as_deref(), department, start.question.as_deref()] {
        hasher.write_u8(u8::from(part.is_some()));
        let text = part.unwrap_or_default();
        hasher.write_usize(text.len());
        hasher.write(text.as_bytes());
    }
    if let Some(operator) = start.operator {
        hasher.write(operator.0.as_bytes());
    }
    hasher.finish()
}
