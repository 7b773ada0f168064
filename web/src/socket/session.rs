//! The transport of one socket: frames in, frames out, and the signs of life of PROTOCOL. It knows nothing of chats:
//! what a frame means is the connection's business, which is made when `hello` was said.
//!
//! A reader that stops reading stalls this actor, timers included, for the transport polls it only when it can
//! write. That is noticed from outside: frames wait in the outlet, which cuts the connection past its bound.

use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Handler, Message, StreamHandler, WrapFuture};
use actix_http::ws::Item;
use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::rt::time::sleep;
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{self, CloseCode, CloseReason, ProtocolError, WebsocketContext};
use bytes::BytesMut;
use bytestring::ByteString;
use engine::actors::connection::Later;
use engine::actors::outlet::{Outlet, Transport};
use engine::actors::shared::Shared;
use engine::domain::ids::CommandId;
use engine::domain::limits::{FRAME_BYTES_MAX, REFUSED_BEFORE_HELLO_MAX};
use engine::domain::patience::Patience;
use engine::protocol::close;
use engine::protocol::error::{Code, Failure, Why};
use engine::protocol::frame::{self, Head};
use tokio::runtime::Handle;

use crate::socket::cut::Cut;
use crate::socket::gate::{BreachReport, Gate};

/// One side of the contract, over this transport.
pub trait Side: Unpin + 'static {
    /// What `hello` makes.
    type Connection: Unpin + 'static;
    /// What a future of the connection comes to.
    type Resolved: 'static;

    /// What all of the engine shares.
    fn shared(&self) -> &Shared;

    /// Answers `hello`. An error is sent, and the socket closed with the code.
    fn hello(&self, outlet: Outlet, text: &str) -> Result<Later<Opened<Self::Connection>>, Failure>;

    /// Takes a frame that was read then; a future is finished before the next frame.
    fn frame(connection: &mut Self::Connection, text: &str, heard_at: Instant) -> Option<Later<Self::Resolved>>;

    /// Refuses a frame that is not even text; a future is finished before the next frame.
    fn refuse(connection: &mut Self::Connection, failure: &Failure) -> Option<Later<Self::Resolved>>;

    /// Takes what a future came to.
    fn resolved(connection: &mut Self::Connection, resolved: Self::Resolved);

    /// What the connection does by itself when all that it told is on its way.
    fn go_on(connection: &mut Self::Connection) -> Option<Later<Self::Resolved>>;
}

/// What `hello` came to; with the code to close with when it was refused.
pub type Opened<C> = Result<C, (Failure, u16)>;

/// The subprotocol of PROTOCOL.
const SUBPROTOCOL: &str = "switchboard.v1";
/// What its other versions begin with.
const VERSIONS: &str = "switchboard.v";
/// Bytes handed to the transport at once; what it holds is bounded by this and by the outlet.
const SLICE: usize = 64 * 1024;
/// How long an answer to a frame that is too large has to be written before the connection is broken.
const ANSWER_WITHIN: Duration = Duration::from_millis(200);
/// How long a slow reader has for the close frame before the connection is broken.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Upgrades a request.
///
/// # Errors
/// Not a WebSocket handshake.
pub fn upgrade<S: Side>(
    side: S,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let gate = Gate::new(payload);
    let other = other_version(request);
    let mut session = SocketSession::new(side, gate.report(), request.conn_data::<Cut>().copied());
    session.is_served = other.is_none();
    let protocols = [other.as_deref().unwrap_or(SUBPROTOCOL)];
    ws::WsResponseBuilder::new(session, request, gate).protocols(&protocols).frame_size(FRAME_BYTES_MAX).start()
}

/// The version of the protocol that a client speaks, where none of those it names is served. It is let into the
/// handshake to be told so: a browser hears nothing of one that failed, and would come back for ever.
fn other_version(request: &HttpRequest) -> Option<String> {
    let lines = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    let mut versions = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| name.starts_with(VERSIONS));
    let first = versions.next()?;
    (first != SUBPROTOCOL && versions.all(|other| other != SUBPROTOCOL)).then(|| first.to_owned())
}

/// One socket.
pub struct SocketSession<S: Side> {
    side: S,
    outlet: Option<Outlet>,
    connection: Option<S::Connection>,
    /// Frames that were refused before `hello`.
    refused: u32,
    /// A fragmented message, as far as it has come; the gate bounds it.
    fragments: Option<(bool, BytesMut)>,
    /// Whether the client speaks a version that is served.
    is_served: bool,
    breach: BreachReport,
    cut: Option<Cut>,
    heard_at: Instant,
    sent_at: Instant,
    pinged_at: Instant,
}

