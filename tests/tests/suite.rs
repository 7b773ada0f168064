//! Every test of the product from outside, in one binary, so that it links once.

mod suite {
    mod browser;
    mod conformance;
    mod data_folder;
    mod engines;
    mod it;
    mod log;
    mod power_loss;
    mod seen;
    mod tidy;
}
