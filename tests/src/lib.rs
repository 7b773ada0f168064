//! The product from outside: a server under test, and clients that speak the public contract.

pub mod client;
pub mod conformance;
pub mod http;
pub mod identity;
pub mod postgres;
pub mod power_loss;
pub mod prometheus;
pub mod server;
pub mod small_disk;
pub mod typescript;

/// A folder of the project, seen from its root.
pub fn project(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
