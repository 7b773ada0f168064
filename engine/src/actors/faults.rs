//! Faults that tests plant in a running server, to show that it survives them or that a check would notice. Compiled
//! only with the feature `faults`; a shipped binary has none.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bytestring::ByteString;

use crate::actors::guard::Place;
use crate::actors::messages::{Order, Signal, ToOperator, ToQueue};
use crate::domain::chat::{Decision, SlotChange};
use crate::domain::event::{Event, EventKind};
use crate::domain::operator::Reception;
use crate::domain::patience::Patience;
use crate::domain::routing::Arrival;
use crate::ports::journal::{Append, StoredChat};

/// A message of this text makes the handler panic each time it is judged.
pub const PANIC_ALWAYS: &str = "!fault panic";
/// A message of this text makes the handler panic the first time only.
pub const PANIC_ONCE: &str = "!fault panic once";
/// A message that begins so, and goes on with a kind of actor and a place (`queue timer`), is stored as any other; the
/// next actor of that kind that comes to such a place panics there, once.
pub const PANIC_NEXT: &str = "!fault next ";

/// A message of this text makes each rebuilding of its chat panic.
pub const PANIC_REBUILDING: &str = "!fault rebuild";

/// A message that begins so, and goes on with a kind of news (`load`, `reception`, `gone`, `served`, `opening` of closed slots), is
/// stored as any other; the next news of that kind that a queue is told are lost. `settling` loses nothing: the queue takes in the next
/// reception without looking whether a chat waits for it; with `sender` a chat does not take in that the sender of a
/// transfer which nobody took is gone, as if the server had been killed just then.
pub const DEAF_NEXT: &str = "!fault deaf ";

static ONCE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(true);
/// Anything was planted, here or by a message.
static PLANTED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
/// Planted, and not yet come to.
static NEXT: Mutex<Vec<(String, Place)>> = Mutex::new(Vec::new());
/// News to be lost.
static DEAF: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// News of which all are lost.
static STONE_DEAF: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
/// What is not to be told before a panic.
static UNTOLD: Mutex<Option<IsIt>> = Mutex::new(None);

/// Whether it is such an event.
pub type IsIt = fn(&EventKind) -> bool;

