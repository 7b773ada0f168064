//! The state of a session that a panic or a fence throws away, and how it is made from what is stored.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;
use serde_json::value::RawValue;
use siphasher::sip::SipHasher13;

use super::joining::Joining;
use crate::actors::messages::Command;
use crate::actors::registry::Outlets;
use crate::actors::shared::Shared;
use crate::domain::chat::{Chat, Guest, Person};
use crate::domain::event::{Event, EventKind, Origin, Role, Sender, StoredEvent};
use crate::domain::ids::{ChatId, CommandId, GroupId, OfferId, OperatorId};
use crate::domain::limits::SESSION_IN_FLIGHT_MAX;
use crate::domain::time::Timestamp;
use crate::metrics::GroupMetrics;
use crate::ports::journal::{ChatRecord, MarkRow, StoredChat};
use crate::protocol::frame;
use crate::protocol::visitor::{ChatPhase, MarkPair, VisitorMarks};

/// See the module.
pub(super) struct Core {
    /// The chat as it will be once all that is in flight is stored.
    pub chat: Chat,
    /// The parts of the row that never change.
    pub record: ChatRecord,
    /// What each command was answered, by a digest of sender and id.
    pub done: HashMap<u64, Done, BuildHasherDefault<Digested>>,
    /// The operators' number of each event the visitor may see: what translates the two numberings.
    pub visible: Vec<u32>,
    /// Appends under way, and answers that must wait for them, in order.
    pub in_flight: VecDeque<Pending>,
    /// Commands among those, and in the append that is being put together.
    pub unanswered: usize,
    /// The append that is still being put together.
    pub joining: Option<Joining>,
    /// Whether the last append under way settles a slot.
    pub barrier: bool,
    /// Commands that wait until a slot is settled, or until fewer appends are under way.
    pub held: VecDeque<Rc<Command>>,
    /// How far everybody is, in the operators' numbering.
    pub marks: Vec<MarkRow>,
    /// Marks that were raised and are not yet stored, and since when.
    pub marks_dirty: Option<Timestamp>,
    /// The sockets of the visitor.
    pub visitor_outlets: Arc<Outlets>,
    /// The operator who gets the events, with the sockets: as last published.
    pub audience: Option<(Person, Arc<Outlets>)>,
    /// Colleagues who get the events too.
    pub guests: Vec<(Guest, Arc<Outlets>)>,
    /// The group that looks for a colleague, as last published.
    pub sought: Option<GroupId>,
    /// Who gets the event that is being published and none after it.
    pub parting: Vec<(OperatorId, Arc<Outlets>)>,
    /// The visitor's number of the last event that was told.
    pub visitor_published: u32,
    /// The moment of the last event.
    pub last_at: Timestamp,
    /// At whom it rings at all, as last published.
    pub rung: Vec<(OfferId, OperatorId)>,
    /// What was last told of the chat's state: set by publishing, not by judging.
    pub told: Told,
    /// The figures of the group it counted for when they were last looked up.
    of_group: Option<(GroupId, Arc<GroupMetrics>)>,
}

/// A hasher for keys that are digests already.
#[derive(Default)]
pub(super) struct Digested(u64);

impl Hasher for Digested {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only whole digests are keys; anything else is still spread, slowly.
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }
}

/// What the outside knows of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub phase: ChatPhase,
    /// When the queue is told again that the chat waits; none once it knows.
    pub queue_again: Option<Timestamp>,
    /// Since when the session could rest.
    pub quiet_since: Option<Timestamp>,
}

/// What a command was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done {
    /// Of the content: another one under the same id passes as the same once in four thousand million tries.
    pub digest: u32,
    /// The event that came of it, in the operators' numbering.
    pub seq: u32,
}

impl Done {
    /// What is kept of an answer; a long chat has many, so it is little.
    pub fn of(origin: &Origin, seq: u32) -> Self {
        Self { digest: short(origin.digest), seq }
    }

    /// Whether the command had this content.
    pub fn had(&self, digest: u64) -> bool {
        self.digest == short(digest)
    }
}

fn short(digest: u64) -> u32 {
    (digest >> 32) as u32
}

/// Something that leaves the actor when all before it is stored.
pub(super) enum Pending {
    /// An append under way.
    Append(Box<Appending>),
    /// An answer without one.
    Answer(Answer),
}

/// What a command is answered.
pub(super) struct Answer {
    /// The command, to judge it again if it comes to that.
    pub command: Rc<Command>,
    /// The frame.
    pub frame: ByteString,
}

impl Answer {
    /// Sends it.
    pub fn send(self) {
        self.command.outlet.push(self.frame);
    }
}

impl Pending {
    /// The commands behind it, in order.
    pub fn into_commands(self) -> impl Iterator<Item = Rc<Command>> {
        let (events, answer) = match self {
            Self::Append(append) => (append.events, None),
            Self::Answer(answer) => (Vec::new(), Some(answer.command)),
        };
        events.into_iter().filter_map(Untold::into_command).chain(answer)
    }
}

