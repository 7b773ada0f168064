//! Settings: read from a TOML file, the environment and flags, checked all at once, so that everything that is
//! wrong is named in one go. A [`Settings`] that exists is right.

mod about;
pub mod logs;
pub mod network;
pub mod problem;
pub mod security;
pub mod source;
pub mod storage;

use std::collections::BTreeMap;
use std::fmt::Write;

pub use crate::config::logs::LogSettings;
pub use crate::config::network::NetworkSettings;
pub use crate::config::problem::{Problem, WrongSettings};
pub use crate::config::security::{Secret, SecuritySettings};
pub use crate::config::source::Sources;
pub use crate::config::storage::StorageSettings;

use crate::config::source::Written;

/// Every setting by its name in the file, in the order they are shown.
pub const NAMES: [&str; 19] = [
    "listen",
    "data_dir",
    "database_url",
    "redis_url",
    "node",
    "admin_listen",
    "public_url",
    "smtp_url",
    "files_url",
    "secret",
    "trusted_proxies",
    "workers",
    "visitor_commands_per_second",
    "demo_allow_remote",
    "log",
    "log_format",
    "otlp_url",
    "otlp_ca",
    "otlp_ratio",
];

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses and threads.
    pub network: NetworkSettings,
    /// Folders and names.
    pub storage: StorageSettings,
    /// Secrets and bounds.
    pub security: SecuritySettings,
    /// Logs.
    pub logs: LogSettings,
    shown: String,
}

impl Settings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// Everything that is wrong, each with the right form.
    pub fn read(sources: &Sources) -> Result<Self, WrongSettings> {
        let mut problems = Vec::new();
        let written = source::read(sources, &NAMES, &mut problems);
        let mut reader = Reader { written: &written, problems: &mut problems };
        let mut settings = Self {
            network: NetworkSettings::read(&mut reader),
            storage: StorageSettings::read(&mut reader),
            security: SecuritySettings::read(&mut reader),
            logs: LogSettings::read(&mut reader),
            shown: String::new(),
        };
        if !problems.is_empty() {
            return Err(WrongSettings(problems));
        }
        settings.shown = settings.show(&written);
        Ok(settings)
    }

    /// The settings in force as TOML, each with what it is and where it comes from; secrets hidden.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether they suit the demo.
    ///
    /// # Errors
    /// It would listen beyond this machine, with passwords that everybody knows, and was not told that it may.
    pub fn suit_demo(&self) -> Result<(), WrongSettings> {
        let expected = "expected an address of this machine only, such as 127.0.0.1:8080, for the demo, whose passwords \
                        are public; demo_allow_remote = true allows others";
        let addresses = [("listen", self.network.listen), ("admin_listen", self.network.admin_listen)];
        let beyond = addresses.into_iter().filter(|(_, address)| !address.ip().to_canonical().is_loopback());
        let problem =
            |(name, address): (_, std::net::SocketAddr)| Problem::form(name, expected, Some(&address.to_string()));
        let problems: Vec<Problem> = beyond.map(problem).collect();
        if self.security.demo_allow_remote || problems.is_empty() { Ok(()) } else { Err(WrongSettings(problems)) }
    }

    /// Whether people come over TLS.
    pub fn behind_tls(&self) -> bool {
        self.network.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    fn show(&self, written: &BTreeMap<&'static str, Written>) -> String {
        let mut out = String::new();
        for name in NAMES {
            let origin = written.get(name).map_or("default", |written| written.origin.as_str());
            let line = match self.value(name) {
                Some(value) => format!("{name} = {value}"),
                None => format!("# {name} is not set"),
            };
            let variable = source::variable(name);
            let _ = writeln!(out, "# {} ({variable})\n{line}  # {origin}", about::about(name));
        }
        out
    }

    fn value(&self, name: &str) -> Option<String> {
        let quoted = |text: &dyn std::fmt::Display| Some(format!("{:?}", text.to_string()));
        match name {
            "listen" => quoted(&self.network.listen),
            "data_dir" => quoted(&self.storage.data_dir.display()),
            "node" => quoted(&self.storage.node),
            "admin_listen" => quoted(&self.network.admin_listen),
            "public_url" => self.network.public_url.as_ref().and_then(|url| quoted(url)),
            "secret" => self.security.secret.as_ref().and_then(|_| quoted(&"(hidden)")),
            "trusted_proxies" => {
                let ranges: Vec<String> =
                    self.network.trusted_proxies.iter().map(|range| format!("\"{range}\"")).collect();
                Some(format!("[{}]", ranges.join(", ")))
            }
            "workers" => Some(self.network.workers.to_string()),
            "visitor_commands_per_second" => Some(self.security.visitor_commands_per_second.to_string()),
            "demo_allow_remote" => Some(self.security.demo_allow_remote.to_string()),
            "log" => quoted(&self.logs.filter),
            "otlp_url" => self.logs.otlp_url.as_ref().and_then(|url| quoted(url)),
            "otlp_ca" => self.logs.otlp_ca.as_ref().and_then(|file| quoted(&file.display())),
            "otlp_ratio" => Some(self.logs.otlp_ratio.to_string()),
            "log_format" => quoted(&if self.logs.json { "json" } else { "text" }),
            _ => None,
        }
    }
}

/// Hands out settings one by one and collects what is wrong with them.
pub(crate) struct Reader<'a> {
    written: &'a BTreeMap<&'static str, Written>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    /// A setting that may be absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = &self.written.get(name)?.text;
        let value = parse(text);
        if value.is_none() {
            self.problems.push(Problem::form(name, expected, Some(text)));
        }
        value
    }

    /// A setting with a default.
    pub(crate) fn or<T>(
        &mut self,
        name: &'static str,
        default: T,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        self.optional(name, expected, parse).unwrap_or(default)
    }

    /// A setting whose value no message may repeat.
    pub(crate) fn secret<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(&self.written.get(name)?.text);
        if value.is_none() {
            self.problems.push(Problem::form(name, expected, None));
        }
        value
    }

    /// A setting of the contract that this version does not serve; addresses may bear passwords, so that none is repeated.
    pub(crate) fn not_yet(&mut self, name: &'static str, instead: &str) {
        if self.written.contains_key(name) {
            self.problems.push(Problem::form(name, &format!("is not served by this version; {instead}"), None));
        }
    }
}

#[cfg(test)]
mod tests;
