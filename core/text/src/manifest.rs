//! Trees in which every value knows its place, and what reads them from JSON.

pub mod json;
pub mod node;

pub use node::{Key, Node, Number, Place, Value};
use thiserror::Error;

/// How deep sequences and mappings may nest. The limit of Go's `encoding/json` is 10,000; a stack in a browser is smaller.
pub const MAX_DEPTH: usize = 500;

/// Why a text cannot be read, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct SyntaxError {
    /// What was wrong.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}
