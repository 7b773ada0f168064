//! The floor under the sockets: the least that an actix-web-actors server does for a message. Two sockets are a
//! pair; what one says is handed to the other, and the one who said it gets an ack. Nothing is read beyond the
//! command's id, nothing is stored.

use std::sync::Mutex;

use actix::prelude::*;
use actix_web::web::{Data, Path, Payload};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};
use actix_web_actors::ws;
use bytestring::ByteString;
use clap::Parser;

/// Messages that may wait at one socket: more than a pair ever has under way.
const MAILBOX: usize = 1024;

/// Serves pairs of sockets at `/pair/NUMBER/SIDE`, sides 0 and 1.
#[derive(Parser)]
struct Arguments {
    /// Threads that serve.
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Pairs at most.
    #[arg(long, default_value_t = 10_000)]
    pairs: usize,
}

type Pairs = Mutex<Vec<[Option<Addr<Peer>>; 2]>>;

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let pairs: Data<Pairs> = Data::new(Mutex::new(vec![[None, None]; arguments.pairs]));
    let server = HttpServer::new(move || {
        App::new().app_data(pairs.clone()).route("/pair/{number}/{side}", web::get().to(connect))
    })
    .workers(arguments.workers)
    .bind(("127.0.0.1", 0))?;
    println!("listening on http://{}", server.addrs()[0]);
    server.run().await
}

async fn connect(
    request: HttpRequest,
    place: Path<(usize, usize)>,
    pairs: Data<Pairs>,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    let (number, side) = place.into_inner();
    if number >= pairs.lock().map_or(0, |pairs| pairs.len()) || side > 1 {
        return Ok(HttpResponse::NotFound().finish());
    }
    let peer = Peer { pairs: pairs.clone(), number, side, other: None };
    let (own, response) = ws::WsResponseBuilder::new(peer, &request, payload).start_with_addr()?;
    if let Ok(mut pairs) = pairs.lock() {
        pairs[number][side] = Some(own);
    }
    Ok(response)
}

struct Peer {
    pairs: Data<Pairs>,
    number: usize,
    side: usize,
    other: Option<Addr<Peer>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Forward(ByteString);

impl Actor for Peer {
    type Context = ws::WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Forward> for Peer {
    type Result = ();

    fn handle(&mut self, Forward(text): Forward, ctx: &mut Self::Context) {
        ctx.text(text);
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Peer {
    fn handle(&mut self, frame: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        match frame {
            Ok(ws::Message::Text(text)) => {
                ctx.text(format!(r#"{{"type":"ack","id":"{}"}}"#, command_id(&text)));
                self.forward(text, ctx);
            }
            Ok(ws::Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(ws::Message::Close(_)) | Err(_) => ctx.stop(),
            Ok(_) => {}
        }
    }
}

impl Peer {
    fn forward(&mut self, text: ByteString, ctx: &mut ws::WebsocketContext<Self>) {
        if self.other.is_none() {
            self.other = self.pairs.lock().ok().and_then(|pairs| pairs[self.number][1 - self.side].clone());
        }
        let handed_over = self.other.as_ref().is_some_and(|other| other.try_send(Forward(text)).is_ok());
        if !handed_over {
            // A relay that loses a message measures nothing: end the run rather than go on.
            ctx.stop();
        }
    }
}

/// What stands between the quotes behind `"id":`.
fn command_id(text: &str) -> &str {
    text.split_once(r#""id":""#).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(id, _)| id)
}
