//! Traces over OTLP: a collector that the test plays gets the way of a chat, step by step, and nothing that anybody
//! wrote.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use switchboard_tests::client::{OperatorClient, Start, VisitorClient};
use switchboard_tests::server::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_collector_is_told_how_a_chat_went_its_way() {
    let collector = Collector::start().await;
    let mut server = TestServer::with(&[("SWITCHBOARD_OTLP_URL", &collector.url), ("SWITCHBOARD_NODE", "north")]);
    let chat = a_conversation(&server).await;
    // On another thread: the collector answers meanwhile.
    let stopped = tokio::task::spawn_blocking(move || server.stop()).await.expect("it is waited for");
    assert!(stopped.success(), "{stopped}");

    let spans = collector.of_trace(&chat);
    let named = |name: &str| {
        let found = spans.iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no {name} among {:?}", spans.iter().map(|span| &span.name).collect::<Vec<_>>()))
    };
    let whole = named("chat");
    assert!(whole.parent_span_id.is_empty(), "all others are within it");
    assert_eq!(attribute(&whole.attributes, "switchboard.outcome"), "answered");
    assert_eq!(attribute(&whole.attributes, "switchboard.group"), "support");
    assert_eq!(attribute(&whole.attributes, "switchboard.chat"), chat);
    let (wait, conversation) = (named("wait"), named("conversation"));
    assert_eq!(wait.start_time_unix_nano, whole.start_time_unix_nano);
    assert_eq!(wait.end_time_unix_nano, conversation.start_time_unix_nano, "the wait ends with the assignment");
    assert_eq!(conversation.end_time_unix_nano, whole.end_time_unix_nano);

    let mut steps: Vec<&Span> = spans.iter().filter(|span| has(&span.attributes, "switchboard.seq")).collect();
    steps.sort_by_key(|span| attribute(&span.attributes, "switchboard.seq").parse::<u32>().expect("a number"));
    let way: Vec<(String, String)> =
        steps.iter().map(|span| (span.name.clone(), attribute(&span.attributes, "switchboard.by"))).collect();
    let expected = [("offered", "system"), ("assigned", "operator"), ("message", "operator"), ("ended", "visitor")];
    assert_eq!(way, expected.map(|(name, by)| (name.to_owned(), by.to_owned())), "the way of the chat, in its order");
    assert!(steps.is_sorted_by_key(|span| span.start_time_unix_nano));
    for step in steps {
        assert_eq!(step.parent_span_id, whole.span_id);
        let parts: BTreeMap<&str, &Span> = spans
            .iter()
            .filter(|span| span.parent_span_id == step.span_id)
            .map(|span| (span.name.as_str(), span))
            .collect();
        let (store, tell) = (parts["store"], parts["tell"]);
        assert_eq!(store.start_time_unix_nano, step.start_time_unix_nano);
        assert!(store.end_time_unix_nano > store.start_time_unix_nano, "a commit takes its time");
        assert_eq!(tell.start_time_unix_nano, store.end_time_unix_nano, "nobody is told before it is stored");
        assert_eq!(tell.end_time_unix_nano, step.end_time_unix_nano);
    }
    let mut ids: Vec<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), spans.len(), "each span has its own id");

    let resource = collector.resource();
    assert_eq!(resource["service.name"], "switchboard");
    assert_eq!(resource["service.instance.id"], "north");
    for private in ["Clara", "Hello", "morning", "joe@"] {
        assert!(!collector.heard(private), "{private} is nobody's business there");
    }
}

#[tokio::test]
async fn a_share_of_nothing_is_nothing_and_a_collector_that_is_away_hurts_nobody() {
    let collector = Collector::start().await;
    let mut quiet = TestServer::with(&[("SWITCHBOARD_OTLP_URL", &collector.url), ("SWITCHBOARD_OTLP_RATIO", "0")]);
    a_conversation(&quiet).await;
    assert!(quiet.stop().success());
    assert!(collector.requests().is_empty());

    // Nobody listens on the port of a socket that was closed.
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let mut server = TestServer::with(&[("SWITCHBOARD_OTLP_URL", &format!("http://{closed}"))]);
    a_conversation(&server).await;
    assert!(server.stop().success(), "it stops all the same");
}

/// Clara asks, Joe accepts and answers, Clara ends it.
pub async fn a_conversation(server: &TestServer) -> String {
    let mut joe = OperatorClient::online(server, "joe").await;
    let mut clara = VisitorClient::connect(server).await;
    clara.start(&Start::support("Clara", "Hello?")).await;
    let chat = joe.accept_next().await;
    joe.say(&chat, "Good morning.").await;
    clara.end().await;
    chat
}

/// What was sent to a collector: the raw bodies, decoded when they are asked for.
struct Collector {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bodies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { url, bodies }
    }

    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let bodies = self.bodies.lock().expect("nobody panicked");
        let decoded = bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.as_slice()));
        decoded.collect::<Result<_, _>>().expect("every body is what the protocol says")
    }

    fn of_trace(&self, chat: &str) -> Vec<Span> {
        let all = self.requests().into_iter().flat_map(|request| request.resource_spans);
        let spans = all.flat_map(|of_resource| of_resource.scope_spans).flat_map(|of_scope| of_scope.spans);
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        spans.filter(|span| hex(&span.trace_id) == chat).collect()
    }

    fn resource(&self) -> BTreeMap<String, String> {
        let request = self.requests().into_iter().next().expect("something was sent");
        let resource = request.resource_spans[0].resource.clone().expect("who sent it");
        resource.attributes.iter().map(|one| (one.key.clone(), attribute(&resource.attributes, &one.key))).collect()
    }

    fn heard(&self, words: &str) -> bool {
        let bodies = self.bodies.lock().expect("nobody panicked");
        bodies.iter().any(|body| body.windows(words.len()).any(|part| part == words.as_bytes()))
    }
}

/// Answers the requests of one connection, one after the other.
async fn serve(mut stream: TcpStream, bodies: Arc<Mutex<Vec<Vec<u8>>>>) -> std::io::Result<()> {
    let mut heard = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut heard).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&heard[..end]).to_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let length = length.expect("a length");
        while heard.len() < end + length {
            stream.read_buf(&mut heard).await?;
        }
        bodies.lock().expect("nobody panicked").push(heard[end..end + length].to_vec());
        heard.drain(..end + length);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
}

fn has(attributes: &[KeyValue], key: &str) -> bool {
    attributes.iter().any(|one| one.key == key)
}

fn attribute(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|one| one.key == key).unwrap_or_else(|| panic!("no {key} in {attributes:?}"));
    match found.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{key}: {other:?}"),
    }
}