/// An append under way.
pub(super) struct Appending {
    pub events: Vec<Untold>,
    /// Events that others than the readers must hear of.
    pub facts: Vec<Event>,
    /// When the first command was judged.
    pub begun: Instant,
    /// The chat before, when slots may be refused.
    pub before: Option<Box<Before>>,
    /// The operator of a proposal, to tell the queue when there is no slot.
    pub proposed: Option<(OperatorId, GroupId)>,
    /// Whose slots it frees.
    pub freed: Vec<OperatorId>,
}

/// What a refused slot puts back.
pub(super) struct Before {
    pub chat: Chat,
    pub visible: usize,
    pub key: Option<u64>,
}

/// One event that is told once it is stored. Its frames are made only then: of many thousand messages under way each is
/// held once, and what is written to the sockets is still at hand.
pub(super) struct Untold {
    pub seq: u32,
    pub visitor_seq: u32,
    pub at: Timestamp,
    /// As it is stored, which is how operators see it.
    pub body: Arc<RawValue>,
    pub seen: Seen,
    /// Of a message: in which role it was written.
    pub role: Option<Role>,
    /// Whose message it was.
    pub message_from: Option<Sender>,
    /// The command of a message: that settles an outbox.
    pub command: Option<Rc<Command>>,
    /// What waited for it, when it was an operator's word.
    pub reply: Option<Reply>,
    /// The numbers, operators' and visitor's, that its command is answered whose last event it is: behind it, so that
    /// whoever acts on an answer has seen what it answers.
    pub answer: Option<(Rc<Command>, (u32, u32))>,
}

/// How the visitor sees an event.
pub(super) enum Seen {
    /// As it is stored.
    AsStored,
    /// In this frame.
    Otherwise(ByteString),
    /// Not at all.
    Not,
}

impl Untold {
    /// The frame for somebody: in the numbering of their side, and with the command only where it is their own.
    pub fn frame(&self, chat: ChatId, reader: Sender) -> ByteString {
        let seq = match reader {
            Sender::Visitor => self.visitor_seq,
            Sender::Operator(_) => self.seq,
        };
        let own = self.command.as_ref().filter(|_| self.message_from == Some(reader));
        frame::event(chat, seq, self.at, self.body.get(), own.map(|command| &command.id))
    }

    /// The command that waits for it to be told.
    pub fn into_command(self) -> Option<Rc<Command>> {
        self.answer.map(|(command, _)| command)
    }
}

/// What an operator's word ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reply {
    /// The idle time.
    pub idle: Duration,
    /// The time since the assignment, when it was the first word.
    pub first: Option<Duration>,
}

impl Reply {
    /// What this event ends in a chat that has not yet taken it in.
    pub fn of(chat: &Chat, event: &Event) -> Option<Self> {
        let EventKind::Message(message) = &event.kind else { return None };
        if message.from.role != Role::Operator || chat.owner().is_none() {
            return None;
        }
        let first = chat.assigned_at.filter(|_| chat.answered_at.is_none());
        Some(Self { idle: event.at.since(chat.idle_since?), first: first.map(|assigned| event.at.since(assigned)) })
    }
}

impl Core {
    /// The state that is stored. Events of kinds a newer node knows count their numbers.
    pub fn rebuild(shared: &Shared, id: ChatId, stored: &StoredChat) -> Self {
        #[cfg(feature = "faults")]
        crate::actors::faults::on_rebuild(stored);
        let mut chat = Chat::unborn(id);
        let mut done = HashMap::default();
        let mut visible = Vec::new();
        for event in &stored.events {
            apply(&mut chat, event);
            if event.visible {
                visible.push(event.seq);
            }
        }
        for event in &stored.events {
            if let Some(origin) = &event.origin {
                done.insert(command_key(origin.sender, &origin.command), Done::of(origin, event.seq));
            }
        }
        let record = stored.record.clone();
        let visitor_outlets = shared.registry.outlets_of_visitor(record.account, &record.brand, record.visitor);
        let audience =
            chat.owner().map(|owner| (owner.clone(), shared.registry.outlets_of_operator(record.account, owner.id)));
        let guests = chat
            .guests()
            .iter()
            .map(|guest| (guest.clone(), shared.registry.outlets_of_operator(record.account, guest.person.id)));
        Self {
            guests: guests.collect(),
            sought: chat.sought_in().map(|(group, _)| group.clone()),
            parting: Vec::new(),
            told: Told {
                phase: record.head.state,
                queue_again: Some(shared.now()),
                quiet_since: (record.head.state == ChatPhase::Ended).then(|| shared.now()),
            },
            last_at: stored.events.last().map_or(Timestamp::EPOCH, |event| event.at),
            visitor_published: chat.visitor_seq,
            rung: rung(&chat),
            chat,
            record,
            done,
            visible,
            in_flight: VecDeque::new(),
            unanswered: 0,
            joining: None,
            barrier: false,
            held: VecDeque::new(),
            marks: stored.marks.clone(),
            marks_dirty: None,
            visitor_outlets,
            audience,
            of_group: None,
        }
    }