impl<S: Side> SocketSession<S> {
    fn new(side: S, breach: BreachReport, cut: Option<Cut>) -> Self {
        let now = Instant::now();
        Self {
            side,
            outlet: None,
            connection: None,
            refused: 0,
            fragments: None,
            is_served: true,
            breach,
            cut,
            heard_at: now,
            sent_at: now,
            pinged_at: now,
        }
    }

    fn text(&mut self, text: &str, ctx: &mut WebsocketContext<Self>) {
        match &mut self.connection {
            Some(connection) => {
                if let Some(later) = S::frame(connection, text, self.heard_at) {
                    self.wait_for(later, ctx);
                }
            }
            None => self.hello(text, ctx),
        }
    }

    /// Nothing else is done for the socket until the future is finished.
    fn wait_for(&self, later: Later<S::Resolved>, ctx: &mut WebsocketContext<Self>) {
        ctx.wait(later.into_actor(self).map(|resolved, session, _| {
            if let Some(connection) = &mut session.connection {
                S::resolved(connection, resolved);
            }
        }));
    }

    fn hello(&mut self, text: &str, ctx: &mut WebsocketContext<Self>) {
        let Some(outlet) = self.outlet.clone() else { return };
        let head = match Head::read(text) {
            Ok(head) => head,
            Err(failure) => return self.not_yet(ctx, None, &failure),
        };
        if head.kind() != "hello" {
            let failure = Failure::conflict(Why::State, "say hello first");
            return self.not_yet(ctx, head.id().as_ref(), &failure);
        }
        match self.side.hello(outlet, text) {
            Err(failure) => self.not_yet(ctx, None, &failure),
            Ok(opening) => ctx.wait(opening.into_actor(self).map(|opened, session, ctx| match opened {
                Ok(connection) => session.connection = Some(connection),
                Err((failure, code)) => {
                    session.refuse(ctx, None, &failure);
                    session.close(ctx, code, &failure.message);
                }
            })),
        }
    }

    fn fragment(&mut self, item: Item, ctx: &mut WebsocketContext<Self>) {
        match item {
            Item::FirstText(bytes) => self.fragments = Some((true, BytesMut::from(bytes.as_ref()))),
            Item::FirstBinary(bytes) => self.fragments = Some((false, BytesMut::from(bytes.as_ref()))),
            Item::Continue(bytes) => {
                if let Some((_, whole)) = &mut self.fragments {
                    whole.extend_from_slice(&bytes);
                }
            }
            Item::Last(bytes) => {
                let Some((is_text, mut whole)) = self.fragments.take() else { return };
                whole.extend_from_slice(&bytes);
                match (is_text, ByteString::try_from(whole)) {
                    (true, Ok(text)) => self.text(&text, ctx),
                    (true, Err(_)) => self.not_utf8(ctx),
                    (false, _) => self.binary(ctx),
                }
            }
        }
    }

    fn binary(&mut self, ctx: &mut WebsocketContext<Self>) {
        let failure = Failure::new(Code::BadFrame, "only text frames are taken");
        match &mut self.connection {
            Some(connection) => {
                if let Some(later) = S::refuse(connection, &failure) {
                    self.wait_for(later, ctx);
                }
            }
            None => self.not_yet(ctx, None, &failure),
        }
    }

    /// Refuses a frame before `hello`; whoever goes on so is nobody's client.
    fn not_yet(&mut self, ctx: &mut WebsocketContext<Self>, id: Option<&CommandId>, failure: &Failure) {
        self.refuse(ctx, id, failure);
        self.refused += 1;
        if self.refused == REFUSED_BEFORE_HELLO_MAX {
            self.close(ctx, close::NO_HELLO, "too much was sent before hello");
        }
    }

    fn not_utf8(&mut self, ctx: &mut WebsocketContext<Self>) {
        let failure = Failure::new(Code::BadFrame, "the text is not UTF-8");
        self.refuse(ctx, None, &failure);
        self.close(ctx, u16::from(CloseCode::Invalid), "not UTF-8");
    }

    fn refuse(&mut self, ctx: &mut WebsocketContext<Self>, id: Option<&CommandId>, failure: &Failure) {
        let refusal = self.side.shared().refusal(id, None, failure);
        self.say(ctx, refusal);
    }

    /// Writes a frame behind what waits in the outlet.
    fn say(&mut self, ctx: &mut WebsocketContext<Self>, text: ByteString) {
        self.flush(ctx);
        self.sent_at = Instant::now();
        ctx.text(text);
    }

    fn flush(&mut self, ctx: &mut WebsocketContext<Self>) {
        let Some(outlet) = &self.outlet else { return };
        let taken = outlet.take(SLICE, |text| ctx.text(text));
        if taken.any {
            self.sent_at = Instant::now();
        }
        if taken.more {
            // After the transport has written these: only a reader that reads lets the actor be polled again.
            ctx.run_later(Duration::from_millis(1), |session, ctx| session.flush(ctx));
        }
        if let Some(code) = taken.close {
            self.close(ctx, code, "");
        } else if !taken.more
            && let Some(later) = self.connection.as_mut().and_then(S::go_on)
        {
            self.wait_for(later, ctx);
        }
    }

