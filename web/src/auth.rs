//! Who is there, and what they may do.

pub mod address;
pub mod identity;
pub mod keyed;
pub mod lockout;
pub mod origin;
pub mod password;
pub mod session;
pub mod sight;
pub mod sign_in;
pub mod signed_in;
pub mod token;
pub mod visitor_token;

pub use signed_in::SignedIn;
