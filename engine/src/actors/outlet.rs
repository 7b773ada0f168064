//! The way to one socket: a bounded box of frames, filled by actors on any thread and emptied by the socket on its
//! own. It also keeps, chat by chat, how far the reader is, so that every event reaches it once and in order,
//! whatever comes twice, late, or while history is being read.
//!
//! A slow reader cannot make the server grow: past its bound the box is emptied and the connection is cut.

mod fill;
mod stall;

pub use fill::Missing;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use crate::domain::ids::ChatId;
use crate::domain::limits::OUTBOX_BYTES_MAX;
use crate::protocol::close;

/// Tells sockets apart within a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketId(pub u64);

/// What the transport does for an outlet.
pub trait Transport: Send + Sync + 'static {
    /// Something waits in the box: empty it soon. Called once until [`Outlet::take`] has emptied it.
    fn wake(&self);
    /// The reader is too slow: break the connection now, from whatever thread this is.
    fn cut(&self);
}

/// The way to one socket. Clones lead to the same socket.
#[derive(Clone)]
pub struct Outlet(Arc<Inner>);

struct Inner {
    id: SocketId,
    transport: Box<dyn Transport>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    frames: VecDeque<ByteString>,
    bytes: usize,
    waiting_since: Option<Instant>,
    woken: bool,
    closed: Option<u16>,
    /// It was closed because its reader was too slow.
    cut: bool,
    /// One entry a chat the socket follows; a visitor has one, an operator some.
    cursors: Vec<(ChatId, Cursor)>,
    /// Until `welcome` is written, everything else waits here behind it.
    prelude: Option<Vec<Early>>,
    /// An event that a planted fault holds back.
    #[cfg(feature = "faults")]
    late: Option<ByteString>,
}

/// A frame that came before `welcome`, and which event it is.
type Early = (ByteString, Option<(ChatId, u32)>);

#[derive(Clone, Copy, Default)]
struct Cursor {
    /// All up to this number was put into the box.
    sent: u32,
    /// History is being read: live events wait.
    held: bool,
    /// Missed events are being read, to be filled in: live events wait.
    filling: bool,
    /// The last live event that came while held or filling.
    passed: u32,
}

/// What came of a page of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageEnd {
    /// The last number of the page.
    pub through: u32,
    /// The last number there is; where it is greater, the reader asks again.
    pub last: u32,
}

/// What a socket found in its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// There were frames to write.
    pub any: bool,
    /// More is waiting: write these, then ask again.
    pub more: bool,
    /// Close with this code once the frames are written.
    pub close: Option<u16>,
}

