//! Caching, forms and policies of what a browser loads, on files of the test's own.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use rust_embed::RustEmbed;

use super::*;

#[derive(RustEmbed)]
#[folder = "tests/ui/"]
struct Sample;

const SCRIPT: &str = "console/assets/app-1a2b3c.js";

fn asking(headers: &[(&'static str, &str)]) -> HttpRequest {
    headers.iter().fold(TestRequest::get(), |request, header| request.insert_header(*header)).to_http_request()
}

fn answer(headers: &[(&'static str, &str)], cached: Cached) -> HttpResponse {
    let request = asking(headers);
    File::find_in::<Sample>(&request, SCRIPT).unwrap().respond(&request, cached)
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn a_browser_gets_the_smallest_form_it_can_read() {
    for (accepted, form) in [
        ("gzip, deflate, br", "br"),
        ("gzip;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("GZIP", "gzip"),
        ("brotli", ""),
        ("", ""),
    ] {
        let response = answer(&[("Accept-Encoding", accepted)], Cached::Forever);
        assert_eq!(header(&response, "content-encoding"), form, "{accepted}");
        assert_eq!(header(&response, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&response, "vary"), "Accept-Encoding");
    }
    assert!(File::find_in::<Sample>(&asking(&[]), &format!("{SCRIPT}.gz")).is_none(), "not by its own name");
    assert!(File::find_in::<Sample>(&asking(&[]), "console/../console/index.html").is_none());
}

#[actix_web::test]
async fn a_browser_that_has_it_already_is_not_sent_it_again() {
    let first = answer(&[], Cached::Asked);
    let tag = header(&first, "etag").to_owned();
    assert!(tag.starts_with('"') && header(&first, "cache-control") == "no-cache");
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = answer(&[("If-None-Match", &known)], Cached::Asked);
        assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, tag.as_str()));
        assert!(to_bytes(again.into_body()).await.unwrap().is_empty());
    }
    assert_eq!(answer(&[("If-None-Match", "\"other\"")], Cached::Asked).status(), 200);
    let small = answer(&[("Accept-Encoding", "gzip")], Cached::Asked);
    assert_ne!(header(&small, "etag"), tag, "each form has a tag of its own");
}

#[test]
fn what_is_named_by_its_content_is_kept_for_good() {
    assert!(header(&answer(&[], Cached::Forever), "cache-control").contains("immutable"));
    assert_eq!(header(&answer(&[], Cached::For(Duration::from_secs(7))), "cache-control"), "public, max-age=7");
}

#[test]
fn only_the_brands_own_pages_may_frame_its_window() {
    let policy = headers::framed_by(&["https://shop.example".to_owned(), "https://b.example:8443/x?y".to_owned()]);
    assert!(policy.ends_with("frame-ancestors 'self' https://shop.example https://b.example:8443"), "{policy}");
    let smuggled = headers::framed_by(&["https://a.example; script-src *".to_owned(), "*".to_owned(), String::new()]);
    assert!(smuggled.ends_with("frame-ancestors 'self'"), "{smuggled}");
    assert!(headers::PAGE.ends_with("frame-ancestors 'none'"));
}
