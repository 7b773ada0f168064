//! What the pages bear on their way to a browser: the policy, how long they are kept, and that they are small.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use serde_json::json;
use switchboard_tests::http::Browser;
use switchboard_tests::server::TestServer;

/// Everything from here, nothing inline, nothing else.
const STRICT: [(&str, &str); 5] = [
    ("default-src", "'self'"),
    ("img-src", "'self' data:"),
    ("object-src", "'none'"),
    ("base-uri", "'none'"),
    ("form-action", "'self'"),
];

const FOREVER: &str = "public, max-age=31536000, immutable";

#[tokio::test]
async fn every_page_allows_what_it_needs_and_nothing_else() {
    let server = TestServer::start();
    let admin = Browser::signed_in(&server.url(), "admin").await;
    admin.patch("/api/v1/brands/demo", json!({ "origins": ["https://shop.example"] })).await.ok();
    for (path, framed_by) in [
        ("/", "'none'"),
        ("/settings/brands", "'none'"),
        ("/demo", "'none'"),
        ("/chat/demo", "'none'"),
        ("/window/demo", "'self' https://shop.example"),
    ] {
        let (_, headers, _) = get(&server, path, &[]).await;
        let mut expected: BTreeMap<&str, &str> = STRICT.into();
        expected.insert("frame-ancestors", framed_by);
        assert_eq!(policy(&headers), expected, "{path}");
    }
    // What is no document of ours loads nothing, should a browser take it for one.
    for path in ["/api/v1/auth/me", "/api/v1/status?brand=demo", "/widget.js", "/health/live", "/nowhere.txt"] {
        let (_, headers, _) = get(&server, path, &[]).await;
        assert_eq!(policy(&headers), [("default-src", "'none'"), ("frame-ancestors", "'none'")].into(), "{path}");
    }
}

#[tokio::test]
async fn pages_are_asked_for_again_and_what_they_name_by_its_content_is_kept_for_good() {
    let server = TestServer::start();
    for page in ["/", "/settings/brands", "/window/demo", "/chat/demo", "/demo"] {
        let (status, headers, text) = get(&server, page, &[]).await;
        assert_eq!((status, field(&headers, "cache-control")), (StatusCode::OK, "no-cache"), "{page}");
        let (status, _, nothing) = get(&server, page, &[("if-none-match", field(&headers, "etag"))]).await;
        assert_eq!((status, nothing.len()), (StatusCode::NOT_MODIFIED, 0), "{page}");
        let text = String::from_utf8(text).expect("a page is text");
        let parts: Vec<&str> = ["src=\"", "href=\""]
            .iter()
            .flat_map(|before| text.split(before).skip(1))
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| path.contains("/assets/"))
            .collect();
        assert!(parts.iter().any(|path| path.ends_with(".css")), "{page} names its parts: {parts:?}");
        for part in parts {
            let (status, headers, _) = get(&server, part, &[]).await;
            assert_eq!((status, field(&headers, "cache-control")), (StatusCode::OK, FOREVER), "{part} of {page}");
        }
    }
    // Websites name it without a mark of its content: it is kept for five minutes.
    let (_, headers, _) = get(&server, "/widget.js", &[]).await;
    assert_eq!(field(&headers, "cache-control"), "public, max-age=300");
    for private in ["/api/v1/auth/me", "/health/ready"] {
        assert_eq!(field(&get(&server, private, &[]).await.1, "cache-control"), "no-store", "{private}");
    }
}

#[tokio::test]
async fn text_comes_compressed_to_whoever_can_read_it() {
    let server = TestServer::start();
    let (_, _, page) = get(&server, "/", &[]).await;
    let page = String::from_utf8(page).expect("a page is text");
    let script = page.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the console's script");
    for path in [script, "/widget.js", "/window/demo"] {
        let (_, headers, plain) = get(&server, path, &[]).await;
        assert_eq!(headers.get("content-encoding"), None, "{path}: nobody asked for it");
        let mut largest = plain.len();
        for (accepts, encoding) in [("gzip", "gzip"), ("gzip, br", "br")] {
            let (_, headers, packed) = get(&server, path, &[("accept-encoding", accepts)]).await;
            assert_eq!(field(&headers, "content-encoding"), encoding, "{path}");
            assert!(field(&headers, "vary").to_lowercase().contains("accept-encoding"), "{path}");
            assert!(packed.len() < largest, "{path}: {} bytes of {largest} in {encoding}", packed.len());
            largest = packed.len();
        }
    }
}

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Client::new().get(format!("{}{path}", server.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("the server answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.bytes().await.expect("a body").to_vec())
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    value.to_str().expect("a header is text")
}

/// The directives of the content security policy.
fn policy(headers: &HeaderMap) -> BTreeMap<&str, &str> {
    let directives = field(headers, "content-security-policy").split(';').map(str::trim);
    directives.map(|directive| directive.split_once(' ').unwrap_or((directive, ""))).collect()
}
