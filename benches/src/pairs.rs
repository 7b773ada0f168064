//! Talkers for the relay: the two sockets of each pair.

use crate::load::Talker;
use crate::socket::connect;

/// Opens `pairs` pairs; one of each talks, the other listens.
pub async fn open(address: &str, pairs: usize, text: &str) -> Vec<Talker> {
    let mut talkers = Vec::with_capacity(2 * pairs);
    for number in 0..pairs {
        talkers.push(Talker::listener(connect(address, &format!("/pair/{number}/1"), &[]).await));
        talkers.push(Talker::visitor(connect(address, &format!("/pair/{number}/0"), &[]).await, text));
    }
    talkers
}
