//! Clients before a server that keeps them out, or says nothing, and one visitor in runs that go differently.

mod hearing;
mod ways;

use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::*;
use crate::moment::{Clock, unix_us_now};
use crate::scenario::{Scenario, Target, Visitors};

const WELCOME: &str = r#"{"type":"welcome","token":"t","visitor":"v","state":"online","window":{},"server_time":"2026-01-02T03:04:05.678Z"}"#;

pub(crate) fn world(server: std::net::SocketAddr, silent_ms: u64, cut_ms: u64) -> Rc<World> {
    Rc::new(World {
        address: Address { socket: server, host: server.to_string() },
        phases: Phases::new(Clock::since(unix_us_now()), silent_ms * 1_000, cut_ms * 1_000),
        recorder: RefCell::default(),
        told: RefCell::default(),
        rang: RefCell::default(),
        broken: RefCell::default(),
        listened: RefCell::default(),
        zero: Cell::new(0),
        warm: Cell::new(0),
        tells_waits: false,
        group: "support".into(),
        playing: None,
    })
}

async fn accepted(stream: TcpStream) -> WebSocketStream<TcpStream> {
    #[expect(clippy::result_large_err, reason = "the form of the handshake's own answer")]
    let agree = |_: &Request, mut answer: Response| {
        answer.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("switchboard.v1"));
        Ok(answer)
    };
    accept_hdr_async(stream, agree).await.unwrap()
}

/// How long it took to be greeted, in milliseconds, each time, where the server shuts the door for so long first and
/// then greets, or never does; and how often a connection came about anew.
async fn greeted_after(shut_ms: u64, greets: bool) -> (Vec<u64>, u64, u64) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = world(listener.local_addr().unwrap(), 4_000, 4_500);
    let open_from = world.phases.clock.instant(shut_ms * 1_000);
    let local = LocalSet::new();
    local.spawn_local(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if Instant::now() < open_from {
                continue;
            }
            tokio::task::spawn_local(async move {
                let mut socket = accepted(stream).await;
                if greets {
                    socket.next().await;
                    socket.send(Message::text(WELCOME)).await.unwrap();
                }
                while let Some(Ok(_)) = socket.next().await {}
            });
        }
    });
    let draw = Draw::new(1, 1);
    let onlooker = Onlooker::new(world.clone(), Rc::new(Target::default()), &[], 0, (0, &draw));
    local.run_until(live(onlooker, world.clone(), 0, 0, draw)).await;
    let delta = world.recorder.borrow_mut().take();
    let times = delta.timings[Timing::Connect as usize].iter();
    let times = times.flat_map(|(us, count)| vec![us / 1_000; *count as usize]).collect();
    (times, delta.tallies[Tally::Connects as usize], delta.tallies[Tally::Reconnects as usize])
}

#[tokio::test]
async fn who_is_kept_out_has_waited_from_the_first_attempt_on() {
    let (times, connects, reconnects) = greeted_after(1_500, true).await;
    assert_eq!((times.len(), connects, reconnects), (1, 1, 0), "{times:?}");
    assert!((1_500..4_000).contains(&times[0]), "all attempts count: {times:?}");
}

#[tokio::test]
async fn who_is_never_greeted_has_waited_to_the_end() {
    let (times, ..) = greeted_after(0, false).await;
    assert!(times.len() == 1 && times[0] >= 3_900, "{times:?}");
}

#[tokio::test]
async fn a_server_that_takes_nothing_in_keeps_no_client_from_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = world(listener.local_addr().unwrap(), 500, 1_000);
    let server = tokio::spawn(async move { accepted(listener.accept().await.unwrap().0).await });
    let mut socket = Socket::open(&world.address, "/ws/visitor", None, 0).await.unwrap();
    let stuck = server.await.unwrap();
    // More than all buffers between the two hold.
    let mut much = vec!["x".repeat(64 * 1024 * 1024)];
    let ended = timeout(SEND_WITHIN / 2, send(&world, &mut socket, &mut much)).await.expect("it is cut off");
    assert!(matches!(ended, Err(Ended::Cut)));
    drop(stuck);
}

