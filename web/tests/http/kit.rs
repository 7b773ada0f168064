//! A server to test, its clock, and browsers that talk to it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::domain::ids::AccountId;
use engine::domain::time::Timestamp;
use engine::ports::clock::Clock;
use engine::ports::store::SharedStore;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use switchboard_web::config::{Settings, Sources};
use switchboard_web::demo;
use switchboard_web::startup::{self, Running};
use switchboard_web::state::{StaffChange, StaffChanges, WaitingSource};
use switchboard_web::wiring;

/// The password of everybody in the demo.
pub const PASSWORD: &str = demo::PASSWORD;

/// A clock that moves when it is told to.
#[derive(Default)]
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn forward(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + self.0.load(Ordering::SeqCst))
    }

    fn not_before(&self, _: Timestamp) {}
}

/// Remembers what live actors would hear.
#[derive(Default)]
pub struct Heard(Mutex<Vec<StaffChange>>);

impl Heard {
    /// What was heard since the last call.
    pub fn take(&self) -> Vec<StaffChange> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait::async_trait]
impl StaffChanges for Heard {
    async fn changed(&self, _: AccountId, change: StaffChange) {
        self.0.lock().unwrap().push(change);
    }
}

/// A server with the demo's people.
pub struct TestServer {
    pub running: Running,
    pub clock: Arc<HandClock>,
    pub heard: Arc<Heard>,
    pub store: SharedStore,
    pub folder: tempfile::TempDir,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Arc::default(), environment, None).await
    }

    /// The same where the queues say that of the chats that wait.
    pub async fn start_waiting(waiting: Arc<dyn WaitingSource>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Arc::default(), &[], Some(waiting)).await
    }

    async fn start_in(
        folder: tempfile::TempDir,
        clock: Arc<HandClock>,
        environment: &[(&str, &str)],
        waiting: Option<Arc<dyn WaitingSource>>,
    ) -> Self {
        let own = [("SWITCHBOARD_LISTEN", "127.0.0.1:0"), ("SWITCHBOARD_ADMIN_LISTEN", "127.0.0.1:0")];
        let data = [("SWITCHBOARD_DATA_DIR", folder.path().to_str().unwrap())];
        let pairs = own.iter().chain(&data).chain(environment);
        let environment = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let settings = Settings::read(&Sources { environment, ..Sources::default() }).unwrap();
        let store = startup::open_store(&settings).await.unwrap();
        let heard = Arc::new(Heard::default());
        let listener = heard.clone();
        let wire = async move |foundation: &wiring::Foundation| {
            let wired = wiring::wire(foundation, Box::new(engine::adapters::system::SystemRandom)).await?;
            let waiting = waiting.unwrap_or(wired.waiting);
            Ok(wiring::Wiring { staff_changes: listener, waiting, ..wired })
        };
        let running = startup::serve(store.clone(), clock.clone(), settings, true, wire).await.unwrap();
        Self { running, clock, heard, store, folder }
    }

    /// Stops it, and starts another on the same data.
    pub async fn restart(self) -> Self {
        let Self { running, clock, store, folder, .. } = self;
        running.stop().await;
        drop(store);
        Self::start_in(folder, clock, &[], None).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address)
    }

    pub fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.admin_address)
    }

    /// The only account so far.
    pub async fn account(&self) -> AccountId {
        self.store.accounts().await.unwrap()[0].id
    }

    /// A browser that has not signed in.
    pub fn browser(&self) -> Browser {
        let client = Client::builder().cookie_store(true).pool_max_idle_per_host(0).build().unwrap();
        Browser { client, base: self.url("/api/v1"), csrf: None }
    }

    /// A browser in which somebody of the demo has signed in.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }
}

/// A browser with its cookies and its CSRF token.
#[derive(Clone)]
pub struct Browser {
    pub client: Client,
    pub base: String,
    pub csrf: Option<String>,
}

/// An answer as tests look at it.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        if status.is_client_error() || status.is_server_error() {
            assert_eq!(body["status"], status.as_u16(), "every error is a problem document: {body}");
            assert_eq!(headers["content-type"], "application/problem+json");
        }
        Self { status: status.as_u16(), headers, body }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn field(&self) -> &str {
        self.body["field"].as_str().unwrap_or_default()
    }

    pub fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("{} is no list: {}", self.status, self.body))
    }
}

impl Browser {
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let answer = self.try_sign_in(serde_json::json!({ "email": email, "password": password })).await;
        if answer.status == StatusCode::OK.as_u16() {
            self.csrf = Some(answer.body["csrf_token"].as_str().unwrap().to_owned());
        }
        answer
    }

    pub async fn try_sign_in(&self, body: Value) -> Answer {
        Answer::to(self.client.post(format!("{}/auth/login", self.base)).json(&body)).await
    }

    /// A request with what a browser's page would send.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.csrf {
            Some(token) => request.header("X-CSRF-Token", token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// The id of an operator with that address.
    pub async fn operator(&self, email: &str) -> String {
        let operators = self.get("/operators").await;
        let found = operators.items().iter().find(|operator| operator["email"] == email);
        found.unwrap_or_else(|| panic!("no {email}"))["id"].as_str().unwrap().to_owned()
    }
}
