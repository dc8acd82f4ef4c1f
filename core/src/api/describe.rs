//! The objects described: what types for other languages, an editor's completion and its hover are made from.
//!
//! A description stands apart from [`super::object::Object`], so that a build that does not ask for it does not carry
//! its texts.

use super::meta::{IntOrString, Time};
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;

/// What a value looks like in JSON.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A string.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A whole number or a string: `intstr.IntOrString`.
    IntegerOrString,
    /// Any value.
    Any,
    /// An array.
    List(Box<Shape>),
    /// An object whose names are the author's.
    Map(Box<Shape>),
    /// An object with known fields.
    Struct(Description),
}

/// A struct described.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// The Rust type's name, which is the Go type's too unless they collide.
    pub name: &'static str,
    /// Its documentation, Markdown.
    pub doc: &'static str,
    /// Its fields, in the order of the Go type.
    pub fields: &'static [FieldDescription],
}

/// A field described.
#[derive(Clone, Copy, Debug)]
pub struct FieldDescription {
    /// Its JSON name.
    pub name: &'static str,
    /// Its documentation, Markdown.
    pub doc: &'static str,
    /// What its value looks like.
    pub shape: fn() -> Shape,
}

/// A type that can describe what its values look like in JSON.
pub trait Describe {
    /// What its values look like.
    fn shape() -> Shape;
}

macro_rules! plain {
    ($($type:ty => $shape:ident),*) => {
        $( impl Describe for $type {
            fn shape() -> Shape {
                Shape::$shape
            }
        } )*
    };
}

plain! {
    String => String,
    Time => String,
    bool => Boolean,
    i32 => Integer,
    i64 => Integer,
    IntOrString => IntegerOrString,
    Json => Any
}

impl<T: Describe> Describe for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }
}

impl<T: Describe> Describe for BTreeMap<String, T> {
    fn shape() -> Shape {
        Shape::Map(Box::new(T::shape()))
    }
}