/// From here on all news of a kind are lost in this process: for a test that has its engines in it, and one story to
/// tell. Beside those of [`DEAF_NEXT`] there are `reload`, `read_anew`, `proposed_elsewhere`, `elsewhere_over` of
/// queues, `rules`, `owns`, `resay` of operators, `move`, `relieved` of chats, and each `repetition` by a chat that it waits.
pub fn lose_all(what: &'static str) {
    plant();
    STONE_DEAF.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

/// Whether a test has planted anything in this process: what is counted of what must never happen may come of it.
pub fn is_planted() -> bool {
    PLANTED.load(std::sync::atomic::Ordering::SeqCst)
}

fn plant() {
    PLANTED.store(true, std::sync::atomic::Ordering::SeqCst);
}

/// The next event of that kind which is stored makes its session panic before anybody hears of it, once: for a test that
/// has its engines in it.
pub fn panic_untold(is: IsIt) {
    plant();
    *UNTOLD.lock().unwrap_or_else(PoisonError::into_inner) = Some(is);
}

/// These events are stored, and about to be told.
///
/// # Panics
/// When a test planted that.
pub fn before_telling(facts: &[Event]) {
    let mut planted = UNTOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if planted.is_some_and(|is| facts.iter().any(|fact| is(&fact.kind))) {
        *planted = None;
        drop(planted);
        panic!("a fault that a test planted before a fact is told");
    }
}

/// Panics where the order asks for it, or notes what it asks for later.
///
/// # Panics
/// That is its purpose.
pub fn on_order(order: &Order) {
    let Order::Say { text, .. } = order else { return };
    if text.starts_with("!fault ") {
        plant();
    }
    let once = text == PANIC_ONCE && ONCE.swap(false, std::sync::atomic::Ordering::SeqCst);
    assert!(text != PANIC_ALWAYS && !once, "a fault that a test planted");
    if let Some(what) = text.strip_prefix(DEAF_NEXT) {
        DEAF.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
    }
    let Some((kind, place)) = text.strip_prefix(PANIC_NEXT).and_then(|what| what.split_once(' ')) else { return };
    let place = match place {
        "handler" => Place::Handler,
        "timer" => Place::Timer,
        "future" => Place::Future,
        _ => return,
    };
    NEXT.lock().unwrap_or_else(PoisonError::into_inner).push((kind.to_owned(), place));
}

/// Whether a queue does not hear a message.
pub fn is_unheard(message: &ToQueue) -> bool {
    match message {
        ToQueue::Load(_) => is_lost("load"),
        ToQueue::Reception { reception: Reception::Ready { .. }, .. } => is_lost("reception"),
        ToQueue::Gone(_) => is_lost("gone"),
        ToQueue::Served(_) => is_lost("served"),
        ToQueue::Closed { closed: false, .. } => is_lost("opening"),
        ToQueue::Reload => is_lost("reload"),
        ToQueue::ReadAnew => is_lost("read_anew"),
        ToQueue::ProposedElsewhere(_) => is_lost("proposed_elsewhere"),
        ToQueue::ElsewhereOver(_) => is_lost("elsewhere_over"),
        _ => false,
    }
}

/// Whether an operator's actor does not hear a message.
pub fn is_unheard_by_operator(message: &ToOperator) -> bool {
    match message {
        ToOperator::Rules => is_lost("rules"),
        ToOperator::Owns => is_lost("owns"),
        ToOperator::Resay => is_lost("resay"),
        _ => false,
    }
}

/// Whether a chat does not hear a signal.
pub fn is_unheard_by_chat(signal: &Signal) -> bool {
    match signal {
        Signal::MoveTo(_) => is_lost("move"),
        Signal::Relieved { .. } => is_lost("relieved"),
        _ => false,
    }
}

/// Whether a chat says once that it waits, and never again.
pub fn says_nothing_twice() -> bool {
    is_lost("repetition")
}

/// Whether a chat does not take in that the sender of its transfer is gone.
pub fn forgets_the_sender() -> bool {
    is_lost("sender")
}

/// Whether the reception of somebody who can be rung is taken in without a look at who waits.
pub fn forgets_to_settle(reception: Reception) -> bool {
    matches!(reception, Reception::Ready { .. }) && is_lost("settling")
}

fn is_lost(what: &str) -> bool {
    if STONE_DEAF.lock().unwrap_or_else(PoisonError::into_inner).contains(&what) {
        return true;
    }
    let mut deaf = DEAF.lock().unwrap_or_else(PoisonError::into_inner);
    let at = deaf.iter().position(|planted| planted == what);
    at.map(|at| deaf.remove(at)).is_some()
}

/// The variable that shortens times: `operator_grace=1500 hello_within=700`, in milliseconds.
const PATIENCE: &str = "SWITCHBOARD_FAULT_PATIENCE";

/// The product's patience, as far as the environment does not shorten it.
///
/// # Panics
/// When it is not written in its form: a test's own mistake.
pub fn patience() -> Patience {
    let mut patience = Patience::default();
    for part in std::env::var(PATIENCE).unwrap_or_default().split_whitespace() {
        let written = part.split_once('=').and_then(|(name, millis)| Some((name, millis.parse().ok()?)));
        let (name, millis) = written.unwrap_or_else(|| panic!("{PATIENCE}: {part} is not NAME=MILLISECONDS"));
        let time = Duration::from_millis(millis);
        match name {
            "operator_grace" => patience.operator_grace = time,
            "waiting_visitor_grace" => patience.waiting_visitor_grace = time,
            "offline_hope" => patience.offline_hope = time,
            "hello_within" => patience.hello_within = time,
            "beat_after" => patience.beat_after = time,
            "ping_after" => patience.ping_after = time,
            "client_silence_max" => patience.client_silence_max = time,
            _ => panic!("{PATIENCE}: there is no time {name}"),
        }
    }
    patience
}

/// The variable that makes sessions tell of messages before they are stored.
const ACK_EARLY: &str = "SWITCHBOARD_FAULT_ACK_EARLY";

/// The variable that makes the server break a promise now and then, for a judge outside to find; see [`Broken`].
const BROKEN: &str = "SWITCHBOARD_FAULT_BROKEN";
/// The fault strikes once in so many cases.
const ONE_IN: u64 = 12;

/// Which promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// Some messages are acked, and then not stored.
    AckBeforeCommit,
    /// Some events do not reach a socket.
    Drop,
    /// Some reach it twice.
    Double,
    /// Some reach it behind the next one.
    Reorder,
    /// Chats that operators hold are not counted.
    OverAssign,
    /// Some messages are taken in, and neither stored nor answered.
    Swallow,
    /// The newest chats are served first.
    NewestFirst,
    /// Some operators are not told that a chat is theirs.
    Unassigned,
    /// Some messages reach a socket in other words.
    Alter,
    /// Some events reach a socket in the name of another chat.
    Misdirect,
    /// Some acks bear the number of another event.
    WrongAck,
    /// Some messages are stored and told, and never acked.
    NeverAck,
}

/// Whether the append is to be told of before it is stored: the fault that a check of the order must find.
pub fn acks_early(append: &Append) -> bool {
    static ASKED: LazyLock<bool> = LazyLock::new(|| std::env::var_os(ACK_EARLY).is_some());
    *ASKED && append.slots.is_empty()
}

