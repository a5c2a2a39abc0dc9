//! The program `lanyard`.

fn main() {}
