//! One lane for each thread that actors live on: what another thread has for them comes over in batches, with one
//! wake-up each. Waking an idle thread costs a hundred times what handling a message does.

use std::cell::OnceCell;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::ports::journal::{Lane, Told};

thread_local! {
    static LANE: OnceCell<Lane> = const { OnceCell::new() };
}

/// The lane of the thread that calls; it must run an actix arbiter. Its task lives as long as the arbiter.
pub fn current() -> Lane {
    LANE.with(|lane| lane.get_or_init(open).clone())
}

fn open() -> Lane {
    // Unbounded by itself, bounded by its callers: the store holds at most WRITER_QUEUE_MAX appends.
    let (sender, mut receiver) = mpsc::unbounded_channel::<Vec<Told>>();
    actix::spawn(async move {
        while let Some(all) = receiver.recv().await {
            all.into_iter().for_each(Told::tell);
        }
    });
    Arc::new(move |all| {
        // A closed lane belongs to a thread that has stopped, and with it everybody who could be told.
        let _ = sender.send(all);
    })
}
