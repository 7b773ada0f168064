//! What carries a socket once its handshake is answered: the connection alone. HTTP holds two buffers of 8 KiB for each
//! connection for as long as it has a say in it, which for ten thousand visitors who look on is most of what they cost.
//!
//! A handshake goes the way of every request, through the application and all that it checks. What is answered with 101
//! is carried here from then on, anything else is written and the connection closed. Bytes are read only when the socket
//! has taken those before, and the socket is asked for more only when the connection has taken what it said: whoever
//! sends too fast, or reads too slowly, is held up.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_codec::{Encoder, Framed, FramedParts};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, Payload, Request, Response};
use actix_service::{Service, ServiceFactory};
use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::error::PayloadError;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use bytes::{Buf, Bytes, BytesMut};
use engine::domain::limits::{LAST_BYTES_WITHIN, SOCKET_READ_AT_ONCE};
use futures_util::Stream;
use futures_util::future::LocalBoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::socket::carried::Carried;

/// Makes a [`Carrier`] for each thread that serves.
pub struct Carriers<F> {
    application: F,
    carried: Carried,
}

impl<F> Carriers<F> {
    /// Handshakes are answered by that application, and what is carried is counted there.
    pub fn new(application: F, carried: Carried) -> Self {
        Self { application, carried }
    }
}

impl<F, B> ServiceFactory<(Request, Framed<TcpStream, Codec>)> for Carriers<F>
where
    F: ServiceFactory<Request, Config = (), Response = ServiceResponse<B>, Error = actix_web::Error>,
    F::Future: 'static,
    F::Service: 'static,
    <F::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ();
    type Error = actix_web::Error;
    type Config = ();
    type Service = Carrier<F::Service>;
    type InitError = F::InitError;
    type Future = LocalBoxFuture<'static, Result<Self::Service, Self::InitError>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let (application, carried) = (self.application.new_service(()), self.carried.clone());
        Box::pin(async move { Ok(Carrier { application: application.await?, carried }) })
    }
}

/// Answers handshakes and carries what comes of them.
pub struct Carrier<S> {
    application: S,
    carried: Carried,
}

impl<S, B> Service<(Request, Framed<TcpStream, Codec>)> for Carrier<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ();
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<(), Self::Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.application.poll_ready(cx)
    }

    fn call(&self, (mut request, framed): (Request, Framed<TcpStream, Codec>)) -> Self::Future {
        let FramedParts { io, codec, read_buf, write_buf, .. } = framed.into_parts();
        let inbox = Inbox::default();
        // A copy: the buffer itself is large.
        if !read_buf.is_empty() {
            inbox.put(Bytes::copy_from_slice(&read_buf));
        }
        *request.payload() = Payload::Stream { payload: Box::pin(inbox.clone()) };
        let (answering, carried) = (self.application.call(request), self.carried.clone());
        Box::pin(async move {
            let wire = Wire { io, inbox, unsent: Bytes::copy_from_slice(&write_buf) };
            drop((read_buf, write_buf));
            match answering.await {
                Ok(answer) => wire.answer(codec, Response::<B>::from(answer), &carried).await,
                Err(error) => wire.answer(codec, Response::from(HttpResponse::from_error(error)), &carried).await,
            }
            Ok(())
        })
    }
}

/// A connection of which HTTP has let go.
struct Wire {
    io: TcpStream,
    inbox: Inbox,
    /// What the socket has still to take before more is asked for.
    unsent: Bytes,
}

