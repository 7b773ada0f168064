//! All tests of the product from outside, in one binary, so that it links once.

#[path = "suite/conformance.rs"]
mod conformance;
