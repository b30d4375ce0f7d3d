//! The `gatehand` binary.

fn main() {}
