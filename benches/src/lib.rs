//! What the benchmarks share: the floors and the clients.