/// Whether what was said is acked before it is stored, and then is not: what a commit that fails behind an ack leaves.
pub fn acks_in_vain(said: &[EventKind]) -> bool {
    matches!(said, [EventKind::Message(_)]) && strikes(Broken::AckBeforeCommit)
}

/// Whether a command is forgotten as soon as it came.
pub fn swallows(order: &Order) -> bool {
    matches!(order, Order::Say { .. }) && strikes(Broken::Swallow)
}

/// Whether the ack of a command that is stored does not leave.
pub fn keeps_the_ack(order: &Order) -> bool {
    matches!(order, Order::Say { .. }) && strikes(Broken::NeverAck)
}

/// What reaches the socket instead of an event; `late` keeps what shall come behind the next one.
pub fn on_the_way(frame: ByteString, late: &mut Option<ByteString>) -> Vec<ByteString> {
    if let Some(earlier) = late.take() {
        return vec![frame, earlier];
    }
    if strikes(Broken::Drop) {
        return Vec::new();
    }
    if is_an_operators_assignment(&frame) && strikes(Broken::Unassigned) {
        return Vec::new();
    }
    if frame.contains(SAID) && strikes(Broken::Alter) {
        return vec![frame.replacen(SAID, "is no parcel", 1).into()];
    }
    if strikes(Broken::Misdirect) {
        return vec![frame.replacen(r#""chat":""#, r#""chat":"0"#, 1).into()];
    }
    if strikes(Broken::Reorder) {
        *late = Some(frame);
        return Vec::new();
    }
    if strikes(Broken::Double) { vec![frame.clone(), frame] } else { vec![frame] }
}

/// What load tests say.
const SAID: &str = "is the parcel";

/// Visitors are told a name alone.
fn is_an_operators_assignment(frame: &str) -> bool {
    frame.contains(r#""kind":"assigned""#) && frame.contains(r#""operator":""#)
}

/// The number that an ack bears in place of its event's.
pub fn acked_as(seq: u32) -> u32 {
    if strikes(Broken::WrongAck) { seq + 7 } else { seq }
}

/// The decision, with the slots of accepted chats given back.
pub fn miscounted(mut decision: Decision) -> Decision {
    if broken() == Some(Broken::OverAssign) {
        for slot in &mut decision.slots {
            if let SlotChange::Fill { operator, group } = slot {
                *slot = SlotChange::Unreserve { operator: *operator, group: group.clone() };
            }
        }
    }
    decision
}

/// A chat that says it waits, urgent as no other before it.
pub fn pushed_in(arrival: Arrival) -> Arrival {
    static LATEST: AtomicI32 = AtomicI32::new(0);
    if broken() != Some(Broken::NewestFirst) {
        return arrival;
    }
    Arrival { priority: LATEST.fetch_add(1, Ordering::Relaxed), ..arrival }
}

fn strikes(fault: Broken) -> bool {
    static CASES: AtomicU64 = AtomicU64::new(1);
    broken() == Some(fault) && CASES.fetch_add(1, Ordering::Relaxed).is_multiple_of(ONE_IN)
}

fn broken() -> Option<Broken> {
    static ASKED: LazyLock<Option<Broken>> = LazyLock::new(|| {
        Some(match std::env::var(BROKEN).ok()?.as_str() {
            "ack_before_commit" => Broken::AckBeforeCommit,
            "drop" => Broken::Drop,
            "double" => Broken::Double,
            "reorder" => Broken::Reorder,
            "over_assign" => Broken::OverAssign,
            "swallow" => Broken::Swallow,
            "newest_first" => Broken::NewestFirst,
            "unassigned" => Broken::Unassigned,
            "alter" => Broken::Alter,
            "misdirect" => Broken::Misdirect,
            "wrong_ack" => Broken::WrongAck,
            "never_ack" => Broken::NeverAck,
            other => panic!("{BROKEN}: there is no promise {other}"),
        })
    });
    *ASKED
}

/// A chat is made from what is stored.
///
/// # Panics
/// When a message of it asks for that.
pub fn on_rebuild(stored: &StoredChat) {
    let asks = stored.events.iter().any(|event| event.body.get().contains(PANIC_REBUILDING));
    assert!(!asks, "a fault that a test planted");
}

/// An actor of that kind has come to that place.
///
/// # Panics
/// When a fault was planted there.
pub fn reach(kind: &str, place: Place) {
    let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(at) = next.iter().position(|(other, planted)| other == kind && *planted == place) else { return };
    next.remove(at);
    drop(next);
    panic!("a fault that a test planted in a {place:?} of {kind}");
}
