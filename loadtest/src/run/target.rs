//! The server that a run is against: where it is, what its metrics say, and waiting for it no longer than somebody wants.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use url::Url;

use super::RunError;
use crate::metrics::Reading;
use crate::staff::StaffError;
use crate::summary::{ServerView, Summary};

/// How often it is looked at whoever may want it to end while the server is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// An address of several that does not take a connection within this time is passed over.
const REACHED_WITHIN: Duration = Duration::from_secs(2);

/// Metrics are read within this time, or not at all: a server that is well answers within milliseconds, and one that is
/// frozen, or an address that takes connections and says nothing, must not keep the run from its report.
const METRICS_WITHIN: Duration = Duration::from_secs(5);

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
    let found = (host.as_str(), port).to_socket_addrs().map_err(|error| unreachable(error.to_string()))?;
    let found: Vec<SocketAddr> = found.collect();
    let socket = first_reached(&found).ok_or_else(|| unreachable("the name has no address".into()))?;
    let shown = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    Ok((format!("http://{shown}"), socket, shown))
}

/// The first address that takes a connection: a name may have some at which nobody listens, as `localhost` has. Where none
/// does it is the first of all, and whoever signs in there says why it cannot be reached.
fn first_reached(found: &[SocketAddr]) -> Option<SocketAddr> {
    let takes = |address: &&SocketAddr| TcpStream::connect_timeout(address, REACHED_WITHIN).is_ok();
    let [_, _, ..] = found else { return found.first().copied() };
    found.iter().find(takes).or(found.first()).copied()
}

/// What the metrics say; none: they are not there, or do not come in time.
pub(super) async fn read_metrics(admin: &str) -> Option<Reading> {
    let client = reqwest::Client::builder().timeout(METRICS_WITHIN).build().ok()?;
    let answer = client.get(format!("{}/metrics", admin.trim_end_matches('/'))).send().await.ok()?;
    let reading = Reading::of(&answer.error_for_status().ok()?.text().await.ok()?);
    Some(reading).filter(Reading::is_of_switchboard)
}

/// What the server's metrics say of the group that the run's chats went to, whatever else the server does.
pub(super) fn server_view(before: &Reading, after: &Reading, summary: &Summary, group: &str) -> ServerView {
    let grown = |metric: &str, labels: &[&str]| after.sum(metric, labels) - before.sum(metric, labels);
    let answered = [r#"outcome="answered""#, &format!("group=\"{group}\"")];
    let count = grown("switchboard_queue_time_seconds_count", &answered);
    let wait_mean_s = grown("switchboard_queue_time_seconds_sum", &answered) / count.max(1.0);
    ServerView {
        answered: count,
        wait_mean_s,
        difference_s: summary.latency.wait.mean_ms / 1e3 - wait_mean_s,
        invariant_violations: grown("switchboard_invariant_violations_total", &[]),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_address_at_which_nobody_listens_is_passed_over() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let nobody = SocketAddr::new("127.0.0.2".parse().unwrap(), there.port());
        assert_eq!(first_reached(&[nobody, there]), Some(there));
        assert_eq!(first_reached(&[there, nobody]), Some(there));
        assert_eq!(first_reached(&[nobody]), Some(nobody), "why it cannot be reached is told later");
        assert_eq!(first_reached(&[]), None);
    }

    #[test]
    fn waits_are_those_of_the_scenarios_group_and_violations_those_of_all() {
        let of = |group: &str, count: u32, sum: u32| {
            let labels = format!("{{account=\"1\",group=\"{group}\",outcome=\"answered\"}}");
            format!(
                "switchboard_queue_time_seconds_count{labels} {count}\nswitchboard_queue_time_seconds_sum{labels} {sum}\n"
            )
        };
        let before = Reading::of(&(of("support", 1, 100) + &of("sales", 5, 5)));
        let broken = "switchboard_invariant_violations_total{which=\"queue_disagrees\"} 1\n";
        let after = Reading::of(&(of("support", 3, 108) + &of("sales", 55, 5_005) + broken));
        let view = server_view(&before, &after, &Summary::default(), "support");
        let (ours, theirs) = (view.difference_s, (view.answered, view.wait_mean_s, view.invariant_violations));
        assert_eq!((ours, theirs), (-4.0, (2.0, 4.0, 1.0)), "nobody waited as far as the run saw");
    }
}
