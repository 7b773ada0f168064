//! One WebSocket, with a log of every frame that came through it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes of the read and write buffer: tests open hundreds of sockets.
const BUFFER_BYTES: usize = 4 * 1024;

/// All text that a client has got, over all its sockets.
#[derive(Debug, Clone, Default)]
pub struct FrameLog(Arc<Mutex<String>>);

impl FrameLog {
    /// All of it, a line each.
    pub fn text(&self) -> String {
        self.0.lock().expect("no test panics while it writes").clone()
    }

    fn add(&self, text: &str) {
        let mut log = self.0.lock().expect("no test panics while it writes");
        log.push_str(text);
        log.push('\n');
    }
}

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The code of the close frame; none when the connection was cut without one.
    pub code: Option<u16>,
    /// What else is known.
    pub words: String,
}

/// A handshake that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The status of the answer, or the code that closed the socket before it was welcome; none when it was cut.
    pub status: Option<u16>,
    /// What else is known.
    pub words: String,
}

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    log: FrameLog,
}

impl Socket {
    /// Opens one at `address` (`HOST:PORT`) and `path`.
    ///
    /// # Errors
    /// The server refused, or was not there.
    pub async fn open(address: &str, path: &str, headers: &[(&str, &str)], log: FrameLog) -> Result<Self, Refused> {
        let gone = |error: std::io::Error| Refused { status: None, words: error.to_string() };
        let tcp = TcpStream::connect(address).await.map_err(gone)?;
        tcp.set_nodelay(true).map_err(gone)?;
        let mut request = format!("ws://{address}{path}").into_client_request().expect("an address of a socket");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a header's value"));
        }
        let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
        match client_async_with_config(request, tcp, Some(config)).await {
            Ok((stream, _)) => Ok(Self { stream, log }),
            Err(Error::Http(answer)) => {
                Err(Refused { status: Some(answer.status().as_u16()), words: format!("{:?}", answer.body()) })
            }
            Err(error) => Err(Refused { status: None, words: error.to_string() }),
        }
    }

    /// The port at this end.
    ///
    /// # Panics
    /// When the machine does not know the connection any more.
    pub fn local_port(&self) -> u16 {
        self.stream.get_ref().local_addr().expect("an open socket has an address").port()
    }

    /// Everything that comes until the connection ends, as fast as the machine gives it and as it is on the wire.
    ///
    /// # Panics
    /// It does not end in that time.
    pub async fn rest(self, within: Duration) -> Vec<u8> {
        let (mut tcp, mut bytes) = (self.stream.into_inner(), Vec::new());
        // A connection that is reset has ended, too; what came before counts.
        let read = tokio::time::timeout(within, tcp.read_to_end(&mut bytes)).await;
        assert!(read.is_ok(), "the connection goes on after {} bytes", bytes.len());
        bytes
    }

    /// Sends a frame as it is.
    ///
    /// # Errors
    /// The socket is closed.
    pub async fn send(&mut self, frame: &Value) -> Result<(), Closed> {
        self.send_text(&frame.to_string()).await
    }

    /// Sends any text.
    ///
    /// # Errors
    /// The socket is closed.
    pub async fn send_text(&mut self, text: &str) -> Result<(), Closed> {
        self.send_message(Message::text(text)).await
    }

    /// Sends any message.
    ///
    /// # Errors
    /// The socket is closed.
    pub async fn send_message(&mut self, message: Message) -> Result<(), Closed> {
        self.stream.send(message).await.map_err(|error| cut(&error))
    }

    /// The next frame; `None` when none came in time.
    ///
    /// # Errors
    /// The socket was closed.
    ///
    /// # Panics
    /// When a frame is not a JSON object with a `type`.
    pub async fn next(&mut self, within: Duration) -> Result<Option<Value>, Closed> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let Ok(message) = tokio::time::timeout_at(deadline, self.stream.next()).await else { return Ok(None) };
            match message {
                Some(Ok(Message::Text(text))) => {
                    self.log.add(&text);
                    let frame: Value = serde_json::from_str(&text).expect("every frame is JSON");
                    assert!(frame["type"].is_string(), "every frame has a type: {frame}");
                    return Ok(Some(frame));
                }
                Some(Ok(Message::Binary(bytes))) => panic!("a binary frame of {} bytes", bytes.len()),
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.as_ref().map(|frame| frame.code.into());
                    let words = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                    return Err(Closed { code, words });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(cut(&error)),
                None => return Err(Closed { code: None, words: "the stream ended".to_owned() }),
            }
        }
    }

    /// Closes it as a browser does when its page goes.
    pub async fn close(mut self) {
        let _ = self.stream.close(None).await;
        while let Ok(Some(Ok(_))) = tokio::time::timeout(Duration::from_secs(1), self.stream.next()).await {}
    }
}

fn cut(error: &Error) -> Closed {
    Closed { code: None, words: error.to_string() }
}
