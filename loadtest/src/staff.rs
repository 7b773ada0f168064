//! The run's operators: made over the server's HTTP API, members of the scenario's group, signed in; removed again at
//! the end. Names and addresses bear the run's own mark, so that two runs on one server do not meet.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::scenario::Scenario;

const PASSWORD: &str = "load-test-operator";
/// Operators made at once: each costs the server two password hashes.
const AT_ONCE: usize = 4;
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 20;
/// How often it is looked at whoever may want it to end.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Who may make operators.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// The address they sign in with.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// An operator of the run.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
pub struct Hired {
    /// The place in the run.
    pub number: u32,
    /// The server's id.
    pub id: String,
    /// The session.
    pub cookie: String,
}

/// Why there are no operators.
#[derive(Debug, Error)]
pub enum StaffError {
    /// Nobody answers there.
    #[error("{url} cannot be reached: {words}")]
    Unreachable {
        /// The target.
        url: String,
        /// Why.
        words: String,
    },
    /// Somebody else answers there.
    #[error("{url} is not a Switchboard server, or has no brand {brand:?}: GET /api/v1/status answered {answer}")]
    Stranger {
        /// The target.
        url: String,
        /// The scenario's brand.
        brand: String,
        /// What came.
        answer: String,
    },
    /// Somebody stopped their removal.
    #[error("stopped with {0} of them left")]
    Stopped(usize),
    /// The server refuses.
    #[error("{what} was refused with {status}: {words}")]
    Refused {
        /// What was tried.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
}

/// The API of a server, signed in.
pub struct Staff {
    client: Client,
    url: String,
    cookie: String,
    csrf: String,
    /// Ids of the operators that were made.
    made: Mutex<Vec<String>>,
}

impl Staff {
    /// Signs in, once it is sure that this is a Switchboard server.
    ///
    /// # Errors
    /// It is not, or the administrator is not one.
    pub async fn sign_in(url: &str, brand: &str, administrator: &Administrator) -> Result<Self, StaffError> {
        let client = Client::builder().timeout(ANSWER_WITHIN).build().map_err(|error| unreachable_at(url, &error))?;
        let answer = client.get(format!("{url}/api/v1/status?brand={brand}")).send().await;
        let answer = answer.map_err(|error| unreachable_at(url, &error))?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let state = serde_json::from_str::<Value>(&text).ok().filter(|value| value["state"].is_string());
        if state.is_none() {
            let answer = format!("{status}, {:?}", text.chars().take(80).collect::<String>());
            return Err(StaffError::Stranger { url: url.to_owned(), brand: brand.to_owned(), answer });
        }
        let (cookie, csrf, made) = (String::new(), String::new(), Mutex::default());
        let mut staff = Self { client, url: url.to_owned(), cookie, csrf, made };
        (staff.cookie, staff.csrf) = staff.session(&administrator.email, &administrator.password).await?;
        Ok(staff)
    }

    /// Makes the scenario's operators, as members of its group, and signs them in. `stopped` is told now and then how many
    /// there are and says whether they are wanted no more; then there are none. Asked a second time it waits for nobody.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn hire(
        self: &Arc<Self>,
        scenario: &Scenario,
        run: &str,
        mut stopped: impl FnMut(usize) -> bool,
    ) -> Result<Option<Vec<Hired>>, StaffError> {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut hiring = JoinSet::new();
        for number in 0..scenario.operator_count() {
            let (staff, places, run) = (self.clone(), places.clone(), run.to_owned());
            let (limit, group) = (scenario.operator(number).limit.0, scenario.target.group.clone());
            hiring.spawn(async move {
                // No more places: one of them was refused.
                let _place = places.acquire().await.ok()?;
                Some(staff.hire_one(number, &run, limit, &group).await)
            });
        }
        let (mut hired, mut refused, mut wanted) = (Vec::new(), None, true);
        let mut ticks = interval(LOOK_EVERY);
        loop {
            let one = tokio::select! {
                one = hiring.join_next() => one,
                _ = ticks.tick() => {
                    if stopped(hired.len()) {
                        if !wanted {
                            hiring.abort_all();
                        }
                        places.close();
                        wanted = false;
                    }
                    continue;
                }
            };
            let Some(one) = one else { break };
            // A task that panicked has said so already.
            match one.ok().flatten() {
                Some(Ok(one)) => hired.push(one),
                // Those under way are waited for: who is made must be known, to be removed.
                Some(Err(error)) => {
                    places.close();
                    refused.get_or_insert(error);
                }
                None => {}
            }
        }
        if !wanted {
            return Ok(None);
        }
        if let Some(refused) = refused {
            return Err(refused);
        }
        hired.sort_by_key(|hired| hired.number);
        Ok(Some(hired))
    }

