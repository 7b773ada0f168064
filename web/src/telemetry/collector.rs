//! The way to a collector: HTTP, or HTTPS with the authorities that browsers trust, or those of `otlp_ca` alone. It blocks
//! its thread, which is one that does nothing else.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use engine::domain::limits::{TRACES_ANSWER_MAX, TRACES_WITHIN};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// See the module.
#[derive(Debug)]
pub struct Collector(Agent);

impl Collector {
    /// Trusts these authorities; none are the usual ones.
    pub fn trusting(authorities: &[Certificate<'static>]) -> Self {
        let roots = match authorities {
            [] => RootCerts::WebPki,
            own => RootCerts::Specific(Arc::new(own.to_vec())),
        };
        let config = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_global(Some(TRACES_WITHIN))
            // Traces go where they were meant to go, and nowhere else.
            .max_redirects(0)
            .proxy(None);
        Self(config.build().new_agent())
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let mut answer = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let body = answer.body_mut().with_config().limit(TRACES_ANSWER_MAX).read_to_vec()?;
        Ok(answer.map(|_| Bytes::from(body)))
    }
}

/// The certificates of a file in PEM form; `None` where it cannot be read, holds none, or one that cannot be understood.
pub fn authorities(file: &Path) -> Option<Vec<Certificate<'static>>> {
    let text = std::fs::read(file).ok()?;
    let (mut found, mut store) = (Vec::new(), RootCertStore::empty());
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.ok()? {
            store.add(CertificateDer::from_slice(certificate.der())).ok()?;
            found.push(certificate);
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::authorities;

    #[test]
    fn a_file_of_authorities_holds_at_least_one_certificate() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        assert!(authorities(file.path()).is_none(), "an empty one");
        file.write_all(b"-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n").unwrap();
        assert!(authorities(file.path()).is_none(), "what it holds is no certificate");
        assert!(authorities(std::path::Path::new("/nowhere/ca.pem")).is_none());
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        assert!(authorities(key.path()).is_none(), "a key is no authority");
    }
}
