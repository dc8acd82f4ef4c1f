//! JSON in and out, trees in which every value knows its place, sorted maps, sorting, and short texts: the hot path of
//! every question.
//!
//! A separate crate, so that the WebAssembly build can compile it for speed and everything else for size.

pub mod base64;
pub mod collections;
pub mod go;
pub mod json;
pub mod sort;
pub mod text;
pub mod tree;
