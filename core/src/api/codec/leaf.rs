//! The values that decode and encode themselves.

use super::{Codec, GoType, Leaf, Slot, Typed, View, decode, encode};
use crate::api::decoder::Decoder;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;
use portolan_base::tree::{Node, Number, Value};

/// Makes a [`Leaf`] a [`Codec`] of that Go type.
#[macro_export]
#[doc(hidden)]
macro_rules! leaf {
    ($type:ty, $go_type:expr) => {
        impl $crate::api::codec::Codec for $type {
            fn view(&self) -> $crate::api::codec::View<'_> {
                $crate::api::codec::View::Leaf(self)
            }

            fn slot(&mut self) -> $crate::api::codec::Slot<'_> {
                $crate::api::codec::Slot::Leaf(self)
            }

            fn go_type(&self) -> &'static $crate::api::codec::GoType {
                &<Self as $crate::api::codec::Typed>::GO_TYPE
            }
        }

        impl $crate::api::codec::Typed for $type {
            const GO_TYPE: $crate::api::codec::GoType = $crate::api::codec::GoType::Named($go_type);
        }
    };
}

leaf!(String, "string");
leaf!(bool, "bool");
leaf!(i32, "int32");
leaf!(i64, "int64");
// Any JSON, kept as it came: fields that the project passes on and does not look into.
leaf!(Json, "interface {}");

impl Leaf for String {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::String(text) => {
                self.clear();
                self.push_str(text);
            }
            Value::Null => {}
            _ => decoder.wrong_type(node, &String::GO_TYPE),
        }
    }

    fn encode(&self) -> Json {
        Json::String(self.clone().into())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl Leaf for bool {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        match &node.value {
            Value::Bool(value) => *self = *value,
            Value::Null => {}
            _ => decoder.wrong_type(node, &bool::GO_TYPE),
        }
    }

    fn encode(&self) -> Json {
        Json::Bool(*self)
    }

    fn is_empty(&self) -> bool {
        !*self
    }
}

impl Leaf for i32 {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        if let Some(number) = integer(node, i64::from(i32::MIN)..=i64::from(i32::MAX), &i32::GO_TYPE, decoder) {
            *self = i32::try_from(number).unwrap_or_default();
        }
    }

    fn encode(&self) -> Json {
        Json::from(*self)
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }
}

impl Leaf for i64 {
    fn decode(&mut self, node: &Node, decoder: &mut Decoder) {
        if let Some(number) = integer(node, i64::MIN..=i64::MAX, &i64::GO_TYPE, decoder) {
            *self = number;
        }
    }

    fn encode(&self) -> Json {
        Json::Int(*self)
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }
}

/// The integer of a node, if it is one in the range. Any other value is reported to the decoder.
fn integer(node: &Node, range: std::ops::RangeInclusive<i64>, go_type: &GoType, decoder: &mut Decoder) -> Option<i64> {
    match &node.value {
        Value::Number(Number::Int(number)) if range.contains(number) => return Some(*number),
        // Go's ParseInt takes `-0`, and no literal with a point or an exponent.
        Value::Number(Number::Literal(literal)) if &**literal == "-0" => return Some(0),
        Value::Number(_) => decoder.wrong_number(node, go_type),
        Value::Null => {}
        _ => decoder.wrong_type(node, go_type),
    }
    None
}

impl Leaf for Json {
    fn decode(&mut self, node: &Node, _decoder: &mut Decoder) {
        *self = node.to_json();
    }

    fn encode(&self) -> Json {
        self.clone()
    }

    fn is_empty(&self) -> bool {
        *self == Json::Null
    }
}

impl<T: Codec + Default + Typed> Leaf for BTreeMap<String, T> {
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
                    decoder.at_key(&key.name, |decoder| decode(&mut value, item, decoder));
                    fresh.insert(key.name.to_string(), value);
                }
                self.append(&mut fresh);
                decoder.leave_elements(outer);
            }
            Value::Null => self.clear(),
            _ => decoder.wrong_type(node, &Self::GO_TYPE),
        }
    }

    fn encode(&self) -> Json {
        Json::Object(self.iter().map(|(key, value)| (key.clone().into(), encode(value))).collect())
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn is_map(&self) -> bool {
        true
    }
}

impl<T: Codec + Default + Typed> Codec for BTreeMap<String, T> {
    fn view(&self) -> View<'_> {
        View::Leaf(self)
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Leaf(self)
    }

    fn go_type(&self) -> &'static GoType {
        &Self::GO_TYPE
    }
}

impl<T: Typed> Typed for BTreeMap<String, T> {
    const GO_TYPE: GoType = GoType::Map(&T::GO_TYPE);
}