    /// The figures of the group that the chat counts for: looked up once, for messages pass here.
    pub fn figures(&mut self, shared: &Shared) -> Arc<GroupMetrics> {
        let group = self.chat.answered_in.as_ref().unwrap_or(&self.record.head.group);
        match &self.of_group {
            Some((known, figures)) if known == group => Arc::clone(figures),
            _ => {
                let figures = shared.metrics.group(self.record.account, group);
                self.of_group = Some((group.clone(), Arc::clone(&figures)));
                figures
            }
        }
    }

    /// The moment of the last event: time never goes back within a chat, whatever the clock does.
    pub fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// Tells an event to all operators who get them.
    pub fn tell_operators(&self, chat: ChatId, event: &Untold) {
        for (reader, outlets) in self.readers() {
            outlets.tell(chat, event.seq, || event.frame(chat, Sender::Operator(*reader)));
        }
    }

    /// All operators who get the events, with their sockets.
    pub fn readers(&self) -> impl Iterator<Item = (&OperatorId, &Arc<Outlets>)> {
        let owner = self.audience.iter().map(|(person, outlets)| (&person.id, outlets));
        let guests = self.guests.iter().map(|(guest, outlets)| (&guest.person.id, outlets));
        owner.chain(guests).chain(self.parting.iter().map(|(reader, outlets)| (reader, outlets)))
    }

    /// Whether so much is under way that commands must wait.
    pub fn is_full(&self) -> bool {
        self.unanswered.max(self.in_flight.len()) >= SESSION_IN_FLIGHT_MAX
    }

    /// Answers a command that had to wait for what was before it.
    pub fn send(&mut self, answer: Answer) {
        self.unanswered -= 1;
        answer.send();
    }

    /// Takes out what is not answered, in order.
    pub fn take_unanswered(&mut self) -> impl Iterator<Item = Rc<Command>> + use<> {
        self.unanswered = 0;
        let joining = self.joining.take().map(|joining| joining.made.untold).unwrap_or_default();
        let joining = joining.into_iter().filter_map(Untold::into_command);
        let held = std::mem::take(&mut self.held);
        std::mem::take(&mut self.in_flight).into_iter().flat_map(Pending::into_commands).chain(joining).chain(held)
    }

    /// Whether commands must wait for a slot that is being settled.
    pub fn at_barrier(&self) -> bool {
        self.barrier
    }

    /// A visitor's number as the operators' number of the same event.
    pub fn to_operators(&self, visitor_seq: u32) -> u32 {
        let index = (visitor_seq as usize).min(self.visible.len());
        index.checked_sub(1).map_or(0, |index| self.visible[index])
    }

    /// An operators' number as the visitor's number of the last visible event up to it.
    pub fn to_visitor(&self, seq: u32) -> u32 {
        self.visible.partition_point(|visible| *visible <= seq) as u32
    }

    /// Raises a mark; `None` when it was that far already.
    pub fn raise(&mut self, who: Sender, seq: u32, read: bool) -> Option<MarkPair> {
        let row = match self.marks.iter_mut().find(|row| row.who == who) {
            Some(row) => row,
            None => {
                self.marks.push(MarkRow { who, marks: MarkPair::default() });
                self.marks.last_mut()?
            }
        };
        let before = row.marks;
        row.marks.delivered = row.marks.delivered.max(seq);
        if read {
            row.marks.read = row.marks.read.max(seq);
        }
        (row.marks != before).then_some(row.marks)
    }

    /// The marks in the visitor's numbering.
    pub fn visitor_marks(&self) -> VisitorMarks {
        let mut marks = VisitorMarks::default();
        for row in &self.marks {
            let side = match row.who {
                Sender::Visitor => &mut marks.visitor,
                Sender::Operator(_) => &mut marks.operators,
            };
            side.delivered = side.delivered.max(self.to_visitor(row.marks.delivered));
            side.read = side.read.max(self.to_visitor(row.marks.read));
        }
        marks
    }
}

/// At whom a chat rings at all.
pub(super) fn rung(chat: &Chat) -> Vec<(OfferId, OperatorId)> {
    chat.ring().into_iter().flat_map(|ring| ring.rung.iter().map(|one| (ring.id, one.id))).collect()
}

fn apply(chat: &mut Chat, event: &StoredEvent) {
    match event.kind() {
        Some(kind) => {
            chat.apply(&Event { seq: event.seq, visitor_seq: event.visitor_seq, at: event.at, kind, origin: None })
        }
        None => chat.apply_unknown(event.seq, event.visitor_seq),
    }
}

/// A digest of who sent a command and the id they chose. Two commands of one chat meet with a chance of 1 in 10^11 at
/// the most events a chat may have, and only for somebody who cannot choose the other's id.
pub(super) fn command_key(sender: Sender, id: &CommandId) -> u64 {
    let mut hasher = SipHasher13::new();
    match sender {
        Sender::Visitor => hasher.write_u8(0),
        Sender::Operator(operator) => hasher.write(operator.0.as_bytes()),
    }
    hasher.write(id.as_str().as_bytes());
    hasher.finish()
}