impl Wire {
    async fn answer<B: MessageBody + 'static>(mut self, mut codec: Codec, answer: Response<B>, carried: &Carried) {
        let (mut head, body) = answer.into_parts();
        let is_carried = head.upgrade();
        if !is_carried {
            head.head_mut().set_connection_type(ConnectionType::Close);
        }
        let mut out = BytesMut::from(&*self.unsent);
        if let Err(error) = codec.encode(Message::Item((head, body.size())), &mut out) {
            return told(Err(error));
        }
        self.unsent = out.freeze();
        if is_carried {
            let one = carried.one();
            self.inbox.open();
            // The task that answered is large, and ends.
            actix_web::rt::spawn(async move {
                told(self.carry(body).await);
                drop(one);
            });
        } else {
            told(self.write(codec, body).await);
        }
    }

    /// Both directions, until the socket has nothing more to say.
    async fn carry(mut self, body: impl MessageBody) -> io::Result<()> {
        {
            let mut body = pin!(body);
            poll_fn(|cx| self.go_on(body.as_mut(), cx)).await?;
        }
        self.close().await
    }

    fn go_on<B: MessageBody>(&mut self, mut body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_written(cx))?;
            match body.as_mut().poll_next(cx) {
                Poll::Ready(Some(said)) => self.unsent = said.map_err(broken)?,
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending if self.inbox.is_full() => return Poll::Pending,
                Poll::Pending => ready!(self.poll_heard(cx)),
            }
        }
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.unsent.advance(written),
            }
        }
        // It may be the last bytes of something larger.
        self.unsent = Bytes::new();
        Poll::Ready(Ok(()))
    }

    /// Puts what has come into the inbox, or that nothing will.
    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(poll_read(&mut self.io, cx)) {
            Ok(heard) => self.inbox.put(heard),
            Err(error) => self.inbox.end(Some(error)),
        }
        Poll::Ready(())
    }

    /// An answer that is no handshake's, whole.
    async fn write(mut self, mut codec: Codec, body: impl MessageBody) -> io::Result<()> {
        let mut body = pin!(body);
        self.io.write_all(&std::mem::take(&mut self.unsent)).await?;
        let mut out = BytesMut::new();
        loop {
            let part = poll_fn(|cx| body.as_mut().poll_next(cx)).await;
            let part = part.transpose().map_err(broken)?;
            let is_last = part.is_none();
            codec.encode(Message::Chunk(part), &mut out)?;
            self.io.write_all(&out.split()).await?;
            if is_last {
                return self.close().await;
            }
        }
    }

    /// Says that nothing more comes, and waits for the other side to say the same.
    async fn close(mut self) -> io::Result<()> {
        self.io.shutdown().await?;
        let silent =
            async { while poll_fn(|cx| poll_read(&mut self.io, cx)).await.is_ok_and(|heard| !heard.is_empty()) {} };
        // Whoever says more, or nothing at all, is cut off.
        let _ = timeout(LAST_BYTES_WITHIN, silent).await;
        Ok(())
    }
}

/// The other side is gone, or does not take what is said to it: nothing that anybody has to look after.
fn told(over: io::Result<()>) {
    if let Err(error) = over {
        tracing::debug!(%error, "a connection broke");
    }
}

/// What was to be said could not be made.
fn broken(error: impl Into<Box<dyn Error>>) -> io::Error {
    io::Error::other(error.into().to_string())
}

thread_local! {
    /// What is read goes through here, whoever it comes from.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; SOCKET_READ_AT_ONCE].into());
}

/// What has come; empty at the end.
fn poll_read(io: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    READ.with_borrow_mut(|space| {
        let mut read = ReadBuf::new(space);
        ready!(Pin::new(io).poll_read(cx, &mut read))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(read.filled())))
    })
}

/// What has come for the socket and it has not taken yet.
#[derive(Clone, Default)]
struct Inbox(Rc<Incoming>);

#[derive(Default)]
struct Incoming {
    heard: RefCell<Heard>,
    /// Whether more comes. Before, a handler that reads the body of a request which only looks like a handshake finds its
    /// end: nobody reads the connection while it works.
    is_open: Cell<bool>,
}

#[derive(Default)]
enum Heard {
    #[default]
    Nothing,
    Some(Bytes),
    End(Option<io::Error>),
}

impl Inbox {
    /// Nothing is the end.
    fn put(&self, bytes: Bytes) {
        *self.0.heard.borrow_mut() = if bytes.is_empty() { Heard::End(None) } else { Heard::Some(bytes) };
    }

    fn end(&self, error: Option<io::Error>) {
        *self.0.heard.borrow_mut() = Heard::End(error);
    }

    /// More comes from now on.
    fn open(&self) {
        self.0.is_open.set(true);
    }

    /// Whether nothing more can be put in.
    fn is_full(&self) -> bool {
        !matches!(*self.0.heard.borrow(), Heard::Nothing)
    }
}