/// Chats one socket may follow at once: own ones, and those whose history it reads.
const CURSORS_MAX: usize = 1024;

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Outlet {
    /// A way to the socket behind `transport`.
    pub fn new(transport: impl Transport) -> Self {
        let id = SocketId(NEXT.fetch_add(1, Ordering::Relaxed));
        Self(Arc::new(Inner { id, transport: Box::new(transport), state: Mutex::default() }))
    }

    /// Its socket.
    pub fn id(&self) -> SocketId {
        self.0.id
    }

    /// From now on everything waits for [`Outlet::welcome`], however early it comes: a socket is made known first,
    /// and what it is told of the state is read after that.
    pub fn await_welcome(&self) {
        self.lock().prelude.get_or_insert_default();
    }

    /// Puts the first frame into the box, and then what came before it, except events that the state it tells of,
    /// given as the last number of each chat, has in it.
    pub fn welcome(&self, frame: ByteString, known: &[(ChatId, u32)]) {
        let mut state = self.lock();
        let early = state.prelude.take().unwrap_or_default();
        state.bytes = 0;
        state.put(frame);
        for (chat, seq) in known {
            state.cursor(*chat).sent = *seq;
        }
        for (frame, event) in early {
            if event.is_none_or(|(chat, seq)| state.follows(known, chat, seq)) {
                state.put(frame);
            }
        }
        self.settle(state);
    }

    /// Whether the first frame is in the box, or nothing waits for it.
    pub fn is_welcomed(&self) -> bool {
        self.lock().prelude.is_none()
    }

    /// Puts a frame into the box. `false`: the socket is closed or cut, nobody will read it.
    pub fn push(&self, frame: ByteString) -> bool {
        let mut state = self.lock();
        let open = state.put(frame);
        self.settle(state);
        open
    }

    /// Puts an event of a chat into the box, unless the reader has it, or reads history now.
    pub fn push_event(&self, chat: ChatId, seq: u32, frame: impl FnOnce() -> ByteString) -> bool {
        let mut state = self.lock();
        let cursor = state.cursor(chat);
        if cursor.held || cursor.filling {
            cursor.passed = cursor.passed.max(seq);
        } else if seq > cursor.sent {
            cursor.sent = seq;
            state.put_event(frame(), Some((chat, seq)));
        }
        let open = state.closed.is_none();
        self.settle(state);
        open
    }

    /// From now on live events of the chat wait: history after a number is being read.
    pub fn hold(&self, chat: ChatId) {
        self.lock().cursor(chat).held = true;
    }

    /// Puts a page of history into the box, closed by what `closing` makes of its end. Live events flow again when
    /// nothing is left behind the page.
    pub fn push_page(
        &self,
        chat: ChatId,
        frames: Vec<ByteString>,
        page: PageEnd,
        closing: impl FnOnce(PageEnd) -> ByteString,
    ) {
        let mut state = self.lock();
        let cursor = state.cursor(chat);
        let last = page.last.max(cursor.passed);
        let end = PageEnd { through: page.through, last };
        if end.through >= last {
            *cursor = Cursor { sent: end.through, ..Cursor::default() };
        }
        for frame in frames {
            state.put(frame);
        }
        state.put(closing(end));
        self.settle(state);
    }

    /// History could not be read: live events flow again from where the reader was.
    pub fn release(&self, chat: ChatId) {
        self.lock().cursor(chat).held = false;
    }

    /// Takes up to about `bytes` out of the box, frame by frame.
    pub fn take(&self, bytes: usize, mut frame: impl FnMut(ByteString)) -> Taken {
        let mut state = self.lock();
        let mut size = 0;
        while size < bytes {
            let Some(next) = state.frames.pop_front() else { break };
            size += next.len();
            frame(next);
        }
        state.bytes -= size;
        let more = !state.frames.is_empty();
        state.waiting_since = more.then(Instant::now);
        state.woken = more;
        Taken { any: size > 0, more, close: state.closed.filter(|_| !more) }
    }

    /// Takes everything out of the box.
    pub fn take_all(&self) -> Vec<ByteString> {
        let mut frames = Vec::new();
        self.take(usize::MAX, |frame| frames.push(frame));
        frames
    }

    /// Closes the socket with a code, after what is in the box.
    pub fn close(&self, code: u16) {
        let mut state = self.lock();
        if state.closed.is_none() {
            state.closed = Some(code);
            state.woken = true;
            drop(state);
            self.0.transport.wake();
        }
    }

    /// The socket is gone: what is in the box is for nobody.
    pub fn gone(&self) {
        let mut state = self.lock();
        let closed = Some(state.closed.unwrap_or(close::RESTART));
        *state = State { closed, cut: state.cut, woken: true, ..State::default() };
    }

    /// Whether nobody will read any more.
    pub fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    /// Whether it was closed because its reader was too slow.
    pub fn was_cut(&self) -> bool {
        self.lock().cut
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// After something was put in: wakes the socket once, or cuts it off when it has fallen too far behind.
    fn settle(&self, mut state: MutexGuard<'_, State>) {
        let in_prelude = state.prelude.is_some();
        if state.closed.is_some() || (state.frames.is_empty() && !in_prelude) {
            return;
        }
        if state.bytes > OUTBOX_BYTES_MAX {
            return self.cut(state);
        }
        if !state.woken && !in_prelude {
            state.woken = true;
            drop(state);
            self.0.transport.wake();
        }
    }
}

impl State {
    fn put(&mut self, frame: ByteString) -> bool {
        self.put_event(frame, None)
    }

    fn put_event(&mut self, frame: ByteString, event: Option<(ChatId, u32)>) -> bool {
        if self.closed.is_some() {
            return false;
        }
        if let Some(prelude) = &mut self.prelude {
            self.bytes += frame.len();
            prelude.push((frame, event));
            return true;
        }
        #[cfg(feature = "faults")]
        if event.is_some() {
            let frames = crate::actors::faults::on_the_way(frame, &mut self.late);
            frames.into_iter().for_each(|frame| self.put_down(frame));
            return true;
        }
        self.put_down(frame);
        true
    }

    fn put_down(&mut self, frame: ByteString) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
        self.waiting_since.get_or_insert_with(Instant::now);
    }

    /// Whether an event that came before the welcome goes behind it: it is not in the state that is told, and none
    /// between is missing. Where one is, the cursor stays, and what is missing is filled in later.
    fn follows(&mut self, known: &[(ChatId, u32)], chat: ChatId, seq: u32) -> bool {
        let cursor = self.cursor(chat);
        if cursor.held {
            cursor.passed = cursor.passed.max(seq);
            return false;
        }
        if !known.iter().any(|(other, _)| *other == chat) {
            return true;
        }
        let cursor = self.cursor(chat);
        let next = seq == cursor.sent + 1;
        if next {
            cursor.sent = seq;
        }
        next
    }

    fn cursor(&mut self, chat: ChatId) -> &mut Cursor {
        let at = match self.cursors.iter().position(|(known, _)| *known == chat) {
            Some(at) => at,
            None => {
                if self.cursors.len() == CURSORS_MAX {
                    // The one that was followed first; if it speaks again, its reader asks for what it missed.
                    self.cursors.remove(0);
                }
                self.cursors.push((chat, Cursor::default()));
                self.cursors.len() - 1
            }
        };
        &mut self.cursors[at].1
    }
}