    /// Removes all that were made, also where hiring was not finished; chats they still have end. `stopped` is told now and
    /// then how many are left and says whether they may stay.
    ///
    /// # Errors
    /// The server is gone, or keeps some of them, or they may stay.
    pub async fn dismiss(&self, mut stopped: impl FnMut(usize) -> bool) -> Result<(), StaffError> {
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner));
        let mut kept = Ok(());
        let mut ticks = interval(LOOK_EVERY);
        for (place, id) in made.iter().enumerate() {
            let request = self.client.delete(format!("{}/api/v1/operators/{id}?chats=end", self.url));
            let removing = self.send("removing an operator", self.signed(request));
            tokio::pin!(removing);
            let removed = loop {
                tokio::select! {
                    removed = &mut removing => break removed,
                    _ = ticks.tick() => {
                        if stopped(made.len() - place) {
                            return Err(StaffError::Stopped(made.len() - place));
                        }
                    }
                }
            };
            match removed {
                Err(gone @ StaffError::Unreachable { .. }) => return Err(gone),
                Err(refused) => kept = Err(refused),
                Ok(_) => {}
            }
        }
        kept
    }

    async fn hire_one(&self, number: u32, run: &str, limit: u32, group: &str) -> Result<Hired, StaffError> {
        let email = format!("{run}-{number}@example.com");
        let wanted = json!({ "email": email, "name": format!("Load test {number}"), "password": PASSWORD,
                             "role": "operator", "limit": limit });
        let made = self.write("operators", "making an operator", &wanted).await?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
        let member = json!({ "group": group, "operator": id, "handling": "primary", "limit": limit, "active": true });
        self.write("memberships", &format!("a membership in the group {group:?}"), &member).await?;
        let (cookie, _) = self.session(&email, PASSWORD).await?;
        Ok(Hired { number, id, cookie })
    }

    async fn session(&self, email: &str, password: &str) -> Result<(String, String), StaffError> {
        let body = json!({ "email": email, "password": password });
        let request = self.client.post(format!("{}/api/v1/auth/login", self.url)).json(&body);
        let (headers, body) = self.send(&format!("signing {email} in"), request).await?;
        let cookies = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.filter_map(|text| text.split(';').next());
        let cookie = pairs.find(|pair| pair.starts_with("switchboard_session=")).unwrap_or_default().to_owned();
        Ok((cookie, body["csrf_token"].as_str().unwrap_or_default().to_owned()))
    }

    async fn write(&self, path: &str, what: &str, body: &Value) -> Result<Value, StaffError> {
        let request = self.client.post(format!("{}/api/v1/{path}", self.url)).json(body);
        self.send(what, self.signed(request)).await.map(|(_, body)| body)
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf)
    }

    /// Sends a request, again and again while the server is busy with others.
    async fn send(
        &self,
        what: &str,
        request: RequestBuilder,
    ) -> Result<(reqwest::header::HeaderMap, Value), StaffError> {
        let mut attempt = 0;
        loop {
            let Some(request) = request.try_clone() else { unreachable!("bodies of JSON can be sent again") };
            let answer = request.send().await.map_err(|error| unreachable_at(&self.url, &error))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let text = answer.text().await.unwrap_or_default();
            if status.is_success() {
                return Ok((headers, serde_json::from_str(&text).unwrap_or_default()));
            }
            attempt += 1;
            if !matches!(status.as_u16(), 429 | 503) || attempt == ATTEMPTS {
                let (what, words) = (what.to_owned(), text.chars().take(300).collect());
                return Err(StaffError::Refused { what, status: status.as_u16(), words });
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

fn unreachable_at(url: &str, error: &reqwest::Error) -> StaffError {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        words = format!("{words}: {inner}");
        source = inner.source();
    }
    StaffError::Unreachable { url: url.to_owned(), words }
}