    fn close(&mut self, ctx: &mut WebsocketContext<Self>, code: u16, words: &str) {
        let words: String = words.chars().take(100).collect();
        ctx.close(Some(CloseReason { code: CloseCode::from(code), description: Some(words) }));
        ctx.stop();
    }

    /// Beats, pings and drops, at the moment the next of them is due.
    fn watch(&self, ctx: &mut WebsocketContext<Self>) {
        let Patience { client_silence_max: silence, ping_after, beat_after, .. } = self.side.shared().patience;
        let ping_at = self.heard_at.max(self.pinged_at) + ping_after;
        let next = (self.sent_at + beat_after).min(ping_at).min(self.heard_at + silence);
        let wait = next.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        ctx.run_later(wait, move |session, ctx| {
            let now = Instant::now();
            if now >= session.heard_at + silence {
                return session.close(ctx, close::TRY_LATER, "nothing was heard for too long");
            }
            if now >= session.sent_at + beat_after {
                session.say(ctx, frame::beat());
            }
            if now >= session.heard_at.max(session.pinged_at) + ping_after {
                // A browser says nothing by itself, however much it hears; its pong is the sign of life.
                session.pinged_at = now;
                ctx.ping(b"");
            }
            session.watch(ctx);
        });
    }
}

impl<S: Side> Actor for SocketSession<S> {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if !self.is_served {
            return self.close(ctx, close::VERSION, "this version of the protocol is not served");
        }
        self.outlet = Some(Outlet::new(Wire { addr: ctx.address(), cut: self.cut }));
        ctx.run_later(self.side.shared().patience.hello_within, |session, ctx| {
            if session.connection.is_none() {
                session.close(ctx, close::NO_HELLO, "no hello came in time");
            }
        });
        self.watch(ctx);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(outlet) = &self.outlet {
            outlet.gone();
        }
    }
}

impl<S: Side> StreamHandler<Result<ws::Message, ProtocolError>> for SocketSession<S> {
    fn handle(&mut self, message: Result<ws::Message, ProtocolError>, ctx: &mut Self::Context) {
        self.heard_at = Instant::now();
        match message {
            Ok(ws::Message::Text(text)) => self.text(&text, ctx),
            Ok(ws::Message::Binary(_)) => self.binary(ctx),
            Ok(ws::Message::Continuation(item)) => self.fragment(item, ctx),
            Ok(ws::Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(error) => {
                if let Some(breach) = self.breach.get() {
                    let failure = Failure::new(Code::TooLarge, breach.to_string());
                    self.refuse(ctx, None, &failure);
                    ctx.close(Some(CloseReason { code: CloseCode::from(close::TOO_BIG), description: None }));
                    // The rest of the frame is never read; once the answer is written there is nothing to wait for.
                    // Nothing else of the stream is looked at meanwhile: where the decoder stumbles over what came
                    // before, it would say so again and again, and never let go of the thread.
                    ctx.wait(sleep(ANSWER_WITHIN).into_actor(self).map(|(), session, ctx| {
                        session.cut.map(|cut| cut.now());
                        ctx.stop();
                    }));
                    return;
                }
                let text = error.to_string();
                if text.to_ascii_lowercase().contains("utf") {
                    return self.not_utf8(ctx);
                }
                let failure = Failure::new(Code::BadFrame, text);
                self.refuse(ctx, None, &failure);
                self.close(ctx, u16::from(CloseCode::Protocol), "not a frame");
            }
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

/// Something waits in the outlet.
#[derive(Message)]
#[rtype(result = "()")]
struct Flush;

impl<S: Side> Handler<Flush> for SocketSession<S> {
    type Result = ();

    fn handle(&mut self, _: Flush, ctx: &mut Self::Context) {
        self.flush(ctx);
    }
}

/// How the outlet reaches this socket from any thread.
struct Wire<S: Side> {
    addr: Addr<SocketSession<S>>,
    cut: Option<Cut>,
}

// The address is a channel; the actor itself stays on its thread.
impl<S: Side> Transport for Wire<S>
where
    Addr<SocketSession<S>>: Send + Sync,
{
    fn wake(&self) {
        // One is under way at most, so the mailbox has room; a closed one has no reader.
        let _ = self.addr.try_send(Flush);
    }

    fn cut(&self) {
        let Some(cut) = self.cut else { return };
        let Ok(runtime) = Handle::try_current() else {
            cut.now();
            return;
        };
        // A reader that reads again within this time gets the close code; whoever does not is cut anyway.
        runtime.spawn(async move {
            sleep(LAST_WORD).await;
            cut.now();
        });
    }
}
