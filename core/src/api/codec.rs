//! How a tree becomes typed data and typed data becomes JSON.
//!
//! Decoding follows `sigs.k8s.io/json` (`internal/golang/encoding/json/decode.go`), which kube-apiserver decodes with:
//! names are case sensitive, `null` leaves a plain value alone and empties a list, a map or an optional one, a member
//! named twice is decoded twice into the same value, and after a value of the wrong type the rest is still decoded.
//!
//! A type only shows what it is made of ([`View`], [`Slot`]). What decodes, encodes and settles walks over that, and is
//! compiled once for all types.

mod leaf;

use super::decoder::Decoder;
use super::object::{Object, encode_object, settle_object};
use portolan_base::json::Json;
use portolan_base::tree::{Node, Value};
use std::fmt;

/// A typed value that JSON can be decoded into and written from.
pub trait Codec {
    /// What the value is made of, to read.
    fn view(&self) -> View<'_>;
    /// What the value is made of, to change.
    fn slot(&mut self) -> Slot<'_>;
    /// The Go type, as `reflect` names it.
    fn go_type(&self) -> &'static GoType;

    /// The value as JSON.
    fn encode(&self) -> Json
    where
        Self: Sized,
    {
        encode(self)
    }

    /// Makes the value what it is after a way through the server's storage ([`settle`]).
    fn settle(&mut self)
    where
        Self: Sized,
    {
        settle(self);
    }
}

