//! The load tester: a synthetic contact centre against a real server over real WebSockets, and the judge of what the
//! server did with it. Visitors come whatever happened to those before (open loop), latencies count from the moment
//! something was meant to happen, and everything by chance comes from a seed.

pub mod checker;
pub mod cli;
pub mod client;
pub mod draw;
pub mod mark;
pub mod metrics;
pub mod moment;
pub mod process;
pub mod recorder;
pub mod recording;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod simulate;
pub mod socket;
pub mod staff;
pub mod summary;
pub mod testimony;
pub mod theory;
pub mod units;
pub mod wire;
pub mod worker;
