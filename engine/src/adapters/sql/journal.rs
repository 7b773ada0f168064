//! The journal's port on SQL: reads that both databases share, and the writes each does its own way.

use async_trait::async_trait;

use crate::adapters::sql::{Backend, birth, chats, events, remembered};
use crate::domain::estimate::Waited;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, BrandId, ChatId, CommandId, GroupId, OperatorId, VisitorId};
use crate::domain::time::Timestamp;
use crate::ports::journal::{
    Append, Birth, BirthError, Born, ChatList, ChatQuery, ChatRecord, Completion, EventPage, Journal, MarkRow,
    OfferRow, Remembered, Side, StoredChat,
};
use crate::ports::store::StoreError;

#[async_trait]
impl<B: Backend> Journal for B {
    fn append(&self, append: Append, done: Completion) {
        Backend::append(self, append, done);
    }

    async fn birth(&self, birth: Birth) -> Result<i64, BirthError> {
        Backend::birth(self, birth).await
    }

    async fn born(
        &self,
        account: AccountId,
        visitor: VisitorId,
        command: &CommandId,
        now: Timestamp,
    ) -> Result<Option<Born>, StoreError> {
        let command = command.clone();
        self.read(move |sql| Box::pin(birth::born(sql, account, visitor, command, now))).await
    }

    async fn activate(&self, account: AccountId, chat: ChatId, epoch: u64) -> Result<Option<StoredChat>, StoreError> {
        Backend::activate(self, account, chat, epoch).await
    }

    async fn chat(&self, account: AccountId, chat: ChatId) -> Result<Option<ChatRecord>, StoreError> {
        self.read(move |sql| Box::pin(chats::chat(sql, account, chat))).await
    }

    async fn events(
        &self,
        account: AccountId,
        chat: ChatId,
        side: Side,
        after: u32,
        limit: usize,
        bytes: usize,
    ) -> Result<EventPage, StoreError> {
        self.read(move |sql| Box::pin(events(sql, account, chat, side, after, limit, bytes))).await
    }

    async fn chats(&self, account: AccountId, query: &ChatQuery) -> Result<ChatList, StoreError> {
        let query = query.clone();
        self.read(move |sql| Box::pin(chats::chats(sql, account, query))).await
    }

    async fn chat_of_visitor(
        &self,
        account: AccountId,
        brand: &BrandId,
        visitor: VisitorId,
    ) -> Result<Option<ChatRecord>, StoreError> {
        let brand = brand.clone();
        self.read(move |sql| Box::pin(chats::chat_of_visitor(sql, account, brand, visitor))).await
    }

    async fn last_operator(
        &self,
        account: AccountId,
        contact: &Identity,
    ) -> Result<Option<(OperatorId, Timestamp)>, StoreError> {
        let contact = contact.key();
        self.read(move |sql| Box::pin(chats::last_operator(sql, account, contact))).await
    }

    async fn waiting(
        &self,
        account: AccountId,
        group: &GroupId,
    ) -> Result<Vec<(ChatRecord, Option<OfferRow>)>, StoreError> {
        let group = group.clone();
        self.read(move |sql| Box::pin(chats::waiting(sql, account, group))).await
    }

    async fn waited(&self, account: AccountId, group: &GroupId) -> Result<Vec<Waited>, StoreError> {
        let group = group.clone();
        self.read(move |sql| Box::pin(chats::waited(sql, account, group))).await
    }

    async fn guests(&self, account: AccountId, chat: ChatId) -> Result<Vec<OperatorId>, StoreError> {
        self.read(move |sql| Box::pin(chats::guests(sql, account, chat))).await
    }

    async fn offers_of(&self, account: AccountId, operator: OperatorId) -> Result<Vec<OfferRow>, StoreError> {
        self.read(move |sql| Box::pin(chats::offers_of(sql, account, operator))).await
    }

    async fn save_marks(&self, account: AccountId, chat: ChatId, marks: &[MarkRow]) -> Result<(), StoreError> {
        let marks = marks.to_vec();
        self.write(move |sql| Box::pin(chats::save_marks(sql, account, chat, marks))).await
    }

    async fn marks(&self, account: AccountId, chats: &[ChatId]) -> Result<Vec<(ChatId, MarkRow)>, StoreError> {
        let chats = chats.to_vec();
        self.read(move |sql| Box::pin(chats::marks(sql, account, chats))).await
    }

    async fn remembered(
        &self,
        account: AccountId,
        sender: &str,
        command: &CommandId,
    ) -> Result<Option<Remembered>, StoreError> {
        let (sender, command) = (sender.to_owned(), command.clone());
        self.read(move |sql| Box::pin(remembered::remembered(sql, account, sender, command))).await
    }

    async fn remember(
        &self,
        account: AccountId,
        sender: &str,
        command: &CommandId,
        answer: Remembered,
        until: Timestamp,
    ) -> Result<Remembered, StoreError> {
        let (sender, command) = (sender.to_owned(), command.clone());
        self.write(move |sql| Box::pin(remembered::remember(sql, account, sender, command, answer, until))).await
    }
}
