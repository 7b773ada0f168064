//! Talkers for the product: operators made and signed in over HTTP, visitors who start chats, and every offer
//! accepted, all over the public contract.

use std::rc::Rc;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};
use tokio_tungstenite::tungstenite::Message;

use crate::load::Talker;
use crate::socket::{Socket, connect, send};

/// What `serve --demo` sets up.
const ADMINISTRATOR: &str = "admin@example.com";
const PASSWORD: &str = "switchboard-demo";
const BRAND: &str = "demo";
const DEPARTMENT: &str = "support";

/// Visitors who start at the same moment: more would measure how a crowd is let in.
const STARTING_AT_ONCE: usize = 16;

/// How many answer, and how many chats each holds.
#[derive(Debug, Clone, Copy)]
pub struct Staffing {
    /// Operators.
    pub operators: usize,
    /// Chats of each.
    pub chats_each: usize,
}

/// Operators who have signed in and have no socket yet.
pub struct Staff {
    staffing: Staffing,
    cookies: Vec<String>,
}

/// Makes the operators as members of one group and signs them in.
///
/// # Panics
/// When the server refuses.
pub async fn sign_in(address: &str, staffing: Staffing) -> Staff {
    let http = Http { client: reqwest::Client::new(), root: format!("http://{address}/api/v1") };
    let (cookie, csrf) = http.sign_in(ADMINISTRATOR).await;
    let mut cookies = Vec::with_capacity(staffing.operators);
    for number in 0..staffing.operators {
        let email = format!("operator-{number}@example.com");
        let made = json!({ "email": email, "name": format!("Operator {number}"), "password": PASSWORD,
                           "role": "operator", "limit": staffing.chats_each });
        let operator = http.write("operators", &cookie, &csrf, &made).await;
        let member = json!({ "group": DEPARTMENT, "operator": operator["id"], "handling": "primary",
                             "limit": staffing.chats_each, "active": true });
        http.write("memberships", &cookie, &csrf, &member).await;
        cookies.push(http.sign_in(&email).await.0);
    }
    Staff { staffing, cookies }
}

/// Opens all sockets and brings every chat to where it is answered.
///
/// # Panics
/// When the server refuses.
pub async fn open(address: &str, staff: Staff, text: &str, both_talk: bool) -> Vec<Talker> {
    let Staffing { operators, chats_each } = staff.staffing;
    let tasks = LocalSet::new();
    tasks
        .run_until(async {
            let mut answering = JoinSet::new();
            for cookie in staff.cookies {
                let socket = operator_online(address, cookie).await;
                answering.spawn_local(answer(socket, chats_each));
            }
            let mut talkers = visitors(address, operators * chats_each, text).await;
            while let Some(answered) = answering.join_next().await {
                let (socket, chats) = answered.expect("every offer is accepted");
                let talker = if both_talk { Talker::operator(socket, &chats, text) } else { Talker::listener(socket) };
                talkers.push(talker);
            }
            talkers
        })
        .await
}

/// Visitors in chats that an operator has accepted.
async fn visitors(address: &str, count: usize, text: &str) -> Vec<Talker> {
    let places = Rc::new(tokio::sync::Semaphore::new(STARTING_AT_ONCE));
    let mut starting = JoinSet::new();
    for number in 0..count {
        let (places, address) = (places.clone(), address.to_owned());
        starting.spawn_local(async move {
            let _place = places.acquire().await.expect("the semaphore stays open");
            let mut socket = visitor_connects(&address).await;
            visitor_starts(&mut socket, number, "start").await;
            frame_where(&mut socket, |frame| frame["event"]["kind"] == "assigned").await;
            socket
        });
    }
    let mut talkers = Vec::with_capacity(count);
    while let Some(started) = starting.join_next().await {
        talkers.push(Talker::visitor(started.expect("every chat is assigned"), text));
    }
    talkers
}

/// A visitor who has been greeted and says nothing.
///
/// # Panics
/// When the server refuses.
pub async fn looks_on(address: &str) -> Socket {
    let mut socket = visitor_connects(address).await;
    frame_where(&mut socket, |frame| frame["type"] == "welcome").await;
    socket
}

async fn visitor_connects(address: &str) -> Socket {
    let origin = ("origin", format!("http://{address}"));
    let mut socket = connect(address, "/ws/visitor", &[origin]).await;
    send(&mut socket, json!({ "type": "hello", "brand": BRAND }).to_string()).await;
    socket
}

/// Begins a chat and waits until it is stored.
async fn visitor_starts(socket: &mut Socket, number: usize, id: &str) {
    let start = json!({ "type": "start", "id": id, "name": format!("Visitor {number}"),
                        "department": DEPARTMENT, "question": "May I ask something?" });
    send(socket, start.to_string()).await;
    frame_where(socket, |frame| frame["type"] == "ack" && frame["id"] == id).await;
}

