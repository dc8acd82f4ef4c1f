//! What a name, a label, an address or a port has to look like, in the server's own words.
//!
//! Each function takes a value and gives the messages that say what is wrong with it, none where nothing is.

pub mod ip;
pub mod labels;
pub mod names;

use std::borrow::Cow;

/// What is wrong with a value, in the order in which the server says it.
pub type Messages = Vec<Cow<'static, str>>;
