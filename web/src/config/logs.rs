//! What is logged, and in which form.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::Reader;

/// The HTTP server tells of each of its threads; nobody needs that.
const DEFAULT: &str = "info,actix_server=warn";

/// Filter and form.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// Directives such as `info,switchboard_web=debug`; checked when they were read.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let filter = "expected error, warn, info, debug or trace, or a list such as info,engine=debug";
        Self {
            filter: reader.or("log", DEFAULT.to_owned(), filter, |text| fits(text).then(|| text.to_owned())),
            json: reader.or("log_format", false, "expected text or json", |text| match text {
                "text" => Some(false),
                "json" => Some(true),
                _ => None,
            }),
        }
    }
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
    use super::{DEFAULT, fits};

    #[test]
    fn a_slip_in_the_log_filter_is_told_from_a_filter() {
        for good in [DEFAULT, "info", "warn,engine=debug", "off", "info,switchboard_web::routes=trace"] {
            assert!(fits(good), "{good}");
        }
        for bad in ["verbose", "engine=loud", "info,,debug", "info, warn", ""] {
            assert!(!fits(bad), "{bad}");
        }
    }
}
