//! Chats as lists show them: one form for `welcome`, `rows` and HTTP, made in one place from what the store keeps.

use crate::domain::chat::Outcome;
use crate::domain::event::Sender;
use crate::domain::ids::{ChatId, OperatorId};
use crate::domain::report::ChatFacts;
use crate::domain::time::Timestamp;
use crate::ports::journal::{ChatRecord, MarkRow};
use crate::protocol::operator::{ChatOrder, ChatRow, Person, RowVisitor};
use crate::protocol::visitor::MarkPair;

impl ChatRecord {
    /// The row that `me` sees; `marks` are the chat's. Without `me` there are no marks of one's own.
    pub fn row(&self, marks: &[MarkRow], me: Option<OperatorId>) -> ChatRow {
        let of =
            |who: Sender| marks.iter().find(|mark| mark.who == who).map_or_else(MarkPair::default, |mark| mark.marks);
        let head = &self.head;
        ChatRow {
            id: self.id,
            number: self.number,
            state: head.state,
            brand: self.brand.clone(),
            department: self.department.clone(),
            group: head.group.clone(),
            visitor: self.row_visitor(),
            owner: head.owner.map(|id| Person { id, name: self.owner_name.clone().unwrap_or_default() }),
            started_at: self.started_at,
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
            visitor_marks: of(Sender::Visitor),
            my_marks: me.map(|me| of(Sender::Operator(me))).unwrap_or_default(),
        }
    }

    /// The visitor, as operators see them.
    pub fn row_visitor(&self) -> RowVisitor {
        let subject = self.contact.as_ref().and_then(|contact| contact.subject().cloned());
        RowVisitor { name: self.name.clone(), email: self.email.clone(), subject }
    }

    /// What reports know of the chat; `None` while it is not over.
    pub fn facts(&self) -> Option<ChatFacts> {
        let head = &self.head;
        let (by, why) = head.ended?;
        Some(ChatFacts {
            group: head.answered_in.as_ref().unwrap_or(&head.group).clone(),
            queued_at: head.waited_since,
            assigned_at: head.assigned_at,
            answered_at: head.answered_at,
            replies: head.replies,
            ended_at: head.ended_at?,
            outcome: Outcome::of(head.assigned_at.is_some(), by, why),
            operator: head.owner.map(|operator| operator.to_string()),
            messages: head.messages,
        })
    }

    /// The time by which a list of that order sorts it.
    pub fn sort_time(&self, order: ChatOrder) -> Timestamp {
        match order {
            ChatOrder::Latest => self.started_at,
            ChatOrder::LongestWaiting => self.head.queued_at,
        }
    }

    /// Where a list of that order goes on behind this chat: `GET /chats?cursor=…`.
    pub fn cursor(&self, order: ChatOrder) -> String {
        format!("{}-{}", self.sort_time(order).millis(), self.id)
    }
}

/// The marks of one chat among those of many.
pub fn marks_of(marks: &[(ChatId, MarkRow)], chat: ChatId) -> Vec<MarkRow> {
    marks.iter().filter(|(of, _)| *of == chat).map(|(_, row)| *row).collect()
}

/// Reads a cursor.
pub fn parse_cursor(text: &str) -> Option<(Timestamp, ChatId)> {
    let (millis, id) = text.rsplit_once('-')?;
    Some((Timestamp::from_millis(millis.parse().ok()?), id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::Replies;
    use crate::domain::ids::{AccountId, Shard, VisitorId};
    use crate::ports::journal::ChatHead;
    use crate::protocol::visitor::ChatPhase;

    #[test]
    fn everybody_gets_their_own_marks_and_the_visitors() {
        let (me, colleague) = (OperatorId(uuid::Uuid::from_u128(1)), OperatorId(uuid::Uuid::from_u128(2)));
        let mark = |who, read| MarkRow { who, marks: MarkPair { delivered: read + 1, read } };
        let marks = [mark(Sender::Operator(colleague), 3), mark(Sender::Visitor, 5), mark(Sender::Operator(me), 7)];
        let record = record();
        let row = record.row(&marks, Some(me));
        assert_eq!((row.my_marks.read, row.visitor_marks.read), (7, 5));
        assert_eq!(record.row(&marks, None).my_marks, MarkPair::default());
        assert_eq!(row.owner.unwrap(), Person { id: me, name: "Joe".to_owned() });
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let record = record();
        let latest = parse_cursor(&record.cursor(ChatOrder::Latest)).unwrap();
        assert_eq!(latest, (Timestamp::from_millis(5), record.id));
        assert_eq!(parse_cursor(&record.cursor(ChatOrder::LongestWaiting)).unwrap().0, Timestamp::from_millis(-6));
        assert!(parse_cursor("5").is_none() && parse_cursor("x-y").is_none());
    }

    fn record() -> ChatRecord {
        ChatRecord {
            account: AccountId(1),
            id: ChatId::new(5, 6, Shard(7)),
            number: 1,
            owner_epoch: 1,
            visitor: VisitorId(uuid::Uuid::from_u128(9)),
            brand: "demo".parse().unwrap(),
            department: None,
            name: None,
            email: None,
            contact: None,
            owner_name: Some("Joe".to_owned()),
            started_at: Timestamp::from_millis(5),
            head: ChatHead {
                state: ChatPhase::Active,
                group: "support".parse().unwrap(),
                owner: Some(OperatorId(uuid::Uuid::from_u128(1))),
                queued_at: Timestamp::from_millis(-6),
                assigned_at: None,
                answered_in: None,
                answered_at: None,
                replies: Replies::default(),
                waited_since: Timestamp::from_millis(-6),
                ended_at: None,
                ended: None,
                idle_since: None,
                visitor_away: false,
                messages: 0,
                question: None,
                last_seq: 9,
                visitor_seq: 8,
            },
        }
    }
}
