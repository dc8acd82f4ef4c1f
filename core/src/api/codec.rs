//! How a tree becomes typed data and typed data becomes JSON: one trait, and the values that are not structs.
//!
//! Decoding follows `sigs.k8s.io/json` (`internal/golang/encoding/json/decode.go`), which kube-apiserver decodes with:
//! names are case sensitive, `null` leaves a plain value alone and empties a list, a map or an optional one, a member
//! named twice is decoded twice into the same value, and after a value of the wrong type the rest is still decoded.

use super::decoder::Decoder;
use crate::collections::BTreeMap;
use crate::json::Json;
use crate::manifest::{Node, Number, Value};

/// A typed value that JSON can be decoded into and written from.
pub trait Codec {
    /// Decodes the node into this value; what does not fit is told to the decoder, and the value stays as it was.
    fn decode(&mut self, node: &Node, decoder: &mut Decoder);
    /// The value as JSON.
    fn encode(&self) -> Json;
    /// Whether Go's `omitempty` leaves the value out.
    fn is_empty(&self) -> bool;
    /// Makes the value what it is after a way through the server's storage: a list or a map that is there and empty
    /// comes back absent (protobuf knows no difference).
    fn settle(&mut self) {}
    /// Whether it is an empty list or an empty map.
    fn is_empty_collection(&self) -> bool {
        false
    }
    /// The name of the Go type, as `reflect` writes it: `int32`, `[]v1.ServicePort`, `map[string]string`.
    fn go_type(&self) -> String;
}

impl Codec for String {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::String(text) => {
                self.clear();
                self.push_str(text);
            }
            Value::Null => {}
            _ => decoder.wrong_type(node, self),
        }
    }

    fn encode(&self) -> Json {
        Json::String(self.clone().into())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn go_type(&self) -> String {
        "string".to_owned()
    }
}

impl Codec for bool {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::Bool(value) => *self = *value,
            Value::Null => {}
            _ => decoder.wrong_type(node, self),
        }
    }

    fn encode(&self) -> Json {
        Json::Bool(*self)
    }

    fn is_empty(&self) -> bool {
        !*self
    }

    fn go_type(&self) -> String {
        "bool".to_owned()
    }
}

macro_rules! integer_codec {
    ($rust:ty, $go:literal) => {
        impl Codec for $rust {
            fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
                match &node.value {
                    Value::Number(Number::Int(number)) => match <$rust>::try_from(*number) {
                        Ok(fits) => *self = fits,
                        Err(_) => decoder.wrong_number(node, self),
                    },
                    // Go's ParseInt takes `-0`, and no literal with a point or an exponent.
                    Value::Number(Number::Literal(literal)) if &**literal == "-0" => *self = 0,
                    Value::Number(Number::Literal(_)) => decoder.wrong_number(node, self),
                    Value::Null => {}
                    _ => decoder.wrong_type(node, self),
                }
            }

            fn encode(&self) -> Json {
                Json::Int(i64::from(*self))
            }

            fn is_empty(&self) -> bool {
                *self == 0
            }

            fn go_type(&self) -> String {
                $go.to_owned()
            }
        }
    };
}

integer_codec!(i32, "int32");
integer_codec!(i64, "int64");

impl<T: Codec + Default> Codec for Option<T> {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        if node.is_null() {
            *self = None;
        } else {
            self.get_or_insert_with(T::default).decode(node, decoder);
        }
    }

    fn encode(&self) -> Json {
        self.as_ref().map_or(Json::Null, Codec::encode)
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn settle(&mut self) {
        if let Some(value) = self {
            value.settle();
            if value.is_empty_collection() {
                *self = None;
            }
        }
    }

    /// Go reports what a pointer points to.
    fn go_type(&self) -> String {
        T::default().go_type()
    }
}

impl<T: Codec + Default> Codec for Vec<T> {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::Sequence(items) => {
                self.truncate(items.len());
                let outer = decoder.enter_elements("[]");
                for (index, item) in items.iter().enumerate() {
                    if index >= self.len() {
                        self.push(T::default());
                    }
                    if let Some(slot) = self.get_mut(index) {
                        decoder.at_index(index, |decoder| slot.decode(item, decoder));
                    }
                }
                decoder.leave_elements(outer);
            }
            Value::Null => self.clear(),
            _ => decoder.wrong_type(node, self),
        }
    }

    fn encode(&self) -> Json {
        Json::Array(self.iter().map(Codec::encode).collect())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn settle(&mut self) {
        self.iter_mut().for_each(Codec::settle);
    }

    fn is_empty_collection(&self) -> bool {
        self.is_empty()
    }

    fn go_type(&self) -> String {
        format!("[]{}", T::default().go_type())
    }
}

impl<T: Codec + Default> Codec for BTreeMap<String, T> {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::Mapping(members) => {
                let outer = decoder.enter_elements("map[string]");
                let mut fresh = Self::new();
                for (key, item) in members {
                    if fresh.contains_key(&*key.name) {
                        decoder.duplicate_field(key);
                    }
                    let mut value = T::default();
                    decoder.at_key(&key.name, |decoder| value.decode(item, decoder));
                    fresh.insert(key.name.to_string(), value);
                }
                self.append(&mut fresh);
                decoder.leave_elements(outer);
            }
            Value::Null => self.clear(),
            _ => decoder.wrong_type(node, self),
        }
    }

    fn encode(&self) -> Json {
        Json::Object(self.iter().map(|(key, value)| (key.clone().into(), value.encode())).collect())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn is_empty_collection(&self) -> bool {
        self.is_empty()
    }

    fn go_type(&self) -> String {
        format!("map[string]{}", T::default().go_type())
    }
}

/// Any JSON, kept as it came: fields that the project passes on and does not look into.
impl Codec for Json {
    fn decode(&mut self, node: &Node, _decoder: &mut Decoder) {
        *self = node.to_json();
    }

    fn encode(&self) -> Json {
        self.clone()
    }

    fn is_empty(&self) -> bool {
        *self == Json::Null
    }

    fn go_type(&self) -> String {
        "interface {}".to_owned()
    }
}
