//! Checks on the sources themselves: each test reads files of this repository and holds them against a rule that no compiler
//! knows.

mod collections;
mod directions;
mod files;
mod parameters;
mod sources;
mod words;
