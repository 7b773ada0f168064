//! WebSocket clients that cost the driver little: small buffers, no delay, several frames written at once.

use futures_util::SinkExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes of a client's read and write buffer: some thirty short frames.
const BUFFER_BYTES: usize = 8 * 1024;

/// A client's socket.
pub type Socket = WebSocketStream<TcpStream>;

/// Opens a socket at `address` (`HOST:PORT`) and `path`, with headers.
///
/// # Panics
/// When it is refused.
pub async fn connect(address: &str, path: &str, headers: &[(&'static str, String)]) -> Socket {
    let tcp = TcpStream::connect(address).await.expect("the server accepts connections");
    tcp.set_nodelay(true).expect("TCP has no delay");
    let mut request = format!("ws://{address}{path}").into_client_request().expect("an address of a socket");
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header's value");
        request.headers_mut().insert(HeaderName::from_static(name), value);
    }
    let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(BUFFER_BYTES);
    let (socket, _) = client_async_with_config(request, tcp, Some(config))
        .await
        .unwrap_or_else(|error| panic!("no socket at {path}: {error}"));
    socket
}

/// Writes one frame now.
///
/// # Panics
/// When the socket is closed.
pub async fn send(socket: &mut Socket, text: impl Into<Utf8Bytes>) {
    socket.send(Message::Text(text.into())).await.expect("the socket is open");
}
