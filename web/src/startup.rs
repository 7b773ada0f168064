//! The composition root: settings become a store, an engine and two listeners. Only this file names adapters.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_http::HttpService;
use actix_service::{IntoServiceFactory, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use engine::adapters::sqlite::{OpenError, SqliteOptions, SqliteStore};
use engine::adapters::system::{SystemClock, SystemRandom};
use engine::domain::limits::{ACCEPT_BACKLOG, KEEP_ALIVE, LAST_BYTES_WITHIN, REQUEST_HEAD_WITHIN, STOP_WITHIN};
use engine::ports::clock::SharedClock;
use engine::ports::store::{SharedStore, StoreError};
use engine::ports::traces::SharedTraces;
use socket2::{Domain, Protocol, Socket, Type};

use crate::assets::headers;
use crate::auth::password::{HashError, Passwords};
use crate::auth::token::Keys;
use crate::config::security::SECRET_BYTES_MIN;
use crate::config::{Secret, Settings, WrongSettings};
use crate::provision::ProvisionError;
use crate::socket::carried::Carried;
use crate::socket::carrier::Carriers;
use crate::socket::cut;
use crate::state::{AppState, Readiness};
use crate::telemetry::otlp::{Otlp, OtlpError};
use crate::wiring::{Drain, Foundation, Routes, Wiring, wire};
use crate::{demo, routes};

/// Why it does not serve; each in one line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(transparent)]
    DataFolder(#[from] OpenError),
    /// An address cannot be listened on.
    #[error("{setting}: cannot listen on {address}: {error}")]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The store cannot be opened, or does not answer.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// It would listen beyond this machine with passwords that everybody knows.
    #[error(transparent)]
    Settings(#[from] WrongSettings),
    /// The demo cannot be filled in.
    #[error("the demo cannot be made: {0}")]
    Demo(#[from] ProvisionError),
    /// No random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// No hash.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Traces cannot be sent.
    #[error(transparent)]
    Traces(#[from] OtlpError),
    /// The system refuses something else.
    #[error("the server cannot start: {0}")]
    System(#[from] io::Error),
}

/// A server that serves.
pub struct Running {
    /// Where visitors and operators connect.
    pub address: SocketAddr,
    /// Where metrics and health are served.
    pub admin_address: SocketAddr,
    /// What handlers share.
    pub state: web::Data<AppState>,
    servers: [ServerHandle; 2],
    carried: Carried,
    drain: Drain,
    traces: Option<Arc<Otlp>>,
}

/// Opens the store that the settings name, and serves.
///
/// # Errors
/// See [`StartError`].
pub async fn start(settings: Settings, demo: bool) -> Result<Running, StartError> {
    let store = open_store(&settings).await?;
    match serve(store.clone(), system_clock(), settings, demo, with_engine).await {
        Ok(running) => Ok(running),
        Err(error) => {
            store.close().await;
            Err(error)
        }
    }
}

async fn with_engine(foundation: &Foundation) -> Result<Wiring, StoreError> {
    wire(foundation, Box::new(SystemRandom)).await
}

/// Serves with a store that is open, a clock, and what `wire` makes of them.
///
/// # Errors
/// See [`StartError`].
pub async fn serve(
    store: SharedStore,
    clock: SharedClock,
    settings: Settings,
    demo: bool,
    wire: impl AsyncFnOnce(&Foundation) -> Result<Wiring, StoreError>,
) -> Result<Running, StartError> {
    if let Err(wrong) = settings.suit_demo()
        && demo::has_its_password(&store).await?
    {
        return Err(wrong.into());
    }
    let public = listen("listen", settings.network.listen)?;
    let admin = listen("admin_listen", settings.network.admin_listen)?;
    let (address, admin_address) = (public.local_addr()?, admin.local_addr()?);
    let asked = demo;
    let demo = asked && demo::fill(&store, clock.now()).await?;
    if asked && !demo {
        tracing::warn!("the store is not the demo's: it is served as it is, without the demo's shop and people");
    }
    let keys = Keys::new(secret(&store, &settings).await?);
    let (settings, readiness) = (Arc::new(settings), Arc::new(Readiness::default()));
    let workers = settings.network.workers;
    let traces = Otlp::start(&settings)?.map(Arc::new);
    let foundation = Foundation {
        store: store.clone(),
        clock: clock.clone(),
        settings: settings.clone(),
        keys: keys.clone(),
        readiness: readiness.clone(),
        traces: traces.clone().map(|traces| traces as SharedTraces),
    };
    let wiring = wire(&foundation).await?;
    let state = web::Data::new(AppState {
        store,
        clock,
        settings,
        keys,
        passwords: Passwords::new()?,
        availability: wiring.availability,
        waiting: wiring.waiting,
        staff_changes: wiring.staff_changes,
        session_sockets: wiring.session_sockets,
        readiness,
        metrics: wiring.metrics,
        demo,
    });
    let carried = Carried::default();
    let public = spawn_public(public, workers, state.clone(), wiring.sockets, &carried)?;
    let servers = [public, spawn_admin(admin, state.clone())?];
    Ok(Running { address, admin_address, state, servers, carried, drain: wiring.drain, traces })
}

impl Running {
    /// Stops in order: told not ready, drained, listeners closed, store closed. What it answered stays true.
    pub async fn stop(self) {
        self.state.readiness.drain();
        (self.drain)().await;
        let [public, admin] = &self.servers;
        public.pause().await;
        self.carried.none(STOP_WITHIN).await;
        futures_util::future::join(public.stop(true), admin.stop(false)).await;
        self.state.store.close().await;
        if let Some(traces) = self.traces {
            traces.finish().await;
        }
    }
}

/// The public application; `sockets` adds its routes.
pub fn application(
    state: web::Data<AppState>,
    sockets: Routes,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new().wrap(headers::everywhere()).app_data(state).configure(|app| sockets(app)).configure(routes::public)
}

/// Opens the store that the settings name, and brings it to this version's form.
///
/// # Errors
/// The data folder cannot be used: not writable, in use by another process, written by a newer version.
pub async fn open_store(settings: &Settings) -> Result<SharedStore, StartError> {
    Ok(Arc::new(SqliteStore::open(SqliteOptions::new(&settings.storage.data_dir)).await?))
}

/// The machine's clock.
pub fn system_clock() -> SharedClock {
    Arc::new(SystemClock::new())
}

fn spawn_public(
    listener: TcpListener,
    workers: usize,
    state: web::Data<AppState>,
    sockets: Routes,
    carried: &Carried,
) -> io::Result<ServerHandle> {
    let address = listener.local_addr()?;
    let builder = Server::build()
        .workers(workers)
        .backlog(ACCEPT_BACKLOG)
        .shutdown_timeout(STOP_WITHIN.as_secs())
        .disable_signals();
    let (stopping, carried) = (builder.graceful_shutdown_signal(), carried.clone());
    // `HttpServer` does the same, but for the upgrade: it keeps the buffers of a connection that is a socket by now.
    let connections = move || {
        let stopping = stopping.clone();
        let served = || {
            let application = application(state.clone(), sockets.clone()).into_factory();
            map_config(application, |()| AppConfig::default())
        };
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(REQUEST_HEAD_WITHIN)
            .client_disconnect_timeout(LAST_BYTES_WITHIN)
            .local_addr(address)
            .on_connect_ext(|io: &TcpStream, data| cut::on_connect(io, data))
            .upgrade(Carriers::new(served(), carried.clone()))
            .h1(served())
            .tcp()
    };
    let server = builder.listen("public", listener, connections)?.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

fn spawn_admin(listener: TcpListener, state: web::Data<AppState>) -> io::Result<ServerHandle> {
    let app = move || App::new().wrap(headers::everywhere()).app_data(state.clone()).configure(routes::admin);
    let server = HttpServer::new(app)
        .workers(1)
        .client_request_timeout(REQUEST_HEAD_WITHIN)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    let open = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A server that was just stopped leaves its connections behind for a minute; they must not keep the next one out.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(ACCEPT_BACKLOG).unwrap_or(i32::MAX))?;
        Ok(TcpListener::from(socket))
    };
    open().map_err(|error| StartError::Listen { setting, address, error })
}

async fn secret(store: &SharedStore, settings: &Settings) -> Result<Secret, StartError> {
    if let Some(secret) = &settings.security.secret {
        return Ok(secret.clone());
    }
    let mut candidate = [0; SECRET_BYTES_MIN];
    getrandom::fill(&mut candidate)?;
    Ok(Secret::new(store.secret("installation", &candidate).await?))
}
