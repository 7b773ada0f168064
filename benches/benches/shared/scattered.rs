//! Names and numbers without a pattern that are the same in each run.

use engine::domain::ids::OperatorId;
use uuid::Uuid;

/// Numbers without a pattern that are the same in each run.
pub fn scattered(n: u64) -> u64 {
    let mixed = (n ^ (n >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// One of the operators; their ids come in no order.
pub fn operator(n: u64) -> OperatorId {
    OperatorId(Uuid::from_u64_pair(scattered(n), n))
}
