//! Bytes that no WebSocket library would send: the server answers, gives up in time, and its memory stays small.

use std::time::{Duration, Instant};

use serde_json::json;
use switchboard_tests::client::{Start, VisitorClient};
use switchboard_tests::server::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What the server may grow by for one that sends without end, in bytes.
const GROWTH_MAX: u64 = 8 * 1024 * 1024;
/// The server has given up by then.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(15);

/// First bytes of frames: whether it is the last of its message, and what it is.
const TEXT: u8 = 0x81;
const TEXT_THAT_GOES_ON: u8 = 0x01;
const CONTINUATION_THAT_GOES_ON: u8 = 0x00;

/// A visitor's socket, byte by byte.
pub(super) struct Raw {
    pub(super) tcp: TcpStream,
}

impl Raw {
    pub(super) async fn open(server: &TestServer) -> Self {
        let mut tcp = TcpStream::connect(server.address()).await.expect("the server listens");
        let request = format!(
            "GET /ws/visitor HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            server.address()
        );
        tcp.write_all(request.as_bytes()).await.expect("the server reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tcp.read_u8().await.expect("the server answers"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        let mut raw = Self { tcp };
        raw.send(TEXT, json!({ "type": "hello", "brand": "demo" }).to_string().as_bytes()).await.expect("it is open");
        let answer = raw.text().await.expect("a welcome");
        assert!(answer.contains(r#""type":"welcome""#), "{answer}");
        raw
    }

    /// A masked frame (with a mask of zeros, the payload as it is).
    async fn send(&mut self, first: u8, payload: &[u8]) -> std::io::Result<()> {
        self.send_header(first, payload.len() as u64).await?;
        self.tcp.write_all(payload).await
    }

    /// The header of a masked frame alone.
    async fn send_header(&mut self, first: u8, declared: u64) -> std::io::Result<()> {
        let mut header = vec![first];
        match declared {
            0..126 => header.push(0x80 | declared as u8),
            126..0x1_0000 => {
                header.push(0x80 | 126);
                header.extend((declared as u16).to_be_bytes());
            }
            _ => {
                header.push(0x80 | 127);
                header.extend(declared.to_be_bytes());
            }
        }
        header.extend([0; 4]);
        self.tcp.write_all(&header).await
    }

    /// The payload of the next frame, if there is one.
    async fn text(&mut self) -> Option<String> {
        let _first = self.tcp.read_u8().await.ok()?;
        let length = match self.tcp.read_u8().await.ok()? {
            126 => u64::from(self.tcp.read_u16().await.ok()?),
            127 => self.tcp.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).ok()?];
        self.tcp.read_exact(&mut payload).await.ok()?;
        Some(String::from_utf8_lossy(&payload).into_owned())
    }

    /// All that comes until the server ends it.
    async fn rest(&mut self) -> Vec<String> {
        let all = async {
            let mut rest = Vec::new();
            while let Some(text) = self.text().await {
                rest.push(text);
            }
            rest
        };
        tokio::time::timeout(GIVES_UP_WITHIN, all).await.expect("the server gives up")
    }
}

fn names(rest: &[String], code: &str) -> bool {
    rest.iter().any(|text| text.contains(&format!(r#""code":"{code}""#)))
}

/// Somebody else is served as before.
async fn others_are_served(server: &TestServer) {
    let mut dora = VisitorClient::connect(server).await;
    let refused = dora.refused(Start::support("Dora", "Hello?").command(), "conflict").await;
    assert_eq!(refused["why"], "offline");
}

#[tokio::test]
async fn a_frame_that_declares_10_gib_is_not_waited_for() {
    let server = TestServer::start();
    let mut raw = Raw::open(&server).await;
    let before = server.resident_bytes();
    raw.send_header(TEXT, 10 * 1024 * 1024 * 1024).await.expect("a header");
    let begun = Instant::now();
    flood(&mut raw, begun).await;
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "the server grew by {grown} bytes");
    others_are_served(&server).await;

    // One that sends only the header gets to read why.
    let mut raw = Raw::open(&server).await;
    raw.send_header(TEXT, 10 * 1024 * 1024 * 1024).await.expect("a header");
    let rest = raw.rest().await;
    assert!(names(&rest, "too_large"), "{rest:?}");
}

#[tokio::test]
async fn a_message_in_pieces_without_end_is_not_collected() {
    let server = TestServer::start();
    let mut raw = Raw::open(&server).await;
    let before = server.resident_bytes();
    let piece = vec![b'x'; 32 * 1024];
    raw.send(TEXT_THAT_GOES_ON, &piece).await.expect("the first piece");
    let begun = Instant::now();
    while raw.send(CONTINUATION_THAT_GOES_ON, &piece).await.is_ok() {
        assert!(begun.elapsed() < GIVES_UP_WITHIN, "the server takes piece after piece");
    }
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "the server grew by {grown} bytes");
    others_are_served(&server).await;

    let mut raw = Raw::open(&server).await;
    raw.send(TEXT_THAT_GOES_ON, &piece).await.expect("the first piece");
    raw.send(CONTINUATION_THAT_GOES_ON, &piece).await.expect("the second piece");
    raw.send(CONTINUATION_THAT_GOES_ON, b"and one more").await.expect("the third piece");
    let rest = raw.rest().await;
    assert!(names(&rest, "too_large"), "{rest:?}");
}

#[tokio::test]
async fn a_message_in_a_few_pieces_is_one_message() {
    let server = TestServer::start();
    let mut raw = Raw::open(&server).await;
    raw.send(TEXT_THAT_GOES_ON, br#"{"type":"dan"#).await.expect("the first piece");
    raw.send(0x80, br#"ce","id":"pieces"}"#).await.expect("the last piece");
    let answer = raw.text().await.expect("an answer");
    assert!(answer.contains("unknown_type") && answer.contains("pieces"), "{answer}");
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_refused() {
    let server = TestServer::start();
    let mut raw = Raw::open(&server).await;
    raw.send(TEXT, b"{\"type\":\"dance\",\"id\":\"\xff\xfe\"}").await.expect("the socket is open");
    let rest = raw.rest().await;
    assert!(names(&rest, "bad_frame"), "{rest:?}");
    others_are_served(&server).await;
}

#[tokio::test]
async fn frames_that_break_the_rules_of_the_transport_end_the_socket() {
    let server = TestServer::start();
    let unmasked = [TEXT, 2, b'{', b'}'];
    let a_piece_of_nothing = [0x80, 0x80, 0, 0, 0, 0];
    let reserved_kind = [0x83, 0x80, 0, 0, 0, 0];
    let long_ping = [&[0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0][..], &[b'x'; 126]].concat();
    for bytes in [&unmasked[..], &a_piece_of_nothing, &reserved_kind, &long_ping] {
        let mut raw = Raw::open(&server).await;
        raw.tcp.write_all(bytes).await.expect("the socket is open");
        raw.rest().await;
    }
    others_are_served(&server).await;
}

#[tokio::test]
async fn nonsense_with_too_much_behind_it_does_not_keep_the_server_busy() {
    let server = TestServer::start();
    let reserved_kind = [0x9f, 0x80, 0, 0, 0, 0];
    let long_ping = [&[0x89, 0x80 | 126, 0xff, 0xff, 0, 0, 0, 0][..], &[b'x'; 1000]].concat();
    let mut raw = Raw::open(&server).await;
    raw.tcp.write_all(&[&reserved_kind[..], &long_ping].concat()).await.expect("the socket is open");
    let rest = raw.rest().await;
    let errors = rest.iter().filter(|text| text.contains(r#""type":"error""#)).count();
    assert_eq!(errors, 1, "{rest:?}");
    others_are_served(&server).await;
}

/// Sends until the server has had enough.
async fn flood(raw: &mut Raw, begun: Instant) {
    let (piece, mut sent) = (vec![0; 64 * 1024], 0_usize);
    while raw.tcp.write_all(&piece).await.is_ok() {
        sent += piece.len();
        assert!(begun.elapsed() < GIVES_UP_WITHIN, "the server still takes them after {sent} bytes of one frame");
    }
}
