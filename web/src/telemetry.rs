//! Logs on standard error: readable lines, or one JSON object each. No personal data above debug. Traces go to a
//! collector, where one is named.

pub mod collector;
pub mod otlp;

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogSettings;

/// Starts the logs of this process; a second call changes nothing.
pub fn start(settings: &LogSettings) {
    // The filter was checked when the settings were read.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_default();
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let started = if settings.json {
        // Else a panic would put lines of text among the objects.
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let payload = panic.payload();
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let words = text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("without words");
            tracing::error!(place, words, "panicked");
        }));
        logs.json().try_init()
    } else {
        logs.compact().try_init()
    };
    if started.is_err() {
        tracing::debug!("logs had been started before");
    }
}