impl Stream for Inbox {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut heard = self.0.heard.borrow_mut();
        match std::mem::take(&mut *heard) {
            // Whoever waits is polled again whenever something was put in.
            Heard::Nothing if self.0.is_open.get() => Poll::Pending,
            Heard::Nothing => Poll::Ready(None),
            Heard::Some(bytes) => Poll::Ready(Some(Ok(bytes))),
            Heard::End(error) => {
                *heard = Heard::End(None);
                Poll::Ready(error.map(|error| Err(PayloadError::Io(error))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use actix_http::HttpService;
    use actix_service::{IntoServiceFactory, map_config};
    use actix_web::dev::{AppConfig, Server, ServerHandle};
    use actix_web::{App, web};
    use tokio::io::AsyncReadExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// A server that says what it hears at `/echo`, and has a page at `/page`.
    async fn serve() -> (SocketAddr, ServerHandle) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = || {
            let served = || {
                let echo = async |heard: web::Payload| {
                    HttpResponse::SwitchingProtocols().upgrade("websocket").streaming(heard)
                };
                let page = async || "a page".repeat(10_000);
                let size = async |body: web::Bytes| body.len().to_string();
                let app = App::new()
                    .route("/echo", web::get().to(echo))
                    .route("/page", web::get().to(page))
                    .route("/size", web::post().to(size));
                map_config(app.into_factory(), |()| AppConfig::default())
            };
            HttpService::build().upgrade(Carriers::new(served(), Carried::default())).h1(served()).tcp()
        };
        let server = Server::build().workers(1).disable_signals().listen("echo", listener, connections).unwrap().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        (address, handle)
    }

    async fn shakes_hands(address: SocketAddr, path: &str, behind: &[u8]) -> tokio::net::TcpStream {
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        client.write_all(&[head.as_bytes(), behind].concat()).await.unwrap();
        client
    }

    async fn head(client: &mut tokio::net::TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(LONG, client.read_u8()).await.unwrap().unwrap());
        }
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    }

    async fn rest(client: &mut tokio::net::TcpStream) -> Vec<u8> {
        let mut rest = Vec::new();
        timeout(LONG, client.read_to_end(&mut rest)).await.unwrap().unwrap();
        rest
    }

    #[actix_web::test]
    async fn what_came_with_the_handshake_and_behind_it_is_heard_to_the_end() {
        let (address, server) = serve().await;
        let mut client = shakes_hands(address, "/echo", b"at once, ").await;
        let head = head(&mut client).await;
        assert!(head.starts_with("http/1.1 101") && head.contains("\r\nconnection: upgrade\r\n"), "{head}");
        client.write_all(b"later").await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(rest(&mut client).await, b"at once, later");
        server.stop(true).await;
    }

    #[actix_web::test]
    async fn whoever_does_not_read_is_not_read_and_nothing_is_lost() {
        let (address, server) = serve().await;
        let mut client = shakes_hands(address, "/echo", b"").await;
        head(&mut client).await;
        let said: Vec<u8> = (0..64 * 1024 * 1024_u32).map(|at| (at % 251) as u8).collect();
        let mut sent = 0;
        // As long as the machine's buffers take something.
        while let Ok(written) = timeout(Duration::from_secs(1), client.write(&said[sent..])).await {
            sent += written.unwrap();
            assert!(sent < said.len(), "it was taken in though nobody reads");
        }
        let (mut reads, mut writes) = client.into_split();
        let saying = async {
            writes.write_all(&said[sent..]).await.unwrap();
            writes.shutdown().await.unwrap();
        };
        let mut heard = Vec::new();
        let hearing = async { timeout(LONG, reads.read_to_end(&mut heard)).await.unwrap().unwrap() };
        futures_util::future::join(saying, hearing).await;
        assert!(heard == said, "{} of {} bytes came back", heard.len(), said.len());
        server.stop(true).await;
    }

    #[actix_web::test]
    async fn an_answer_that_is_no_handshakes_is_written_whole_and_closes() {
        let (address, server) = serve().await;
        for (path, status, body) in [("/page", "200", "a page".repeat(10_000)), ("/nothing", "404", String::new())] {
            let mut client = shakes_hands(address, path, b"").await;
            let head = head(&mut client).await;
            assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
            assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
            assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
            assert_eq!(rest(&mut client).await, body.as_bytes());
        }
        server.stop(true).await;
    }

    #[actix_web::test]
    async fn who_reads_the_body_of_what_only_looks_like_a_handshake_does_not_wait_for_it() {
        let (address, server) = serve().await;
        for (said, heard) in [("", "0"), ("hello", "5")] {
            let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
            let head = "POST /size HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
            client.write_all(format!("{head}Content-Length: 9000\r\n\r\n{said}").as_bytes()).await.unwrap();
            assert!(super::tests::head(&mut client).await.starts_with("http/1.1 200"));
            assert_eq!(rest(&mut client).await, heard.as_bytes());
        }
        server.stop(true).await;
    }

    #[actix_web::test]
    async fn a_connection_that_its_client_leaves_open_is_closed_all_the_same() {
        let (address, server) = serve().await;
        let mut client = shakes_hands(address, "/nothing", b"").await;
        assert!(head(&mut client).await.starts_with("http/1.1 404"));
        // A stop waits 30 s for connections; this one says nothing more, and does not close.
        timeout(LONG, server.stop(true)).await.unwrap();
        drop(client);
    }
}
