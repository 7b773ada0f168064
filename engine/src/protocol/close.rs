//! The codes a socket is closed with. 4400 to 4499 tell a client not to come back; 1006, 1012, 1013 and
//! 4500 to 4599 tell it to come back with full jitter, 0.5 to 30 s.

/// A frame was larger than allowed (RFC 6455, section 7.4.1).
pub const TOO_BIG: u16 = 1009;
/// The server is about to stop; come back, another one may answer.
pub const RESTART: u16 = 1012;
/// The reader was too slow; come back and resume.
pub const TRY_LATER: u16 = 1013;
/// Signed out, or the token is not valid.
pub const SIGNED_OUT: u16 = 4401;
/// Not allowed here.
pub const FORBIDDEN: u16 = 4403;
/// No `hello` in time.
pub const NO_HELLO: u16 = 4508;
/// Another socket took this one's place.
pub const REPLACED: u16 = 4409;
/// This version of the protocol is not served any more.
pub const VERSION: u16 = 4426;
/// The server cannot serve now.
pub const UNAVAILABLE: u16 = 4503;
