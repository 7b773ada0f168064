//! The product from outside: a server under test, and clients that speak the public contract.

pub mod conformance;