/// What a value is made of, to read.
#[expect(missing_debug_implementations, reason = "it is looked at once and is nothing by itself")]
pub enum View<'v> {
    /// Nothing: it decodes and encodes itself.
    Leaf(&'v dyn Leaf),
    /// A value that may be absent.
    Optional(Option<&'v dyn Codec>),
    /// Values in order.
    List(&'v dyn List),
    /// Named fields.
    Struct(&'v dyn Object),
}

/// What a value is made of, to change.
#[expect(missing_debug_implementations, reason = "it is looked at once and is nothing by itself")]
pub enum Slot<'v> {
    /// Nothing: it decodes and encodes itself.
    Leaf(&'v mut dyn Leaf),
    /// A value that may be absent.
    Optional(&'v mut dyn Optional),
    /// Values in order.
    List(&'v mut dyn List),
    /// Named fields.
    Struct(&'v mut dyn Object),
}

/// A value that decodes and encodes itself: a text, a number, a map of texts.
pub trait Leaf {
    /// Decodes the node into this value. A node of the wrong type is reported to the decoder and leaves the value unchanged.
    fn decode(&mut self, node: &Node, decoder: &mut Decoder);
    /// The value as JSON.
    fn encode(&self) -> Json;
    /// Whether Go's `omitempty` leaves the value out.
    fn is_empty(&self) -> bool;
    /// Whether it is a map.
    fn is_map(&self) -> bool {
        false
    }
}

/// A value that may be absent.
pub trait Optional {
    /// Makes it absent.
    fn clear(&mut self);
    /// The value, if it is there.
    fn get(&mut self) -> Option<&mut dyn Codec>;
    /// The value, made where it was absent.
    fn get_or_make(&mut self) -> &mut dyn Codec;
}

/// Values in order.
pub trait List {
    /// How many.
    fn length(&self) -> usize;
    /// The value at an index.
    fn at(&self, index: usize) -> Option<&dyn Codec>;
    /// The value at an index, to change.
    fn at_mut(&mut self, index: usize) -> Option<&mut dyn Codec>;
    /// Makes the list that long: takes values off its end, or makes some behind it.
    fn resize(&mut self, length: usize);
}

/// A type of Go.
#[derive(Clone, Copy, Debug)]
pub enum GoType {
    /// A type of that name: `int32`.
    Named(&'static str),
    /// A struct of that name in a package `v1`.
    Struct(&'static str),
    /// A list of that.
    List(&'static GoType),
    /// A map from strings to that.
    Map(&'static GoType),
}

/// A type that has a Go type.
pub trait Typed {
    /// Which.
    const GO_TYPE: GoType;
}

impl fmt::Display for GoType {
    /// As `reflect` writes it: `int32`, `[]v1.ServicePort`, `map[string]string`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GoType::Named(name) => formatter.write_str(name),
            GoType::Struct(name) => write!(formatter, "v1.{name}"),
            GoType::List(element) => write!(formatter, "[]{element}"),
            GoType::Map(element) => write!(formatter, "map[string]{element}"),
        }
    }
}

/// Decodes the node into the value. A node of the wrong type is reported to the decoder.
pub fn decode(value: &mut dyn Codec, node: &Node, decoder: &mut Decoder) {
    let go_type = value.go_type();
    match value.slot() {
        Slot::Leaf(leaf) => leaf.decode(node, decoder),
        Slot::Optional(optional) if node.is_null() => optional.clear(),
        Slot::Optional(optional) => decode(optional.get_or_make(), node, decoder),
        Slot::Struct(object) => decoder.decode_object(node, object),
        Slot::List(list) => match &node.value {
            Value::Sequence(items) => {
                list.resize(list.length().min(items.len()));
                let outer = decoder.enter_elements("[]");
                for (index, item) in items.iter().enumerate() {
                    if index >= list.length() {
                        list.resize(index + 1);
                    }
                    if let Some(element) = list.at_mut(index) {
                        decoder.at_index(index, |decoder| decode(element, item, decoder));
                    }
                }
                decoder.leave_elements(outer);
            }
            Value::Null => list.resize(0),
            _ => decoder.wrong_type(node, go_type),
        },
    }
}

/// The value as JSON.
pub fn encode(value: &dyn Codec) -> Json {
    match value.view() {
        View::Leaf(leaf) => leaf.encode(),
        View::Optional(optional) => optional.map_or(Json::Null, encode),
        View::List(list) => Json::Array((0..list.length()).filter_map(|index| list.at(index)).map(encode).collect()),
        View::Struct(object) => encode_object(object),
    }
}

/// Whether Go's `omitempty` leaves the value out. It never leaves a struct out.
pub fn is_empty(value: &dyn Codec) -> bool {
    match value.view() {
        View::Leaf(leaf) => leaf.is_empty(),
        View::Optional(optional) => optional.is_none(),
        View::List(list) => list.length() == 0,
        View::Struct(_) => false,
    }
}

/// Makes the value what it is after a way through the server's storage: a list or a map that is there and empty comes
/// back absent (protobuf knows no difference).
pub fn settle(value: &mut dyn Codec) {
    match value.slot() {
        Slot::Leaf(_) => {}
        Slot::Optional(optional) => {
            let Some(inner) = optional.get() else { return };
            settle(inner);
            let empty = match inner.view() {
                View::Leaf(leaf) => leaf.is_map() && leaf.is_empty(),
                View::List(list) => list.length() == 0,
                View::Optional(_) | View::Struct(_) => false,
            };
            if empty {
                optional.clear();
            }
        }
        Slot::List(list) => {
            for index in 0..list.length() {
                if let Some(element) = list.at_mut(index) {
                    settle(element);
                }
            }
        }
        Slot::Struct(object) => settle_object(object),
    }
}

impl<T: Codec + Default + Typed> Codec for Option<T> {
    fn view(&self) -> View<'_> {
        View::Optional(self.as_ref().map(|value| value as &dyn Codec))
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Optional(self)
    }

    fn go_type(&self) -> &'static GoType {
        &T::GO_TYPE
    }
}

/// Go reports what a pointer points to.
impl<T: Typed> Typed for Option<T> {
    const GO_TYPE: GoType = T::GO_TYPE;
}

impl<T: Codec + Default> Optional for Option<T> {
    fn clear(&mut self) {
        *self = None;
    }

    fn get(&mut self) -> Option<&mut dyn Codec> {
        self.as_mut().map(|value| value as &mut dyn Codec)
    }

    fn get_or_make(&mut self) -> &mut dyn Codec {
        self.get_or_insert_default()
    }
}

impl<T: Codec + Default + Typed> Codec for Vec<T> {
    fn view(&self) -> View<'_> {
        View::List(self)
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::List(self)
    }

    fn go_type(&self) -> &'static GoType {
        &Self::GO_TYPE
    }
}

impl<T: Typed> Typed for Vec<T> {
    const GO_TYPE: GoType = GoType::List(&T::GO_TYPE);
}

impl<T: Codec + Default> List for Vec<T> {
    fn length(&self) -> usize {
        self.len()
    }

    fn at(&self, index: usize) -> Option<&dyn Codec> {
        self.get(index).map(|value| value as &dyn Codec)
    }

    fn at_mut(&mut self, index: usize) -> Option<&mut dyn Codec> {
        self.get_mut(index).map(|value| value as &mut dyn Codec)
    }

    fn resize(&mut self, length: usize) {
        self.resize_with(length, T::default);
    }
}
