//! What browsers are told to allow: nothing but what our own pages need.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use url::Url;

/// For documents that nobody may frame: all from here, nothing inline.
pub const PAGE: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                        form-action 'self'; frame-ancestors 'none'";

/// For everything that is no document of ours: it loads nothing, should a browser take it for one.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

const FEATURES: &str = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()";

const CROSS_ORIGIN: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What every answer bears unless it says otherwise.
pub fn everywhere() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::REFERRER_POLICY, "strict-origin-when-cross-origin"))
        .add((header::PERMISSIONS_POLICY, FEATURES))
        .add((header::CONTENT_SECURITY_POLICY, NOTHING))
        .add((CROSS_ORIGIN, "same-origin"))
}

/// The policy of a window that only pages of these origins and our own may frame. What is not an origin is left out:
/// it could smuggle in a directive.
pub fn framed_by(origins: &[String]) -> String {
    let bare = PAGE.trim_end_matches("'none'");
    let origin = |text: &String| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        Some(format!(" {}", url.origin().ascii_serialization()))
    };
    let allowed: String = origins.iter().filter_map(origin).collect();
    format!("{bare}'self'{allowed}")
}

/// A document's headers; `alone`: older browsers are told too that nobody may frame it.
pub fn page(headers: &mut HeaderMap, policy: &str, alone: bool) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if alone {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
}

/// Pages of every origin may load it: it is public, and the same for everybody.
pub fn for_any_page(headers: &mut HeaderMap) {
    headers.insert(CROSS_ORIGIN, HeaderValue::from_static("cross-origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}