impl std::fmt::Debug for Outlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outlet({})", self.0.id.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::domain::ids::Shard;

    #[derive(Clone, Default)]
    struct Counter {
        wakes: Arc<AtomicUsize>,
        cuts: Arc<AtomicUsize>,
    }

    impl Transport for Counter {
        fn wake(&self) {
            self.wakes.fetch_add(1, Ordering::Relaxed);
        }

        fn cut(&self) {
            self.cuts.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn chat() -> ChatId {
        ChatId::new(1, 1, Shard(1))
    }

    fn outlet() -> (Outlet, Counter) {
        let counter = Counter::default();
        (Outlet::new(counter.clone()), counter)
    }

    fn event(outlet: &Outlet, seq: u32) {
        outlet.push_event(chat(), seq, || format!("e{seq}").into());
    }

    fn read(outlet: &Outlet) -> Vec<String> {
        outlet.take_all().iter().map(|frame| frame.to_string()).collect()
    }

    #[test]
    fn many_frames_cost_one_wake_up() {
        let (outlet, counter) = outlet();
        for seq in 1..=5 {
            event(&outlet, seq);
        }
        assert_eq!(counter.wakes.load(Ordering::Relaxed), 1);
        assert_eq!(read(&outlet).len(), 5);
        event(&outlet, 6);
        assert_eq!(counter.wakes.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn what_comes_twice_is_read_once() {
        let (outlet, _) = outlet();
        for seq in [1, 2, 2, 1, 3] {
            event(&outlet, seq);
        }
        assert_eq!(read(&outlet), ["e1", "e2", "e3"]);
    }

    #[test]
    fn live_events_wait_behind_the_last_page_and_are_not_lost() {
        let (outlet, _) = outlet();
        event(&outlet, 3);
        read(&outlet);
        outlet.hold(chat());
        event(&outlet, 4);
        let end = |end: PageEnd| format!("{}/{}", end.through, end.last).into();
        outlet.push_page(chat(), vec!["p1".into(), "p2".into(), "p3".into()], PageEnd { through: 3, last: 3 }, end);
        assert_eq!(read(&outlet), ["p1", "p2", "p3", "3/4"], "the reader must learn that there is more");
        event(&outlet, 5);
        assert!(read(&outlet).is_empty(), "still held");
        outlet.push_page(chat(), vec!["p4".into(), "p5".into()], PageEnd { through: 5, last: 5 }, end);
        event(&outlet, 5);
        event(&outlet, 6);
        assert_eq!(read(&outlet), ["p4", "p5", "5/5", "e6"]);
    }

    #[test]
    fn a_reader_past_its_bound_is_cut_and_its_memory_is_back() {
        let (outlet, counter) = outlet();
        let frame = ByteString::from("x".repeat(64 * 1024));
        let mut pushed = 0;
        while outlet.push(frame.clone()) && pushed < 100 {
            pushed += 1;
        }
        assert_eq!(pushed, OUTBOX_BYTES_MAX / frame.len() + 1);
        assert_eq!(counter.cuts.load(Ordering::Relaxed), 1);
        let taken = outlet.take(usize::MAX, |_| ());
        assert_eq!(taken, Taken { any: false, more: false, close: Some(close::TRY_LATER) });
        assert!(!outlet.push("late".into()));
    }

    #[test]
    fn nothing_comes_before_the_welcome_and_nothing_twice_behind_it() {
        let (outlet, counter) = outlet();
        outlet.await_welcome();
        event(&outlet, 4);
        event(&outlet, 5);
        outlet.push("hint".into());
        assert_eq!((read(&outlet).len(), counter.wakes.load(Ordering::Relaxed)), (0, 0));
        outlet.welcome("welcome, 4 is the last".into(), &[(chat(), 4)]);
        event(&outlet, 5);
        event(&outlet, 6);
        assert_eq!(read(&outlet), ["welcome, 4 is the last", "e5", "hint", "e6"]);
    }

    #[test]
    fn history_that_was_asked_for_with_the_greeting_holds_what_came_before_the_welcome() {
        let (outlet, _) = outlet();
        outlet.await_welcome();
        event(&outlet, 5);
        outlet.hold(chat());
        event(&outlet, 6);
        outlet.welcome("welcome, 4 is the last".into(), &[(chat(), 4)]);
        let page = |through, last| {
            outlet.push_page(chat(), vec![], PageEnd { through, last }, |end| {
                format!("{}/{}", end.through, end.last).into()
            })
        };
        page(5, 5);
        page(6, 6);
        event(&outlet, 7);
        assert_eq!(read(&outlet), ["welcome, 4 is the last", "5/6", "6/6", "e7"]);
    }

    #[test]
    fn what_waits_for_the_welcome_is_bounded_too() {
        let (outlet, counter) = outlet();
        outlet.await_welcome();
        let frame = ByteString::from("x".repeat(64 * 1024));
        let pushed = (0..100).take_while(|_| outlet.push(frame.clone())).count();
        assert_eq!(pushed, OUTBOX_BYTES_MAX / frame.len() + 1);
        assert_eq!((counter.cuts.load(Ordering::Relaxed), outlet.is_closed()), (1, true));
    }

    #[test]
    fn the_close_code_comes_after_the_last_frame() {
        let (outlet, _) = outlet();
        outlet.push("a".into());
        outlet.push("b".into());
        outlet.close(close::RESTART);
        let mut frames = 0;
        let first = outlet.take(1, |_| frames += 1);
        assert_eq!((frames, first), (1, Taken { any: true, more: true, close: None }));
        assert_eq!(outlet.take(usize::MAX, |_| ()).close, Some(close::RESTART));
    }
}
