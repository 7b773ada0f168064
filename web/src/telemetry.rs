//! Logs on standard error: readable lines, or one JSON object each. No personal data above debug.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogSettings;

/// Starts the logs of this process; a second call changes nothing.
pub fn start(settings: &LogSettings) {
    // The filter was checked when the settings were read.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_default();
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let started = if settings.json { logs.json().try_init() } else { logs.compact().try_init() };
    if started.is_err() {
        tracing::debug!("logs had been started before");
    }
}
