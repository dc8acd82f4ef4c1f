//! JSON in and out, trees in which every value knows its place, sorted maps, and short texts.
//!
//! They are a crate of their own because a question to a WebAssembly module spends most of its time here: there this crate is compiled for
//! speed and the engines for size. `portolan` gives its names on.

pub mod collections;
pub mod json;
pub mod manifest;
pub mod order;
pub mod text;
