//! What is logged, and in which form; where traces are sent.

use std::path::{Path, PathBuf};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use ureq::tls::Certificate;
use url::Url;

use crate::config::Reader;
use crate::telemetry::collector::authorities;

/// Where collectors take OTLP over gRPC, by registration: whoever names it would wait for traces in vain.
const GRPC_PORT: u16 = 4317;

/// The HTTP server tells of each of its threads; nobody needs that.
const DEFAULT: &str = "info,actix_server=warn";

/// Filter and form.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Directives such as `info,switchboard_web=debug`; checked when they were read.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
    /// The collector that traces are sent to over OTLP (HTTP, protobuf); none: nothing is traced.
    pub otlp_url: Option<Url>,
    /// The file of authorities that the collector's certificate must come from; none: the usual ones.
    pub otlp_ca: Option<PathBuf>,
    /// What it holds.
    pub otlp_authorities: Vec<Certificate<'static>>,
    /// The share of chats that are traced.
    pub otlp_ratio: f64,
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let ca =
            "expected a file of PEM certificates that can be read, whose authorities a collector's is held against";
        let ca = reader.optional("otlp_ca", ca, |text| Some((PathBuf::from(text), authorities(Path::new(text))?)));
        let (otlp_ca, otlp_authorities) = ca.map_or((None, Vec::new()), |(file, found)| (Some(file), found));
        let filter = "expected error, warn, info, debug or trace, or a list such as info,engine=debug";
        Self {
            filter: reader.or("log", DEFAULT.to_owned(), filter, |text| fits(text).then(|| text.to_owned())),
            json: reader.or("log_format", false, "expected text or json", |text| match text {
                "text" => Some(false),
                "json" => Some(true),
                _ => None,
            }),
            // An address may bear a password, which nobody repeats.
            otlp_url: reader.secret(
                "otlp_url",
                "expected the address of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318 or \
                 https://collector.example.com:4318, without a path or a password; OTLP over gRPC is not spoken: \
                 collectors take that at port 4317, and HTTP at another one, mostly 4318",
                collector,
            ),
            otlp_ca,
            otlp_authorities,
            otlp_ratio: reader.or("otlp_ratio", 1.0, "expected the share of chats to trace, from 0 to 1", |text| {
                text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio))
            }),
        }
    }
}

/// A collector beside the server is spoken to in the clear, one elsewhere over TLS. No key is kept for it.
fn collector(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let open = url.username().is_empty() && url.password().is_none();
    let http = matches!(url.scheme(), "http" | "https") && url.port() != Some(GRPC_PORT);
    (http && url.has_host() && open && bare).then_some(url)
}

/// Whether it is a filter. A bare word must be a level: else a slip such as `verbose` would name a part of the
/// program that does not exist, and log nothing.
fn fits(text: &str) -> bool {
    let bare = |directive: &str| {
        directive.contains(['=', '[']) || !directive.is_empty() && directive.parse::<LevelFilter>().is_ok()
    };
    text.split(',').all(bare) && EnvFilter::builder().parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, collector, fits};

    #[test]
    fn a_slip_in_the_log_filter_is_told_from_a_filter() {
        for good in [DEFAULT, "info", "warn,engine=debug", "off", "info,switchboard_web::routes=trace"] {
            assert!(fits(good), "{good}");
        }
        for bad in ["verbose", "engine=loud", "info,,debug", "info, warn", ""] {
            assert!(!fits(bad), "{bad}");
        }
    }

    #[test]
    fn a_collector_is_an_address_without_a_path_or_a_key() {
        assert!(collector("http://collector:4318").is_some() && collector("http://[::1]:4318/").is_some());
        assert!(collector("https://collector.example.com").is_some());
        for bad in [
            "collector:4318",
            "http://c:4318/v1/traces",
            "http://user:key@c",
            "https://:key@c",
            "grpc://c:4317",
            "http://c:4317",
        ] {
            assert!(collector(bad).is_none(), "{bad}");
        }
    }
}
