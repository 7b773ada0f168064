//! The one place where a stored chat becomes a row that operators see, in `welcome`, in live lists and over HTTP.

use crate::domain::event::Sender;
use crate::domain::ids::ChatId;
use crate::ports::journal::{ChatRecord, MarkRow};
use crate::protocol::operator::{ChatRow, Person, RowVisitor};
use crate::protocol::visitor::MarkPair;

impl ChatRow {
    /// The row of a chat for one reader, with the marks of this and other chats at hand.
    pub fn of(record: &ChatRecord, marks: &[(ChatId, MarkRow)], reader: Sender) -> Self {
        let mark = |who: Sender| {
            let found = marks.iter().find(|(chat, row)| *chat == record.id && row.who == who);
            found.map_or(MarkPair::default(), |(_, row)| row.marks)
        };
        let head = &record.head;
        Self {
            id: record.id,
            number: record.number,
            state: head.state,
            brand: record.brand.clone(),
            department: record.department.clone(),
            group: head.group.clone(),
            visitor: RowVisitor { name: record.name.clone(), email: record.email.clone() },
            owner: head.owner.map(|id| Person { id, name: record.owner_name.clone().unwrap_or_default() }),
            started_at: record.started_at,
            queued_at: head.queued_at,
            assigned_at: head.assigned_at,
            ended_at: head.ended_at,
            ended_by: head.ended.map(|(by, _)| by),
            ended_why: head.ended.map(|(_, why)| why),
            idle_since: head.idle_since,
            visitor_away: head.visitor_away,
            messages: head.messages,
            question: head.question.clone(),
            seq: head.last_seq,
            visitor_marks: mark(Sender::Visitor),
            my_marks: mark(reader),
        }
    }
}
