//! JSON in and out: [`read`](read()) makes a tree in which every value knows its place, [`Json`] is what is written.

mod read;
mod write;

pub use crate::json_object as json;
pub use read::{Values, read};
pub use write::{Json, JsonOf, write_string};
