//! Files inside the binary, each with the smaller forms that were made when the UI was built.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "ui/dist/"]
struct Dist;

/// Forms a browser may take, the smallest first: what it calls them, and how their files end.
const FORMS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// How long a browser may keep a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cached {
    /// For good: another content has another name.
    Forever,
    /// For a while.
    For(Duration),
    /// It asks each time whether it is still the same.
    Asked,
}

/// A file in the form that suits a request.
#[derive(Debug, Clone)]
pub struct File {
    kind: &'static str,
    form: Option<&'static str>,
    data: Bytes,
    tag: String,
}

/// Whether there is no UI in the binary.
pub fn is_empty() -> bool {
    Dist::iter().next().is_none()
}

impl File {
    /// The file of that path; smaller forms cannot be asked for by their own names.
    pub fn find(request: &HttpRequest, path: &str) -> Option<Self> {
        Self::find_in::<Dist>(request, path)
    }

    /// The same among other files.
    pub fn find_in<Files: RustEmbed>(request: &HttpRequest, path: &str) -> Option<Self> {
        if FORMS.iter().any(|(_, end)| path.ends_with(end)) {
            return None;
        }
        let plain = Files::get(path)?;
        let accepted = FORMS.iter().filter(|(form, _)| accepts(request, form));
        let small = accepted.filter_map(|(form, end)| Some((*form, Files::get(&format!("{path}{end}"))?))).next();
        let (form, file) = small.map_or((None, plain), |(form, file)| (Some(form), file));
        let tag = file.metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let data = match file.data {
            std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
            std::borrow::Cow::Owned(data) => Bytes::from(data),
        };
        Some(Self { kind: kind(path), form, data, tag })
    }

    /// The answer: the file, or that the browser has it already.
    pub fn respond(self, request: &HttpRequest, cached: Cached) -> HttpResponse {
        let tag = format!("\"{}\"", self.tag);
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
        let same = known.is_some_and(|known| {
            known
                .split(',')
                .map(|known| known.trim().trim_start_matches("W/"))
                .any(|known| known == tag || known == "*")
        });
        let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        let cached = match cached {
            Cached::Forever => "public, max-age=31536000, immutable".to_owned(),
            Cached::For(time) => format!("public, max-age={}", time.as_secs()),
            Cached::Asked => "no-cache".to_owned(),
        };
        response.insert_header((header::CACHE_CONTROL, cached)).insert_header((header::VARY, "Accept-Encoding"));
        response.insert_header((header::ETAG, tag));
        if same {
            return response.finish();
        }
        if let Some(form) = self.form {
            response.insert_header((header::CONTENT_ENCODING, form));
        }
        response.insert_header((header::CONTENT_TYPE, self.kind)).body(self.data)
    }
}

fn accepts(request: &HttpRequest, form: &str) -> bool {
    let headers = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let wanted = |part: &str| {
        let mut words = part.split(';').map(str::trim);
        let weight = words.next().filter(|name| name.eq_ignore_ascii_case(form)).map(|_| {
            words.find_map(|word| word.strip_prefix("q=")).map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0))
        });
        weight.is_some_and(|weight| weight > 0.0)
    };
    headers.flat_map(|value| value.split(',')).any(wanted)
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