/// What a visitor says, each with its size and the time since the one before, in a run of which `lost` says how often
/// the connection is gone, and `hasty` whether the operator comes before the answer to the start.
fn said_by_a_visitor(seed: u64, lost: usize, hasty: bool) -> Vec<(usize, u64)> {
    said_in_pauses("", seed, lost, hasty)
}

/// The same of a visitor with a line on pauses of its own.
fn said_in_pauses(pause: &str, seed: u64, lost: usize, hasty: bool) -> Vec<(usize, u64)> {
    let text = format!(
        "name = \"x\"\nlength_s = 600\n[[visitors]]\narrivals = {{ kind = \"constant\", per_minute = 1 }}\n\
         messages = {{ least = 4, most = 9 }}\ntyping = 30\n{pause}\n[[operators]]\ncount = 1\nlimit = 1\n"
    );
    let like: Visitors = Scenario::read("x", &text).unwrap().visitors.remove(0);
    let world = world(([127, 0, 0, 1], 1).into(), 600_000, 600_000);
    let (target, draw) = (Rc::new(Target::default()), Draw::new(seed, 3));
    let mut visitor = Visitor::new(world, Rc::new(like), target, 3, 0, &draw);
    let event = |seq: u64, kind: &str| {
        format!(
            r#"{{"type":"event","chat":"c","seq":{seq},"at":"2026-01-02T03:04:05.678Z","event":{{"kind":"{kind}"}}}}"#
        )
    };
    let ack = r#"{"type":"ack","id":"start0","chat":"c","seq":1}"#.to_owned();
    let (began, assigned) = ([event(1, "started"), event(2, "queued")], event(3, "assigned"));
    let mut frames = vec![WELCOME.to_owned()];
    frames.extend(began);
    frames.extend(if hasty { [assigned, ack] } else { [ack, assigned] });
    let (mut now, mut out) = (0, vec![visitor.greet(0)]);
    for text in &frames {
        visitor.hear(&Frame::read(text).unwrap(), now, &mut out);
    }
    let (mut said, mut before, mut seq) = (Vec::new(), now, 3);
    while visitor.due() < 500_000_000 && !out.iter().any(|frame| frame.contains(r#""type":"end""#)) {
        now = visitor.due();
        out.clear();
        assert_eq!(visitor.act(now, &mut out), Wish::Stay);
        for frame in out.iter().filter(|frame| frame.contains(r#""type":"say""#)) {
            let frame: serde_json::Value = serde_json::from_str(frame).unwrap();
            said.push((frame["text"].as_str().unwrap().len(), now - before));
            before = now;
            seq += 1;
            let ack = format!(r#"{{"type":"ack","id":{},"chat":"c","seq":{seq}}}"#, frame["id"]);
            visitor.hear(&Frame::read(&ack).unwrap(), now, &mut Vec::new());
        }
        if said.len() <= lost {
            // It draws how long it stays away, and is greeted again.
            let mut again = Vec::new();
            visitor.away_for();
            again.push(visitor.greet(now));
            visitor.hear(&Frame::read(WELCOME).unwrap(), now, &mut again);
        }
    }
    said
}

#[test]
fn a_message_is_due_as_much_later_as_the_one_before_takes_to_type() {
    let said = said_in_pauses("pause = { kind = \"fixed\", s = 1 }", 7, 0, false);
    assert!(said.len() >= 4 && said[0].1 == 1_000_000, "{said:?}");
    for pair in said.windows(2) {
        // Thirty characters a second.
        let typed = (pair[0].0 as f64 / 30.0 * 1e6) as u64;
        assert_eq!(pair[1].1, 1_000_000 + typed, "{said:?}");
    }
}

#[test]
fn a_visitor_of_a_seed_says_the_same_whatever_the_server_and_the_network_do() {
    let quiet = said_by_a_visitor(7, 0, false);
    assert!((4..=9).contains(&quiet.len()), "{quiet:?}");
    assert_eq!(said_by_a_visitor(7, 3, false), quiet, "lost connections change nothing");
    assert_eq!(said_by_a_visitor(7, 0, true), quiet, "nor does the order of the first frames");
    assert_ne!(said_by_a_visitor(8, 0, false), quiet);
}
