//! Whether a request comes from a page of our own. Browsers send `Origin` with every WebSocket handshake and with
//! every unsafe request, and pages cannot forge it.

use actix_web::HttpRequest;
use actix_web::http::header;
use url::Url;

use crate::config::Settings;

/// The `Origin` of a request.
pub fn of(request: &HttpRequest) -> Option<&str> {
    request.headers().get(header::ORIGIN)?.to_str().ok()
}

/// Whether that origin is the console's: the public address where one is set, else the address the request went to.
pub fn is_own(request: &HttpRequest, settings: &Settings, origin: &str) -> bool {
    match &settings.network.public_url {
        Some(url) => url.origin().ascii_serialization() == origin,
        None => {
            let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
            let own = host.and_then(|host| Url::parse(&format!("http://{host}")).ok());
            own.is_some_and(|own| own.origin().ascii_serialization() == origin)
        }
    }
}

/// The origin of a website, as browsers send it: `https://www.example.com`.
pub fn read(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    (bare && url.username().is_empty() && url.password().is_none()).then(|| url.origin().ascii_serialization())
}

/// Whether a page of that origin may bear the widget of a brand with these origins; our own pages always may.
pub fn may_embed(request: &HttpRequest, settings: &Settings, origins: &[String], origin: &str) -> bool {
    origins.iter().any(|allowed| allowed == origin) || is_own(request, settings, origin)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::config::Sources;

    fn settings(public_url: Option<&str>) -> Settings {
        let environment = public_url.map(|url| ("SWITCHBOARD_PUBLIC_URL".to_owned(), url.to_owned()));
        Settings::read(&Sources { environment: environment.into_iter().collect(), ..Sources::default() }).unwrap()
    }

    #[test]
    fn websites_are_written_as_browsers_send_their_origin() {
        for (written, origin) in [
            (" https://Shop.Example/ ", "https://shop.example"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("https://shop.example:443", "https://shop.example"),
            ("https://b\u{fc}cher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(read(written).as_deref(), Some(origin));
        }
        let odd = [
            "",
            "shop.example",
            "*",
            "ftp://shop.example",
            "https://shop.example/a",
            "https://a@shop.example",
            "https://shop.example?a",
        ];
        for odd in odd {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn own_pages_are_told_from_foreign_ones() {
        let request = TestRequest::get().insert_header(("Host", "127.0.0.1:8080")).to_http_request();
        let bare = settings(None);
        assert!(is_own(&request, &bare, "http://127.0.0.1:8080"));
        for foreign in ["http://127.0.0.1:9999", "https://127.0.0.1:8080", "null", "http://evil.example"] {
            assert!(!is_own(&request, &bare, foreign), "{foreign}");
        }
        let public = settings(Some("https://chat.example.com/"));
        assert!(is_own(&request, &public, "https://chat.example.com"));
        assert!(!is_own(&request, &public, "http://127.0.0.1:8080"), "the public address is the only one");
        let shop = ["https://shop.example".to_owned()];
        assert!(may_embed(&request, &public, &shop, "https://shop.example"));
        assert!(!may_embed(&request, &public, &shop, "https://shop.example.evil"));
    }
}
