//! What keeps the code in shape: who may import whom, how long a file is, what no file says. A rule that finds
//! nothing to check fails too.

mod arrows;
mod rules;
mod scrub;
mod shipped;
mod sources;
mod types;
