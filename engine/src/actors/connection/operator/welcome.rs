//! What a window shows at first.

use std::collections::VecDeque;

use super::{OperatorConnection, unavailable};
use crate::actors::connection::history;
use crate::actors::messages::ToOperator;
use crate::domain::group::Membership;
use crate::domain::ids::ChatId;
use crate::domain::limits::{HELLO_RESUMES_MAX, ROWS_MAX};
use crate::ports::journal::ChatQuery;
use crate::ports::staff::Operator;
use crate::protocol::error::Failure;
use crate::protocol::operator::{ChatFilter, ChatOrder, Hello, MyGroup, Myself, Receiving, Welcome};
use crate::protocol::visitor::{ChatPhase, Resume};

impl OperatorConnection {
    /// Which pages follow the welcome by themselves.
    ///
    /// # Errors
    /// `invalid`: more than a socket keeps in order.
    pub fn pages_of(hello: Hello) -> Result<VecDeque<Resume>, Failure> {
        let asked = hello.resume.unwrap_or_default();
        if asked.len() > HELLO_RESUMES_MAX {
            let rule = format!("must name at most {HELLO_RESUMES_MAX} chats; ask for the others with resume");
            return Err(Failure::invalid("resume", rule));
        }
        Ok(asked.into())
    }

    /// Says that the window is there, and gathers the answer to its `hello`.
    pub(super) async fn welcome(
        &self,
        operator: Operator,
        (memberships, receiving): (Vec<Membership>, Receiving),
    ) -> Result<Welcome, Failure> {
        let (shared, account, me) = (&self.shared, self.account, operator.id);
        shared.to_operator(account, me, ToOperator::Joined);
        let state = shared.operator_state(account, me).await.ok_or_else(Failure::unavailable)?;
        let filter = ChatFilter { state: Some(ChatPhase::Active), operator: Some(me), group: None };
        let query = ChatQuery {
            filter,
            scope: None,
            order: ChatOrder::Latest,
            offset: 0,
            limit: ROWS_MAX as u32,
            after: None,
            count: false,
        };
        let running = shared.store.chats(account, &query).await.map_err(unavailable)?;
        let ids: Vec<ChatId> = running.rows.iter().map(|row| row.id).collect();
        let marks = ids.iter().map(|chat| {
            // Awake, its session knows this operator's sockets, and the marks of this moment.
            shared.wake(account, *chat);
            history::marks(shared, account, *chat)
        });
        let marks = futures_util::future::try_join_all(marks).await.map_err(unavailable)?;
        let groups = shared.store.groups(account).await.map_err(unavailable)?;
        let groups = memberships.iter().zip(&receiving.groups).filter_map(|(membership, from)| {
            let group = groups.iter().find(|group| group.id == membership.group)?;
            Some(MyGroup {
                id: group.id.clone(),
                name: group.name.clone(),
                department: group.department.clone(),
                handling: membership.handling,
                limit: membership.limit,
                active: membership.active,
                left_out: from.left_out,
                waiting: shared.board.waiting(account, &group.id),
            })
        });
        Ok(Welcome {
            permissions: operator.role.permissions().to_vec(),
            status: state.status,
            status_since: state.since,
            grace_s: u32::try_from(state.grace.as_secs()).unwrap_or(u32::MAX),
            groups: groups.collect(),
            profile: receiving.profile.clone(),
            chats: running.rows.iter().zip(&marks).map(|(row, marks)| row.row(marks, Some(me))).collect(),
            offers: state.offers,
            next: running.rows.last().filter(|_| running.more).map(|last| last.cursor(ChatOrder::Latest)),
            server_time: shared.now(),
            operator: Myself {
                id: me,
                name: operator.name,
                email: operator.email,
                role: operator.role,
                limit: operator.limit,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::protocol::error::Code;

    #[test]
    fn a_hello_that_asks_for_more_pages_than_a_socket_can_follow_is_refused() {
        let asks = |chats: usize| {
            let resume = |chat| Resume { chat: ChatId(Uuid::from_u128(chat as u128)), after: 0 };
            OperatorConnection::pages_of(Hello { resume: Some((0..chats).map(resume).collect()) })
        };
        assert_eq!(OperatorConnection::pages_of(Hello::default()), Ok(VecDeque::new()));
        assert_eq!(asks(HELLO_RESUMES_MAX).map(|pages| pages.len()), Ok(HELLO_RESUMES_MAX));
        let refused = asks(HELLO_RESUMES_MAX + 1).map_err(|failure| (failure.code, failure.field));
        assert_eq!(refused, Err((Code::Invalid, Some("resume".into()))));
    }
}
