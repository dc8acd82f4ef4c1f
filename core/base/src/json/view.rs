//! JSON from typed values: what a value shows of itself goes in, text or a [`Json`] comes out.
//!
//! A type only says what it is made of ([`View`]). What writes it is compiled once for all types, so a type costs a few
//! bytes of code a member, and no tree is put together only to be written.

use super::write::{Json, JsonOf};
use crate::tree::{Node, Number, Value};
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// What a value is made of.
#[expect(missing_debug_implementations, reason = "it borrows trait objects and lives for one step of a walk")]
pub enum View<'v> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string.
    Text(&'v str),
    /// A string that the value writes by its `Display`: an address, a name in two parts.
    Display(&'v dyn fmt::Display),
    /// JSON that is there already.
    Json(&'v JsonOf<'v>),
    /// JSON made for this walk.
    Made(Json),
    /// An array.
    List(&'v dyn Show),
    /// An object.
    Object(&'v dyn Show),
}

/// A value that has a form in JSON.
pub trait ToView {
    /// What the value is made of.
    fn view(&self) -> View<'_>;
}

/// An array or an object that shows what is in it.
pub trait Show {
    /// Hands every member, or every element, to the sink, in order.
    fn show(&self, sink: &mut dyn Sink);
}

/// What takes members of an object or elements of an array.
pub trait Sink {
    /// A member of an object.
    fn member(&mut self, name: &str, value: View<'_>);
    /// An element of an array.
    fn element(&mut self, value: View<'_>);
}

/// The value as JSON that has its own texts.
pub fn to_json(value: View<'_>) -> Json {
    match value {
        View::Null => Json::Null,
        View::Bool(value) => Json::Bool(value),
        View::Int(number) => Json::Int(number),
        View::Text(text) => Json::from(text.to_owned()),
        View::Display(text) => Json::from(text.to_string()),
        View::Json(json) => json.clone().into_owned(),
        View::Made(json) => json,
        View::List(list) => {
            let mut tree = Tree::default();
            list.show(&mut tree);
            Json::Array(tree.elements)
        }
        View::Object(object) => {
            let mut tree = Tree::default();
            object.show(&mut tree);
            Json::Object(tree.members)
        }
    }
}

/// An array or an object under way.
#[derive(Default)]
struct Tree {
    elements: Vec<Json>,
    members: Vec<(Cow<'static, str>, Json)>,
}

impl Sink for Tree {
    fn member(&mut self, name: &str, value: View<'_>) {
        self.members.push((Cow::Owned(name.to_owned()), to_json(value)));
    }

    fn element(&mut self, value: View<'_>) {
        self.elements.push(to_json(value));
    }
}

impl<T: ToView + ?Sized> ToView for &T {
    fn view(&self) -> View<'_> {
        (**self).view()
    }
}

impl<T: ToView + ?Sized> ToView for Box<T> {
    fn view(&self) -> View<'_> {
        (**self).view()
    }
}

impl<T: ToView> ToView for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Null, ToView::view)
    }
}

impl<T: ToView> ToView for Vec<T> {
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

impl<T: ToView> Show for Vec<T> {
    fn show(&self, sink: &mut dyn Sink) {
        for item in self {
            sink.element(item.view());
        }
    }
}

impl ToView for str {
    fn view(&self) -> View<'_> {
        View::Text(self)
    }
}

impl ToView for String {
    fn view(&self) -> View<'_> {
        View::Text(self)
    }
}

impl ToView for Cow<'_, str> {
    fn view(&self) -> View<'_> {
        View::Text(self)
    }
}

impl ToView for IpAddr {
    fn view(&self) -> View<'_> {
        View::Display(self)
    }
}

impl ToView for bool {
    fn view(&self) -> View<'_> {
        View::Bool(*self)
    }
}

impl ToView for usize {
    fn view(&self) -> View<'_> {
        View::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl ToView for JsonOf<'_> {
    fn view(&self) -> View<'_> {
        View::Json(self)
    }
}

impl ToView for Node {
    fn view(&self) -> View<'_> {
        match &self.value {
            Value::Null => View::Null,
            Value::Bool(value) => View::Bool(*value),
            Value::Number(Number::Int(number)) => View::Int(*number),
            Value::Number(Number::Literal(literal)) => View::Made(Json::Number(literal.clone())),
            Value::String(text) => View::Text(text),
            Value::Sequence(_) => View::List(self),
            Value::Mapping(_) => View::Object(self),
        }
    }
}

impl Show for Node {
    fn show(&self, sink: &mut dyn Sink) {
        for item in self.items() {
            sink.element(item.view());
        }
        for (key, node) in self.members() {
            sink.member(&key.name, node.view());
        }
    }
}

impl<T: ToView + ToOwned> ToView for Cow<'_, T> {
    fn view(&self) -> View<'_> {
        (**self).view()
    }
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl ToView for $type {
            fn view(&self) -> View<'_> {
                View::Int(i64::from(*self))
            }
        }
    )* };
}

numbers!(u8, u16, u32, i32, i64);

impl ToView for u64 {
    fn view(&self) -> View<'_> {
        View::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::write_view;

    struct Pair<'p>(&'p str, Option<Vec<u16>>);

    impl ToView for Pair<'_> {
        fn view(&self) -> View<'_> {
            View::Object(self)
        }
    }

    impl Show for Pair<'_> {
        fn show(&self, sink: &mut dyn Sink) {
            sink.member("name", self.0.view());
            sink.member("\"", self.1.view());
            sink.member("made", View::Made(Json::object().with("a", 1)));
            sink.member("shown", View::Display(&format_args!("{}/{}", "a\n", 2)));
        }
    }

    #[test]
    fn text_and_tree_are_the_same() {
        for (value, expected) in [
            (Pair("a", None), r#"{"name":"a","\"":null,"made":{"a":1},"shown":"a\n/2"}"#),
            (Pair("\t", Some(vec![])), r#"{"name":"\t","\"":[],"made":{"a":1},"shown":"a\n/2"}"#),
            (Pair("", Some(vec![1, 2])), r#"{"name":"","\"":[1,2],"made":{"a":1},"shown":"a\n/2"}"#),
        ] {
            let mut text = String::from("x");
            write_view(value.view(), &mut text);
            assert_eq!(text, format!("x{expected}"));
            assert_eq!(to_json(value.view()).to_string(), expected);
        }
    }

    #[test]
    fn an_empty_object_has_no_comma() {
        struct Nothing;
        impl Show for Nothing {
            fn show(&self, _: &mut dyn Sink) {}
        }
        let mut text = String::new();
        write_view(View::Object(&Nothing), &mut text);
        assert_eq!(text, "{}");
    }
}
