//! What the benchmarks share: measuring a process from outside, pacing, the load, and running the floors, the
//! driver and the product as processes of their own, so that the CPU time of each is its own.

pub mod figures;
pub mod load;
pub mod machine;
pub mod pacer;
pub mod pairs;
pub mod process;
pub mod product;
pub mod socket;
pub mod stage;
