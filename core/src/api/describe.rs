//! The objects described: what types for other languages, an editor's completion and its hover are made from.
//!
//! A description stands apart from [`super::object::Object`], so that a build that does not ask for it does not carry
//! its texts.

use super::meta::{IntOrString, Time};
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::borrow::Cow;

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
    /// One of these words; another one too, where `is_open`.
    Word {
        /// The words.
        known: Vec<&'static str>,
        /// Whether there are others.
        is_open: bool,
    },
    /// Any object of the kinds that the project knows.
    AnyObject,
    /// `null` or that.
    OrNull(Box<Shape>),
    /// One of these.
    OneOf(Vec<Shape>),
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
    /// Whether it may be absent.
    pub is_optional: bool,
}

/// A type that can describe what its values look like in JSON.
pub trait Describe {
    /// What its values look like.
    fn shape() -> Shape;

    /// What its values look like in a member that is never absent: where there is no value, it is `null`.
    fn shape_or_null() -> Shape {
        Self::shape()
    }
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
    str => String,
    String => String,
    Time => String,
    bool => Boolean,
    u8 => Integer,
    u16 => Integer,
    u32 => Integer,
    u64 => Integer,
    usize => Integer,
    i32 => Integer,
    i64 => Integer,
    IntOrString => IntegerOrString,
    Json => Any,
    Node => Any
}

impl<T: Describe> Describe for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn shape_or_null() -> Shape {
        Shape::OrNull(Box::new(T::shape()))
    }
}

impl<T: Describe + ?Sized> Describe for &T {
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: Describe> Describe for Box<T> {
    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: Describe + ToOwned + ?Sized> Describe for Cow<'_, T> {
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
