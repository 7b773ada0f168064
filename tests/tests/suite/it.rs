//! Whole stories over real sockets, against the real binary.
