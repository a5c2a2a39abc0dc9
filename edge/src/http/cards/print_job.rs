//! A print job as a desk shows it.