/// Stores that many chats, all but the last of each visitor ended.
///
/// # Panics
/// When the server refuses.
pub async fn fill(address: &str, chats: usize) {
    let tasks = LocalSet::new();
    let mut receives = somebody_receives(address).await;
    // Reading is what answers the server's pings.
    let present = tasks.spawn_local(async move { while receives.next().await.is_some() {} });
    let mut visitors = JoinSet::new();
    for number in 0..STARTING_AT_ONCE {
        let (address, share) = (address.to_owned(), chats / STARTING_AT_ONCE);
        visitors.spawn_local_on(async move { store_chats(&address, number, share).await }, &tasks);
    }
    let all = async {
        while let Some(stored) = visitors.join_next().await {
            stored.expect("every chat is stored")
        }
    };
    tasks.run_until(all).await;
    present.abort();
}

/// One visitor's chats, one after another.
async fn store_chats(address: &str, number: usize, chats: usize) {
    let mut socket = visitor_connects(address).await;
    for chat in 1..=chats {
        visitor_starts(&mut socket, number, &format!("start-{chat}")).await;
        if chat < chats {
            let id = format!("end-{chat}");
            send(&mut socket, json!({ "type": "end", "id": id }).to_string()).await;
            frame_where(&mut socket, |frame| frame["type"] == "ack" && frame["id"] == id.as_str()).await;
        }
    }
}

/// An operator who is there but does nothing: chats need somebody who receives.
async fn somebody_receives(address: &str) -> Socket {
    let http = Http { client: reqwest::Client::new(), root: format!("http://{address}/api/v1") };
    let (cookie, _) = http.sign_in("mona@example.com").await;
    operator_online(address, cookie).await
}

async fn operator_online(address: &str, cookie: String) -> Socket {
    let headers = [("cookie", cookie), ("origin", format!("http://{address}"))];
    let mut socket = connect(address, "/ws/operator", &headers).await;
    send(&mut socket, json!({ "type": "hello" }).to_string()).await;
    send(&mut socket, json!({ "type": "status", "id": "online", "status": "online" }).to_string()).await;
    frame_where(&mut socket, |frame| frame["type"] == "ack").await;
    socket
}

/// Accepts offers until `chats` are held. The next one may ring before the last is acked.
async fn answer(mut socket: Socket, chats: usize) -> (Socket, Vec<String>) {
    let (mut accepted, mut held) = (Vec::new(), 0);
    while held < chats {
        let frame = frame_where(&mut socket, |frame| frame["type"] == "offer" || is_of_accept(frame)).await;
        if is_of_accept(&frame) {
            held += 1;
            continue;
        }
        let id = format!("{ACCEPT}{}", accepted.len());
        send(&mut socket, json!({ "type": "accept", "id": id, "offer": frame["offer"] }).to_string()).await;
        accepted.push(frame["chat"].as_str().expect("an offer names its chat").to_owned());
    }
    (socket, accepted)
}

/// How the ids of accepts begin.
const ACCEPT: &str = "accept-";

fn is_of_accept(frame: &Value) -> bool {
    frame["type"] == "ack" && frame["id"].as_str().is_some_and(|id| id.starts_with(ACCEPT))
}

async fn frame_where(socket: &mut Socket, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = socket.next().await.expect("the server keeps the socket").expect("the server keeps the socket");
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).expect("frames are JSON");
        assert!(frame["type"] != "error", "refused: {frame}");
        if wanted(&frame) {
            return frame;
        }
    }
}

struct Http {
    client: reqwest::Client,
    root: String,
}

impl Http {
    /// Signs in; the cookie as it is sent back, and the token that writes need.
    async fn sign_in(&self, email: &str) -> (String, String) {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.client.post(format!("{}/auth/login", self.root)).json(&body).send().await;
        let answer = answer.expect("the server answers").error_for_status().expect("the password is right");
        let cookie = answer.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let cookie =
            cookie.filter_map(|text| text.split(';').next()).find(|pair| pair.starts_with("switchboard_session="));
        let cookie = cookie.expect("a session's cookie").to_owned();
        let body: Value = answer.json().await.expect("an answer in JSON");
        (cookie, body["csrf_token"].as_str().expect("a token for writes").to_owned())
    }

    async fn write(&self, what: &str, cookie: &str, csrf: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}/{what}", self.root)).header("cookie", cookie);
        let answer = request.header("x-csrf-token", csrf).json(body).send().await.expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("an answer");
        assert!(status.is_success(), "{what} refused with {status}: {text}");
        serde_json::from_str(&text).expect("an answer in JSON")
    }
}
