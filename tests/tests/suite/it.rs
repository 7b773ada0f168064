//! Whole stories over real sockets, against the real binary.

mod absence;
mod accounts;
mod assignment;
mod bad_frames;
mod bad_input;
mod canaries;
mod closing;
mod conversation;
mod crash;
mod decisions;
mod floods;
mod full_disk;
mod fuzz;
mod greeting;
mod hours;
mod identities;
mod identity_keys;
mod invitations;
mod left_messages;
mod lost_senders;
mod marks;
mod needs;
mod offers;
mod panics;
mod permissions;
mod presence;
mod priorities;
mod queue_limits;
mod receiving;
mod repeats;
mod resume;
mod returning;
mod ring_all;
mod settings;
mod slow_reader;
mod starting;
mod stored_first;
mod taking;
mod transfers;
mod waiting;
mod windows;

use serde_json::Value;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;

/// A server, a visitor, Joe who has accepted, and their chat.
async fn joe_answers() -> (TestServer, VisitorClient, OperatorClient, String) {
    joe_answers_with(&[]).await
}

/// The same on a server with settings.
async fn joe_answers_with(settings: &[(&str, &str)]) -> (TestServer, VisitorClient, OperatorClient, String) {
    let (server, mut visitor, mut joe, chat, offer) = joe_is_rung(settings, "Where is my parcel?").await;
    joe.accept(&offer).await;
    visitor.expect_event("assigned").await;
    joe.resume(&chat, 0).await;
    (server, visitor, joe, chat)
}

/// A server with settings, a visitor who has asked, Joe at whom it rings, the chat and the offer.
async fn joe_is_rung(
    settings: &[(&str, &str)],
    question: &str,
) -> (TestServer, VisitorClient, OperatorClient, String, Value) {
    let server = TestServer::with(settings);
    let mut joe = OperatorClient::online(&server, "joe").await;
    let mut visitor = VisitorClient::connect(&server).await;
    let chat = visitor.start(&Start::support("Clara", question)).await;
    let offer = joe.offer_of(&chat).await;
    (server, visitor, joe, chat, offer)
}

/// A server with somebody who receives, so that chats may begin, and who never gets one by herself.
async fn nobody_answers(settings: &[(&str, &str)]) -> (TestServer, OperatorClient) {
    let server = TestServer::with(settings);
    let mona = OperatorClient::online(&server, "mona").await;
    (server, mona)
}
