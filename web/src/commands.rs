//! What the commands do. Each says in one place what it prints and how it ends: 0 done, 1 failed, 2 wrong settings
//! or arguments.

use std::fs::File;
use std::io::{BufRead, BufWriter, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cli::{Cli, Command, CreateAdmin, ExportTraffic};
use crate::config::{Settings, WrongSettings};
use crate::provision::{Administrator, ProvisionError};
use crate::shutdown::Signals;
use crate::startup::{self, StartError};
use crate::traffic::{self, TrafficError};
use crate::{demo, provision, telemetry};

/// Why a command did not do it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Wrong settings.
    #[error(transparent)]
    Settings(#[from] WrongSettings),
    /// The server or the store did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Nobody was made administrator.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// No traffic was written, or not all.
    #[error(transparent)]
    Traffic(#[from] TrafficError),
    /// Told a second time to stop, before all was put to rest.
    #[error("stopped by a second signal, without waiting for what was under way")]
    CutShort,
    /// Standard input or output is not there.
    #[error("standard input or output failed: {0}")]
    Terminal(#[from] std::io::Error),
}

impl CommandError {
    /// The exit status.
    pub fn status(&self) -> u8 {
        let wrong = matches!(
            self,
            Self::Settings(_)
                | Self::Start(StartError::Settings(_))
                | Self::Provision(ProvisionError::Form(_) | ProvisionError::Slug)
        );
        if wrong { 2 } else { 1 }
    }
}

/// Does what the command line says.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(cli: Cli) -> Result<(), CommandError> {
    let settings = Settings::read(&cli.overrides.sources())?;
    if !matches!(cli.command, Command::CheckConfig) {
        telemetry::start(&settings.logs);
    }
    match cli.command {
        Command::Serve { demo } => serve(settings, demo).await,
        Command::CheckConfig => Ok(write!(std::io::stdout(), "{}", settings.shown())?),
        Command::Migrate => migrate(&settings).await,
        Command::CreateAdmin(wanted) => create_admin(&settings, wanted).await,
        Command::ExportTraffic(wanted) => export_traffic(&settings, wanted).await,
    }
}

async fn serve(settings: Settings, demo: bool) -> Result<(), CommandError> {
    if demo {
        settings.suit_demo()?;
    }
    let mut signals = Signals::listen()?;
    let running = startup::start(settings, demo).await?;
    let address = format!("http://{}", running.address);
    let mut words = format!("listening on {address}\nadmin on http://{}\n", running.admin_address);
    if running.state.demo {
        words.push_str(&demo::words(&address));
        words.push('\n');
    }
    // Whoever started us may have closed its end; that is no reason not to serve.
    if let Err(error) = std::io::stdout().write_all(words.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        tracing::warn!(%error, "standard output does not take our addresses");
    }
    tracing::info!(address = %running.address, admin_address = %running.admin_address, "serving");
    signals.next().await;
    tracing::info!("draining");
    tokio::select! {
        () = running.stop() => tracing::info!("stopped"),
        () = signals.next() => return Err(CommandError::CutShort),
    }
    Ok(())
}

async fn migrate(settings: &Settings) -> Result<(), CommandError> {
    let store = startup::open_store(settings).await?;
    store.close().await;
    writeln!(std::io::stdout(), "the database has the form of version {}", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}

async fn create_admin(settings: &Settings, wanted: CreateAdmin) -> Result<(), CommandError> {
    let (secret, made) = if wanted.password_stdin { (read_line()?, false) } else { (make_password()?, true) };
    // A slip of the pen leaves no empty database behind.
    let checked = Administrator::checked(wanted.account.as_deref(), &wanted.email, &secret)?;
    let store = startup::open_store(settings).await?;
    let account = provision::administrator(&store, &checked, startup::system_clock().now()).await;
    store.close().await;
    let mut out = std::io::stdout();
    writeln!(out, "{} is an administrator of the account {}", wanted.email, account?)?;
    if made {
        writeln!(out, "password: {secret}")?;
    }
    Ok(())
}

async fn export_traffic(settings: &Settings, wanted: ExportTraffic) -> Result<(), CommandError> {
    let store = startup::open_store(settings).await?;
    let mut out: Box<dyn Write> = match &wanted.file {
        // What is there already is not overwritten.
        Some(path) => Box::new(BufWriter::new(File::create_new(path).map_err(TrafficError::Write)?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let written = traffic::export(&store, wanted.account.as_deref(), &mut *out).await;
    store.close().await;
    if let (Err(_), Some(path)) = (&written, &wanted.file) {
        // A part is of no use, and would be in the way of the next try.
        let _ = std::fs::remove_file(path);
    }
    let written = written?;
    // Standard output may be the file.
    writeln!(std::io::stderr(), "{} chats with {} messages", written.chats, written.messages)?;
    Ok(())
}

fn read_line() -> Result<String, CommandError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// 120 random bits in 20 characters.
fn make_password() -> Result<String, StartError> {
    let mut bytes = [0; 15];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
