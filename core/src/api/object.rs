//! Structs of the Kubernetes API as plain data, declared once: [`object!`](crate::object) makes the Rust type, its
//! decoding, its JSON and the description that types for other languages and editors are made from.

use super::codec::{Codec, encode, is_empty, settle};
use portolan_base::json::Json;

/// What decoding and encoding need to know of a field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its JSON name.
    pub name: &'static str,
    /// The Go type, where the Rust type does not tell it: `v1.ServiceType`.
    pub go_type: Option<&'static str>,
    /// The embedded Go struct that the field comes through (`IngressRuleValue`), which Go names in its messages.
    pub embedded: Option<&'static str>,
    /// Whether the field is written also when it is empty (no `omitempty`).
    pub always: bool,
}

impl Field {
    /// A field with `omitempty` whose Rust type tells its Go type.
    pub const PLAIN: Field = Field { name: "", go_type: None, embedded: None, always: false };
}

/// A struct with named fields.
pub trait Object {
    /// The name of the Go type, without its package: `ServiceSpec`.
    fn go_name(&self) -> &'static str;
    /// Its fields, in the order of the Go type.
    fn schema(&self) -> &'static [Field];
    /// The field at that position of the schema, to read.
    fn field(&self, position: usize) -> Option<&dyn Codec>;
    /// The field at that position of the schema, to decode into.
    fn field_mut(&mut self, position: usize) -> Option<&mut dyn Codec>;
}

/// Writes a struct as Go's `json.Marshal` would: its fields in order, the empty ones left out where `omitempty` says so.
pub fn encode_object(object: &dyn Object) -> Json {
    let mut members = Vec::new();
    for (position, field) in object.schema().iter().enumerate() {
        if let Some(value) = object.field(position)
            && (field.always || !is_empty(value))
        {
            members.push((field.name.into(), encode(value)));
        }
    }
    Json::Object(members)
}

/// The field of that JSON name.
pub fn field_named<'o>(object: &'o dyn Object, name: &str) -> Option<&'o dyn Codec> {
    object.field(object.schema().iter().position(|field| field.name == name)?)
}

/// Settles every field of a struct ([`settle`]).
pub fn settle_object(object: &mut dyn Object) {
    for position in 0..object.schema().len() {
        if let Some(value) = object.field_mut(position) {
            settle(value);
        }
    }
}

/// Declares structs of the Kubernetes API.
///
/// ```
/// portolan::object! {
///     /// A port.
///     pub struct Port {
///         /// Its name.
///         "name" => name: String;
///         /// Its number; written even when it is 0.
///         "port" => port: i32 [always];
///         /// Its protocol, a named string in Go.
///         "protocol" => protocol: Option<String> [go "v1.Protocol"];
///     }
/// }
/// ```
///
/// Behind the type may stand, in brackets, what Go's declaration says beside it: `always` (no `omitempty`), `go "TYPE"`
/// (the Go type where the Rust type does not tell it), `embedded "STRUCT"` (the embedded Go struct it comes through).
/// A struct whose name in Go is another is declared `pub struct Name as "GoName"`.
#[macro_export]
macro_rules! object {
    ($(
        $(#[doc = $doc:literal])*
        pub struct $name:ident $(as $go_name:literal)? {
            $(
                $(#[doc = $field_doc:literal])*
                $json:literal => $field:ident : $type:ty $([$($option:tt)*])?;
            )*
        }
    )*) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
        }

        impl $crate::api::object::Object for $name {
            fn go_name(&self) -> &'static str {
                $crate::go_name!($name $($go_name)?)
            }

            fn schema(&self) -> &'static [$crate::api::object::Field] {
                const FIELDS: &[$crate::api::object::Field] = &[
                    $( $crate::api::object::Field { name: $json, ..$crate::field_options!($($($option)*)?) }, )*
                ];
                FIELDS
            }

            fn field(&self, position: usize) -> Option<&dyn $crate::api::codec::Codec> {
                $crate::field_places!($($field)*);
                match position {
                    $( place if place == Place::$field as usize => Some(&self.$field), )*
                    _ => None,
                }
            }

            fn field_mut(&mut self, position: usize) -> Option<&mut dyn $crate::api::codec::Codec> {
                $crate::field_places!($($field)*);
                match position {
                    $( place if place == Place::$field as usize => Some(&mut self.$field), )*
                    _ => None,
                }
            }
        }

        impl $crate::api::codec::Codec for $name {
            fn view(&self) -> $crate::api::codec::View<'_> {
                $crate::api::codec::View::Struct(self)
            }

            fn slot(&mut self) -> $crate::api::codec::Slot<'_> {
                $crate::api::codec::Slot::Struct(self)
            }

            fn go_type(&self) -> &'static $crate::api::codec::GoType {
                &<Self as $crate::api::codec::Typed>::GO_TYPE
            }
        }

        impl $crate::api::codec::Typed for $name {
            const GO_TYPE: $crate::api::codec::GoType =
                $crate::api::codec::GoType::Struct($crate::go_name!($name $($go_name)?));
        }

        impl $crate::api::describe::Describe for $name {
            fn shape() -> $crate::api::describe::Shape {
                $crate::api::describe::Shape::Struct($crate::api::describe::Description {
                    name: stringify!($name),
                    doc: concat!($($doc, "\n"),*),
                    fields: &[ $( $crate::api::describe::FieldDescription {
                        name: $json,
                        doc: concat!($($field_doc, "\n"),*),
                        shape: <$type as $crate::api::describe::Describe>::shape,
                        is_optional: true,
                    }, )* ],
                })
            }
        }
    )* };
}

/// The fields of a struct of [`object!`](crate::object), each with its position.
#[doc(hidden)]
#[macro_export]
macro_rules! field_places {
    ($($field:ident)*) => {
        #[expect(non_camel_case_types, reason = "they are named as the fields are")]
        enum Place { $($field,)* }
    };
}

/// The name of a struct of [`object!`](crate::object) in Go.
#[doc(hidden)]
#[macro_export]
macro_rules! go_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $go_name:literal) => {
        $go_name
    };
}

/// The options in brackets after a field of [`object!`](crate::object), as a [`Field`](api::object::Field).
#[doc(hidden)]
#[macro_export]
macro_rules! field_options {
    () => { $crate::api::object::Field::PLAIN };
    (always $(, $($rest:tt)*)?) => {
        $crate::api::object::Field { always: true, ..$crate::field_options!($($($rest)*)?) }
    };
    (go $type:literal $(, $($rest:tt)*)?) => {
        $crate::api::object::Field { go_type: Some($type), ..$crate::field_options!($($($rest)*)?) }
    };
    (embedded $struct:literal $(, $($rest:tt)*)?) => {
        $crate::api::object::Field { embedded: Some($struct), ..$crate::field_options!($($($rest)*)?) }
    };
}

/// Decodes a whole typed value from a tree, leniently: gives the value with all that could be read, and every problem met.
pub fn decode<T: Object + Default>(node: &portolan_base::tree::Node) -> (T, Vec<super::decoder::Problem>) {
    let mut value = T::default();
    let problems = decode_into(&mut value, node);
    (value, problems)
}

/// Decodes a tree into a struct, leniently: gives every problem met.
pub fn decode_into(object: &mut dyn Object, node: &portolan_base::tree::Node) -> Vec<super::decoder::Problem> {
    let mut decoder = super::decoder::Decoder::new();
    decoder.decode_object(node, object);
    decoder.into_problems()
}
