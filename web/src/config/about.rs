//! What each setting is, in words for whoever runs the server.

/// The words for the setting of that name.
pub(super) fn about(name: &str) -> &'static str {
    match name {
        "listen" => "Where visitors and operators connect",
        "data_dir" => "The folder with the database and the files",
        "database_url" => "PostgreSQL instead of SQLite in the data folder; not served by this version",
        "redis_url" => "Redis, for several nodes; not served by this version",
        "node" => "This node's name",
        "admin_listen" => "Where metrics and health are served; for this network only",
        "public_url" => "The address in people's browsers, where a proxy stands in front",
        "smtp_url" => "Where mail is handed over; not served by this version",
        "files_url" => "A store for files instead of the data folder; not served by this version",
        "secret" => {
            "At least 32 bytes, in hexadecimal digits or base64, that tokens are signed with; made and kept when unset"
        }
        "trusted_proxies" => "Networks whose word for a client's address is taken",
        "workers" => "Threads that serve",
        "visitor_commands_per_second" => "What one visitor may send in all tabs, on average",
        "demo_allow_remote" => "Lets the demo, whose passwords are public, listen beyond this machine",
        "log" => "What is logged: error, warn, info, debug, trace, or a list such as info,engine=debug",
        "log_format" => "text or json",
        "otlp_url" => "The collector that traces go to, by OTLP over HTTP",
        "otlp_ca" => "A file with the authorities that vouch for the collector, in PEM",
        "otlp_ratio" => "The part of all chats that is traced, from 0 to 1",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NAMES;

    #[test]
    fn every_setting_is_told_in_words_of_its_own() {
        let words: std::collections::BTreeSet<&str> = NAMES.iter().map(|name| about(name)).collect();
        assert_eq!(words.len(), NAMES.len());
        assert!(!words.contains(""));
    }
}
