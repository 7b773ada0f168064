//! HTTP as a browser does it: signs in, keeps the cookie, sends the token that writes need.

use std::time::{SystemTime, UNIX_EPOCH};

use engine::domain::time::Timestamp;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

/// What the operators of the demo sign in with.
pub const PASSWORD: &str = "switchboard-demo";

/// Somebody at a browser, signed in or not.
#[derive(Clone)]
pub struct Browser {
    client: reqwest::Client,
    root: String,
    cookie: Option<String>,
    csrf: Option<String>,
    /// What `login` answered.
    pub me: Value,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The type of its content.
    pub content_type: String,
    /// Its content, where it is JSON; else its text.
    pub body: Value,
}

impl Answer {
    /// The content of a success.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "status {}: {}", self.status, self.body);
        self.body
    }

    /// Checks that it is a refusal in the form of the contract.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert!(self.content_type.starts_with("application/problem+json"), "{}", self.content_type);
        self.body
    }
}

impl Browser {
    /// Nobody yet, at `url` (`http://HOST:PORT`).
    pub fn new(url: &str) -> Self {
        Self { client: reqwest::Client::new(), root: url.to_owned(), cookie: None, csrf: None, me: Value::Null }
    }

    /// An operator of the demo, by the part of the address before the `@`.
    pub async fn signed_in(url: &str, name: &str) -> Self {
        Self::signed_in_as(url, &format!("{name}@example.com"), PASSWORD).await
    }

    /// Anybody.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn signed_in_as(url: &str, email: &str, password: &str) -> Self {
        let mut browser = Self::new(url);
        browser.sign_in(email, password).await.ok();
        browser
    }

    /// Tries to sign in; keeps cookie and token where that works.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        let answer = self.begin_session("/api/v1/auth/login", &body).await;
        if answer.status == 200 {
            self.me = answer.body.clone();
        }
        answer
    }

    /// Changes one's own password, and goes on with the session that comes of it.
    pub async fn change_password(&mut self, current: &str, new: &str) -> Answer {
        self.begin_session("/api/v1/auth/password", &json!({ "current": current, "new": new })).await
    }

    async fn begin_session(&mut self, path: &str, body: &Value) -> Answer {
        let response = self.request(Method::POST, path).json(body).send().await.expect("the server answers");
        let cookies = response.headers().get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
        let session = pairs.find(|pair| pair.starts_with("switchboard_session=")).map(str::to_owned);
        let answer = read(response).await;
        if answer.status == 200 {
            self.cookie = session;
            self.csrf = answer.body["csrf_token"].as_str().map(str::to_owned);
        }
        answer
    }

    /// The header that a socket of the console's page bears.
    ///
    /// # Panics
    /// When nobody is signed in.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("somebody is signed in")
    }

    /// The same browser at another address of the same server.
    pub fn moved_to(&self, url: &str) -> Self {
        Self { root: url.to_owned(), ..self.clone() }
    }

    /// The same browser without the token that writes need.
    pub fn without_csrf(&self) -> Self {
        Self { csrf: None, ..self.clone() }
    }

    /// One's own id.
    ///
    /// # Panics
    /// When nobody is signed in.
    pub fn operator_id(&self) -> String {
        self.me["operator"]["id"].as_str().expect("somebody is signed in").to_owned()
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// `PATCH` of exactly what was seen.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn patch_seen(&self, seen: &Value, path: &str, body: Value) -> Answer {
        let request = self.request(Method::PATCH, path).header("if-match", format!("\"{}\"", seen["version"]));
        read(request.json(&body).send().await.expect("the server answers")).await
    }

    /// `DELETE` of exactly what was seen.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn delete_seen(&self, seen: &Value, path: &str) -> Answer {
        let request = self.request(Method::DELETE, path).header("if-match", format!("\"{}\"", seen["version"]));
        read(request.send().await.expect("the server answers")).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any request.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.expect("the server answers")).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.root));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(csrf) = &self.csrf {
            request = request.header("x-csrf-token", csrf);
        }
        request
    }
}

/// The last hour and the next minute, as the query of a report.
pub fn last_hour() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64;
    let [from, to] = [now - 3_600_000, now + 60_000].map(|at| Timestamp::from_millis(at).to_rfc3339());
    format!("from={from}&to={to}")
}

async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let text = response.text().await.expect("an answer is read to its end");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, content_type, body }
}
