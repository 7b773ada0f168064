//! Every test of the product from outside, in one binary, so that it links once.

mod suite {
    mod conformance;
    mod it;
    mod tidy;
}
