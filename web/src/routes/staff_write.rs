//! A write of whoever manages staff: nobody else gets one. It can be sent again, and may name the version it is over.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use engine::domain::permission::Permission;

use crate::auth::SignedIn;
use crate::body::Body;
use crate::error::Problem;
use crate::routes::idempotent::{self, Answer, Key};
use crate::routes::version::Known;
use crate::state::{AppState, StaffChange};

/// A request that changes what the account sets up.
pub struct StaffWrite {
    /// What the server has.
    pub state: web::Data<AppState>,
    /// Who sends it.
    pub who: SignedIn,
    /// What is asked for.
    pub body: Body,
    request: HttpRequest,
}

impl StaffWrite {
    /// The version that the sender has seen.
    ///
    /// # Errors
    /// `invalid`: something else than a version.
    pub fn known(&self) -> Result<Known, Problem> {
        Known::of(&self.request)
    }

    /// Does `work`, or repeats the answer that the same request got.
    ///
    /// # Errors
    /// `invalid`: a key of the wrong form; `conflict`, `why: id`; else what `work` says.
    pub async fn once<W: Future<Output = Result<Answer, Problem>>>(
        &self,
        work: impl FnOnce(Option<Key>) -> W,
    ) -> Result<HttpResponse, Problem> {
        let key = Key::of(&self.state, &self.who, &self.request, &self.body).await?;
        idempotent::write(&self.state, &self.who, key, work).await
    }

    /// Tells the engine what is different now.
    pub async fn tell(&self, change: StaffChange) {
        self.state.staff_changes.changed(self.who.account, change).await;
    }
}

impl FromRequest for StaffWrite {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (who, body) = (SignedIn::from_request(request, payload), Body::from_request(request, payload));
        let request = request.clone();
        Box::pin(async move {
            let who = who.await?;
            let body = body.await?;
            who.require(Permission::ManageStaff)?;
            let state = request.app_data::<web::Data<AppState>>().cloned();
            let state = state.ok_or_else(|| Problem::unauthorized("sign in first"))?;
            Ok(Self { state, who, body, request })
        })
    }
}
