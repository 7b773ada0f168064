//! CPU time over a run's steady time, from the end of its warm-up to its visitors' last moment: the tool's, and beside
//! it the server's where that is known.

use std::thread::JoinHandle;
use std::time::Duration;

use super::target::read_metrics;
use crate::moment::Micros;
use crate::process::cpu_time;
use crate::summary::Steady;
use crate::worker::runtime;

/// Where the server's CPU time is read.
#[derive(Debug, Clone)]
pub(super) enum Metered {
    /// A process of this machine.
    Process(u32),
    /// The server's own metrics, at this URL.
    Metrics(String),
    /// Nowhere.
    Unknown,
}

/// What had been used at a moment, and how many messages acked.
#[derive(Debug, Clone, Copy)]
struct Used {
    messages: u64,
    tool: Duration,
    server_s: Option<f64>,
}

/// Reads both at the two ends of the steady time.
#[derive(Debug)]
pub(super) struct Meter {
    server: Metered,
    from: Option<JoinHandle<Used>>,
    to: Option<JoinHandle<Used>>,
}

impl Meter {
    pub(super) fn of(server: Metered) -> Self {
        Self { server, from: None, to: None }
    }

    /// Reads where the steady time begins or ends by now; what the tool's processes are and how many messages were acked
    /// is asked for then.
    pub(super) fn look(&mut self, now: Micros, (from, to): (Micros, Micros), so_far: impl FnOnce() -> (Vec<u32>, u64)) {
        let end = if now >= to {
            &mut self.to
        } else if now >= from {
            &mut self.from
        } else {
            return;
        };
        end.get_or_insert_with(|| {
            let (server, (tool, messages)) = (self.server.clone(), so_far());
            // The one who leads the run must not wait for metrics.
            std::thread::spawn(move || {
                let server_s = server.cpu_s();
                Used { messages, tool: tool.into_iter().map(cpu_time).sum(), server_s }
            })
        });
    }

    /// What came of it; none where there was no steady time.
    pub(super) fn steady(&mut self) -> Option<Steady> {
        let (from, to) = (self.from.take()?.join().ok()?, self.to.take()?.join().ok()?);
        let server = from.server_s.zip(to.server_s).map(|(from, to)| to - from);
        Some(Steady {
            messages: to.messages.saturating_sub(from.messages),
            tool_cpu_s: to.tool.saturating_sub(from.tool).as_secs_f64(),
            // One that counts from the beginning again is another process.
            server_cpu_s: server.filter(|seconds| *seconds >= 0.0),
        })
    }
}

impl Metered {
    /// CPU seconds so far; none: it is gone, or does not say.
    fn cpu_s(&self) -> Option<f64> {
        let seconds = match self {
            Self::Process(pid) => cpu_time(*pid).as_secs_f64(),
            Self::Metrics(admin) => runtime()?.block_on(read_metrics(admin))?.sum("process_cpu_seconds_total", &[]),
            Self::Unknown => return None,
        };
        Some(seconds).filter(|seconds| *seconds > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    fn works(time: Duration) {
        let begun = Instant::now();
        let mut sum = 0_u64;
        while begun.elapsed() < time {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(sum > 0);
    }

    #[test]
    fn what_is_used_in_the_steady_time_is_counted_and_nothing_before_or_behind_it() {
        let own = std::process::id();
        let mut meter = Meter::of(Metered::Process(own));
        let ends = (10, 20);
        works(Duration::from_millis(50));
        meter.look(9, ends, || unreachable!("the warm-up is not over"));
        meter.look(10, ends, || (vec![own], 100));
        works(Duration::from_millis(100));
        meter.look(19, ends, || unreachable!("it was read already"));
        meter.look(21, ends, || (vec![own], 150));
        meter.look(22, ends, || unreachable!("it was read already"));
        let steady = meter.steady().expect("both ends");
        assert_eq!(steady.messages, 50);
        assert!(steady.tool_cpu_s > 0.0 && steady.server_cpu_s > Some(0.0), "{steady:?}");
    }

    #[test]
    fn a_run_that_ends_in_its_warm_up_has_no_steady_time() {
        let mut meter = Meter::of(Metered::Process(std::process::id()));
        meter.look(20, (10, 20), || (vec![], 0));
        assert_eq!(meter.steady(), None);
    }

    #[test]
    fn a_server_that_is_gone_or_unknown_has_no_figure() {
        for server in [Metered::Unknown, Metered::Process(u32::MAX)] {
            let mut meter = Meter::of(server);
            for now in [10, 20] {
                meter.look(now, (10, 20), || (vec![std::process::id()], now));
            }
            let steady = meter.steady().expect("both ends");
            assert_eq!((steady.messages, steady.server_cpu_s), (10, None));
        }
    }

    #[test]
    fn a_target_s_metrics_tell_what_it_has_used() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            for seconds in [10.0, 12.5] {
                let (mut socket, _) = listener.accept().unwrap();
                assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
                let page = format!("switchboard_sockets 1\nprocess_cpu_seconds_total {seconds}\n");
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", page.len());
                write!(socket, "{head}{page}").unwrap();
            }
        });
        let mut meter = Meter::of(Metered::Metrics(admin));
        meter.look(10, (10, 20), || (vec![], 0));
        // The first page is the first reading's.
        while meter.from.as_ref().is_some_and(|from| !from.is_finished()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        meter.look(20, (10, 20), || (vec![], 0));
        assert_eq!(meter.steady().and_then(|steady| steady.server_cpu_s), Some(2.5));
        server.join().unwrap();
    }
}
