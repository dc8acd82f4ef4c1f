//! Text in, documents out: YAML and JSON become one tree, in which every value knows its place.
//!
//! What comes in is the text of a file as people have it; what goes out is a [`Document`] for each document of the
//! stream, either a [`Node`] or the reason why not. A document that is refused does not take the next one with it.

pub mod json;
pub mod node;

pub use node::{Key, Node, Number, Place, Value};
