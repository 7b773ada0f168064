//! What the chat asks for beyond an operator of its group: made from what was said at its beginning and from what
//! people have set up since. It is read with the chat, and again when they have changed it and the chat waits or
//! searches, or somebody is asked as the group's settings say.

use std::sync::Arc;

use actix::Context;

use super::VisitorSession;
use crate::actors::guard::wait_for;
use crate::actors::shared::Shared;
use crate::domain::chat::Chat;
use crate::domain::group::{GroupSettings, RoutingRules};
use crate::domain::identity::{Identity, Priority};
use crate::domain::ids::OperatorId;
use crate::domain::limits::{REQUEUED_PRIORITY, WAITING_REPEAT};
use crate::domain::needs::DepartmentNeeds;
use crate::domain::routing::Wishes;
use crate::domain::time::Timestamp;
use crate::domain::urgency::BrandPriorities;
use crate::ports::contacts::ContactSettings;
use crate::ports::journal::ChatRecord;
use crate::ports::store::StoreError;
use crate::protocol::visitor::ChatPhase;

/// What is set up that a chat's wishes come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Asks {
    needs: DepartmentNeeds,
    brand: BrandPriorities,
    last: Option<(OperatorId, Timestamp)>,
    /// Who the visitor is known as, and what people have set of them.
    contact: Option<(Identity, ContactSettings)>,
}

impl Asks {
    /// Of a chat of that row. A department or a brand that is gone asks for nothing.
    pub(super) async fn read(
        shared: &Shared,
        record: &ChatRecord,
        group: Option<&GroupSettings>,
    ) -> Result<Self, StoreError> {
        // A chat that is over asks for nothing any more.
        if record.head.state == ChatPhase::Ended {
            return Ok(Self::default());
        }
        let needs = match &record.department {
            Some(department) => shared.store.department(record.account, department).await?.map(|there| there.needs),
            None => None,
        };
        let brand = shared.store.brand(&record.brand).await?.map(|brand| brand.priorities);
        // A typed address is enough to prefer somebody, and for nothing else.
        let last =
            match record.contact.as_ref().filter(|_| group.is_some_and(|group| group.rules.last_operator_days > 0)) {
                Some(contact) => shared.store.last_operator(record.account, contact).await?,
                None => None,
            };
        let contact = match record.contact.clone().filter(Identity::is_verified) {
            Some(verified) => Some((verified.clone(), shared.store.contact(record.account, &verified).await?)),
            None => None,
        };
        Ok(Self { needs: needs.unwrap_or_default(), brand: brand.unwrap_or_default(), last, contact })
    }

    /// What the chat would like. One that was put back at the front waits for nobody: whoever it had, or wanted, may be
    /// the very one who was lost.
    pub(super) fn wishes(&self, chat: &Chat) -> Wishes {
        let skills = self.needs.skills_for(chat.language.as_deref());
        let (wanted, last) = if chat.requeued { (None, None) } else { (chat.wanted, self.last) };
        Wishes { skills, wanted, last }
    }

    /// Steps by which the chat is moved ahead in a group with these rules.
    pub(super) fn priority(&self, chat: &Chat, rules: Option<&RoutingRules>) -> i32 {
        if chat.requeued {
            return REQUEUED_PRIORITY;
        }
        let department = self.needs.priority.saturating_add(rules.map_or(0, |rules| rules.priority));
        let variables = self.brand.steps_of(&chat.verified, &chat.variables);
        let contact = self.contact.as_ref().map_or(0, |(_, set)| set.priority);
        let priority = Priority { brand: self.brand.priority, department, contact, variables };
        priority.steps(self.contact.as_ref().map(|(who, _)| who))
    }
}

impl VisitorSession {
    /// People changed what chats ask for, or the group: one that waits, or looks for a colleague, says it anew. Any other
    /// one reads it when it begins to, for most never do.
    pub(super) fn asks_changed(&mut self, ctx: &mut Context<Self>) {
        let Some(core) = &self.core else { return };
        let searches = core.told.phase == ChatPhase::Waiting || core.sought.is_some();
        self.asks_are_old = true;
        if searches {
            self.read_asks(ctx);
        }
    }

    /// Reads the group's settings and what the chat asks for. The mailbox waits, and then commands that go by them are
    /// judged; what was judged before waits for nothing.
    pub(super) fn read_asks(&mut self, ctx: &mut Context<Self>) {
        self.hand_over();
        let Some(core) = &self.core else { return };
        let (shared, account, record, generation) =
            (Arc::clone(&self.shared), self.account, core.record.clone(), self.generation);
        let reading = async move {
            let settings = shared.store.group(account, &record.head.group).await?;
            let asks = Asks::read(&shared, &record, settings.as_ref()).await?;
            Ok::<_, StoreError>((settings, asks))
        };
        wait_for(ctx, reading, move |session: &mut Self, read, ctx| {
            if session.generation == generation {
                session.asks_read(read);
                session.judge_held(ctx);
                session.arm(ctx);
            }
        });
    }

    fn asks_read(&mut self, read: Result<(Option<GroupSettings>, Asks), StoreError>) {
        match read {
            Ok((settings, asks)) => {
                self.settings = settings.map(Arc::new).or(self.settings.take());
                self.asks = asks;
                self.asks_are_old = false;
                self.tell_queue();
            }
            Err(error) => {
                tracing::warn!(chat = %self.chat, %error, "what a chat asks for could not be read, again soon");
                let again = self.shared.now() + WAITING_REPEAT;
                if let Some(core) = &mut self.core {
                    core.told.queue_again = Some(again);
                }
                self.refuse_held();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ChatId, Shard};

    #[test]
    fn a_chat_that_is_put_back_waits_for_nobody_in_particular() {
        let who = |n| OperatorId(uuid::Uuid::from_u128(n));
        let asks = Asks { last: Some((who(2), Timestamp::from_millis(1))), ..Asks::default() };
        let mut chat = Chat::unborn(ChatId::new(1, 1, Shard(0)));
        chat.wanted = Some(who(1));
        let wishes = asks.wishes(&chat);
        assert_eq!((wishes.wanted, wishes.last.map(|(last, _)| last)), (Some(who(1)), Some(who(2))));
        chat.requeued = true;
        let wishes = asks.wishes(&chat);
        assert_eq!((wishes.wanted, wishes.last), (None, None), "it may be they who were lost");
    }
}
