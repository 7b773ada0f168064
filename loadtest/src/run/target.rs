//! The server that a run is against: where it is, what its metrics say, and waiting for it no longer than somebody wants.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use url::Url;

use super::RunError;
use crate::metrics::Reading;
use crate::staff::StaffError;
use crate::summary::{ServerView, Summary};

/// How often it is looked at whoever may want it to end while the server is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Does something while `stopped` is asked now and then whether it is wanted no more; none: so it was.
pub(super) async fn watched<T>(work: impl Future<Output = T>, mut stopped: impl FnMut() -> bool) -> Option<T> {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Some(done),
            _ = ticks.tick() => {
                if stopped() {
                    return None;
                }
            }
        }
    }
}

pub(super) fn address(target: &str) -> Result<(String, SocketAddr, String), RunError> {
    let wrong = |why: &str| RunError::Target { given: target.to_owned(), why: why.to_owned() };
    let url = Url::parse(target).map_err(|error| wrong(&format!("it is no URL ({error})")))?;
    match url.scheme() {
        "http" => {}
        "https" => {
            return Err(wrong(
                "TLS is not spoken here, name the address that the server itself listens on, behind its proxy",
            ));
        }
        other => return Err(wrong(&format!("a server does not speak {other}"))),
    }
    let host = url.host_str().ok_or_else(|| wrong("it names no host"))?.to_owned();
    let port = url.port_or_known_default().ok_or_else(|| wrong("it names no port"))?;
    let unreachable = |words: String| StaffError::Unreachable { url: target.to_owned(), words };
    let mut found = (host.as_str(), port).to_socket_addrs().map_err(|error| unreachable(error.to_string()))?;
    let socket = found.next().ok_or_else(|| unreachable("the name has no address".into()))?;
    let shown = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    Ok((format!("http://{shown}"), socket, shown))
}

pub(super) async fn read_metrics(admin: &str) -> Option<Reading> {
    let answer = reqwest::get(format!("{}/metrics", admin.trim_end_matches('/'))).await.ok()?;
    let reading = Reading::of(&answer.error_for_status().ok()?.text().await.ok()?);
    Some(reading).filter(Reading::is_of_switchboard)
}

pub(super) fn server_view(before: &Reading, after: &Reading, summary: &Summary) -> ServerView {
    let grown = |metric: &str, labels: &[&str]| after.sum(metric, labels) - before.sum(metric, labels);
    let answered = [r#"outcome="answered""#];
    let count = grown("switchboard_queue_time_seconds_count", &answered);
    let wait_mean_s = grown("switchboard_queue_time_seconds_sum", &answered) / count.max(1.0);
    ServerView {
        answered: count,
        wait_mean_s,
        difference_s: summary.latency.wait.mean_ms / 1e3 - wait_mean_s,
        invariant_violations: grown("switchboard_invariant_violations_total", &[]),
    }
}
