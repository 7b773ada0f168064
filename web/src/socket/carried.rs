//! How many sockets are carried, on all threads: whoever stops the server lets them say their last words. Each has a task
//! of its own, much smaller than that of the connection that it was, of which the server knows nothing more.

use std::time::Duration;

use actix_web::rt::time::timeout;
use tokio::sync::watch;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Carried(watch::Sender<usize>);

impl Carried {
    /// One more, until it is dropped.
    pub fn one(&self) -> One {
        self.0.send_modify(|count| *count += 1);
        One(self.clone())
    }

    /// Waits until there is none, or for that long.
    pub async fn none(&self, within: Duration) {
        // The sender is here: it cannot be gone.
        let _ = timeout(within, self.0.subscribe().wait_for(|count| *count == 0)).await;
    }
}

/// One of them.
#[derive(Debug)]
pub struct One(Carried);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[actix_web::test]
    async fn the_last_one_is_waited_for_and_no_longer_than_said() {
        let (carried, long) = (Carried::default(), Duration::from_secs(60));
        carried.none(long).await;
        let (first, second) = (carried.one(), carried.one());
        let from = Instant::now();
        carried.none(Duration::from_millis(20)).await;
        assert!(from.elapsed() >= Duration::from_millis(20), "two are there");
        drop(first);
        let others = carried.clone();
        let waiting = actix_web::rt::spawn(async move { others.none(long).await });
        actix_web::rt::task::yield_now().await;
        assert!(!waiting.is_finished(), "one is there");
        drop(second);
        timeout(long / 2, waiting).await.unwrap().unwrap();
    }
}
