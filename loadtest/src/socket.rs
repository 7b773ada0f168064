//! A client's WebSocket: small buffers, no delay, several frames written at once. Clients can be bound to addresses of
//! the loopback network, so that a machine has ports for more of them than one address has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use thiserror::Error;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as Protocol, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes of a socket's read and write buffer: some fifteen short frames.
const BUFFER_BYTES: usize = 4 * 1024;
/// How long a connection may take to be there.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Clients for each source address. An address has some 28,000 ports, but the kernel tries one after another: with half
/// of them taken it was at nothing else.
const CLIENTS_PER_ADDRESS: u32 = 5_000;
/// Source addresses begin behind the one that servers listen on.
const FIRST_SOURCE: u32 = 0x7f00_0002;

/// Why there is no socket, or none any more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Lost {
    /// No connection came about.
    #[error("not connected: {0}")]
    Refused(String),
    /// The server closed it with this code.
    #[error("closed with {0}")]
    Closed(u16),
    /// It broke without a word.
    #[error("broken")]
    Broken,
    /// Nothing was heard on it for so long that it is taken for broken.
    #[error("silent for 45 s")]
    Silent,
    /// The greeting or a command was not answered in time.
    #[error("without an answer for 10 s")]
    Unanswered,
}

/// Where clients connect to.
#[derive(Debug, Clone)]
pub struct Address {
    /// The server.
    pub socket: SocketAddr,
    /// `HOST:PORT` as it stands in the target's URL.
    pub host: String,
}

/// A client's WebSocket.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one; `client` picks the source address.
    ///
    /// # Errors
    /// It is refused, or does not come about in time.
    pub async fn open(address: &Address, path: &str, cookie: Option<&str>, client: u32) -> Result<Self, Lost> {
        let opening = Self::connect(address, path, cookie, client);
        let opened = tokio::time::timeout(CONNECT_WITHIN, opening).await;
        opened.unwrap_or_else(|_| Err(Lost::Refused("no answer within 10 s".into())))
    }

    async fn connect(address: &Address, path: &str, cookie: Option<&str>, client: u32) -> Result<Self, Lost> {
        let refused = |error: &dyn std::fmt::Display| Lost::Refused(error.to_string());
        let tcp = dial(address.socket, client).await.map_err(|error| refused(&error))?;
        tcp.set_nodelay(true).map_err(|error| refused(&error))?;
        let mut request =
            format!("ws://{}{path}", address.host).into_client_request().map_err(|error| refused(&error))?;
        let headers = request.headers_mut();
        let origin = format!("http://{}", address.host);
        headers.insert("origin", HeaderValue::from_str(&origin).map_err(|error| refused(&error))?);
        let version = HeaderName::from_static("sec-websocket-protocol");
        headers.insert(version, HeaderValue::from_static("switchboard.v1"));
        if let Some(cookie) = cookie {
            headers.insert("cookie", HeaderValue::from_str(cookie).map_err(|error| refused(&error))?);
        }
        let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(BUFFER_BYTES);
        let opened = client_async_with_config(request, tcp, Some(config)).await;
        opened.map(|(socket, _)| Self(socket)).map_err(|error| refused(&error))
    }

    /// The next frame of text.
    ///
    /// # Errors
    /// The socket is no more.
    pub async fn next(&mut self) -> Result<Utf8Bytes, Lost> {
        loop {
            if let Some(text) = taken(self.0.next().await)? {
                return Ok(text);
            }
        }
    }

    /// A frame of text that is here already.
    ///
    /// # Errors
    /// The socket is no more.
    pub fn here(&mut self) -> Result<Option<Utf8Bytes>, Lost> {
        while let Some(frame) = self.0.next().now_or_never() {
            if let Some(text) = taken(frame)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// Sends frames with one write.
    ///
    /// # Errors
    /// The socket is no more.
    pub async fn send(&mut self, frames: &mut Vec<String>) -> Result<(), Lost> {
        for frame in frames.drain(..) {
            self.0.feed(Message::Text(frame.into())).await.map_err(|error| lost(&error))?;
        }
        self.0.flush().await.map_err(|error| lost(&error))
    }
}

async fn dial(server: SocketAddr, client: u32) -> std::io::Result<TcpStream> {
    let IpAddr::V4(ip) = server.ip() else { return TcpStream::connect(server).await };
    if !ip.is_loopback() {
        return TcpStream::connect(server).await;
    }
    let socket = TcpSocket::new_v4()?;
    let source = Ipv4Addr::from(FIRST_SOURCE + client / CLIENTS_PER_ADDRESS);
    socket.bind(SocketAddr::from((source, 0)))?;
    socket.connect(server).await
}

fn taken(frame: Option<Result<Message, Protocol>>) -> Result<Option<Utf8Bytes>, Lost> {
    match frame {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Close(Some(why)))) => Err(Lost::Closed(why.code.into())),
        Some(Ok(Message::Close(None))) | None => Err(Lost::Broken),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(lost(&error)),
    }
}

fn lost(_error: &Protocol) -> Lost {
    Lost::Broken
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn clients_come_from_addresses_of_the_loopback_network_each_for_5000_of_them() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let mut seen = Vec::new();
        for client in [0, CLIENTS_PER_ADDRESS - 1, CLIENTS_PER_ADDRESS, u32::MAX] {
            let _socket = dial(server, client).await.unwrap();
            let (_, peer) = listener.accept().await.unwrap();
            seen.push(peer.ip().to_string());
        }
        assert_eq!(seen, ["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.13.27.115"]);
    }
}
