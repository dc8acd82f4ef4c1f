//! Checks on the sources themselves: each test reads files of this repository and holds them against a rule that no compiler
//! knows. A package of its own that needs no other, so that it is built and run in seconds: `cargo test -p portolan-tidy`.

#![cfg(test)]

mod collections;
mod directions;
mod files;
mod parameters;
mod sources;
mod words;
