//! The print jobs of one printer, as the engine keeps them.
