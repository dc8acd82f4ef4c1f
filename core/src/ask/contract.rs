//! The questions and answers described, for hosts that have types of their own: the npm package's declarations are made from
//! these descriptions, and a test holds recorded answers against them. Nothing is described here: every description comes
//! from the declaration of its type.

use super::DESCRIBED;
use crate::api::describe::{Describe, Description, Shape};
use crate::finding::Finding;

/// A kind of question described.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The value of `ask`.
    pub kind: &'static str,
    pub(super) question: fn() -> Shape,
    pub(super) answer: fn() -> Shape,
}

impl Described {
    /// The question: its documentation and its members beside `ask` and `id`.
    pub fn question(&self) -> Option<Description> {
        object(self.question)
    }

    /// The answer: its members beside `ask` and `id`.
    pub fn answer(&self) -> Option<Description> {
        object(self.answer)
    }
}

fn object(shape: fn() -> Shape) -> Option<Description> {
    match shape() {
        Shape::Struct(description) => Some(description),
        _ => None,
    }
}

/// The kinds of question, in the order of the contract.
pub fn kinds() -> &'static [Described] {
    DESCRIBED
}

/// What a check of the whole cluster finds: [`Finding`].
pub fn finding() -> Shape {
    Finding::shape()
}
