//! Traces over TLS: a collector whose certificate comes from an authority of one's own hears how a chat went when that
//! authority is named, and not a word when it is not.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use switchboard_tests::server::TestServer;

use crate::suite::seen::traces::a_conversation;

#[tokio::test]
async fn a_collector_is_told_over_tls_by_who_trusts_it() {
    let collector = Collector::start();
    let authority = tempfile::NamedTempFile::new().expect("a file for the authority");
    std::fs::write(authority.path(), &collector.authority).expect("it is kept");
    let ca = authority.path().display().to_string();
    let mut server = TestServer::with(&[("SWITCHBOARD_OTLP_URL", &collector.url), ("SWITCHBOARD_OTLP_CA", &ca)]);
    let chat = a_conversation(&server).await;
    assert!(tokio::task::spawn_blocking(move || server.stop()).await.expect("it is waited for").success());
    let names = collector.names_of_trace(&chat);
    assert!(names.iter().any(|name| name == "chat") && names.len() > 4, "{names:?}");
}

#[tokio::test]
async fn a_collector_that_nobody_vouches_for_hears_nothing() {
    let collector = Collector::start();
    let mut server = TestServer::with(&[("SWITCHBOARD_OTLP_URL", &collector.url)]);
    a_conversation(&server).await;
    assert!(tokio::task::spawn_blocking(move || server.stop()).await.expect("it is waited for").success());
    assert!(lock(&collector.bodies).is_empty(), "the authority is nobody's that browsers trust");
    assert!(*lock(&collector.callers) > 0, "it was tried");
}

/// A collector with a certificate of its own authority.
struct Collector {
    url: String,
    authority: String,
    callers: Arc<Mutex<usize>>,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    fn start() -> Self {
        let (authority, config) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let (callers, bodies) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, kept) = (Arc::clone(&callers), Arc::clone(&bodies));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *lock(&counted) += 1;
                let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(StreamOwned::new(connection, stream), &kept));
            }
        });
        Self { url, authority, callers, bodies }
    }

    fn names_of_trace(&self, chat: &str) -> Vec<String> {
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let bodies = lock(&self.bodies);
        let requests = bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.as_slice()).expect("traces"));
        let scopes = requests.flat_map(|request| request.resource_spans).flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans).filter(|span| hex(&span.trace_id) == chat);
        spans.map(|span| span.name).collect()
    }
}

/// An authority in PEM form, and a server whose certificate it has signed.
fn certificates() -> (String, Arc<ServerConfig>) {
    let mut authority = CertificateParams::new(Vec::<String>::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let private = PrivateKeyDer::try_from(key.serialize_der()).expect("the key's form");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a certificate with its key");
    (authority.pem(), Arc::new(config))
}

/// Answers the requests of one connection until it ends, or is not trusted.
fn serve(mut stream: StreamOwned<ServerConnection, std::net::TcpStream>, bodies: &Mutex<Vec<Vec<u8>>>) {
    let (mut heard, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let end = loop {
            if let Some(end) = heard.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read(&mut part) {
                Ok(read @ 1..) => heard.extend_from_slice(&part[..read]),
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&heard[..end]).to_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let length = length.expect("a length");
        while heard.len() < end + length {
            match stream.read(&mut part) {
                Ok(read @ 1..) => heard.extend_from_slice(&part[..read]),
                _ => return,
            }
        }
        lock(bodies).push(heard[end..end + length].to_vec());
        heard.drain(..end + length);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
