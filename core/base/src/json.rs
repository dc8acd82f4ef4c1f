//! JSON in and out: [`read`](read()) makes a tree in which every value knows its place, [`Json`] is what is written.

mod read;
mod view;
mod write;

pub use crate::json_object as json;
pub use read::{Values, read};
pub use view::{Show, Sink, ToView, View, to_json};
pub use write::{Json, JsonOf, write_string, write_view};
