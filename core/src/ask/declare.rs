//! Questions and answers declared once: [`question!`](crate::question), [`answer!`](crate::answer) and
//! [`view!`](crate::view) make of one declaration the Rust type, its JSON in the declared order, how it is read, and the
//! description from which other languages' types are made.
//!
//! A type only shows its members ([`Show`](portolan_base::json::Show)) and offers its places to be filled ([`Fill`]). What
//! writes and reads them is compiled once for all types, which keeps the WebAssembly module small.

use super::error::AskError;
use portolan_base::tree::Node;
use std::borrow::Cow;
use std::fmt;

/// Where in a question a value is: `from.pod`, `connections[0].ports`.
#[derive(Clone, Copy, Debug)]
pub enum At<'p> {
    /// The question itself.
    Question,
    /// A member.
    Member(&'p At<'p>, &'p str),
    /// An element.
    Element(&'p At<'p>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Question => Ok(()),
            At::Member(At::Question, name) => formatter.write_str(name),
            At::Member(outer, name) => write!(formatter, "{outer}.{name}"),
            At::Element(outer, index) => write!(formatter, "{outer}[{index}]"),
        }
    }
}

/// A value that a question is made of.
pub trait Read<'q> {
    /// Takes the value over from the tree.
    ///
    /// # Errors
    /// The tree is something else; the error names the field.
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError>;

    /// A value to be read into.
    fn blank() -> Self
    where
        Self: Sized;
}

/// An object with members to be filled from a tree.
pub trait Fill<'q> {
    /// Offers every member to the reader.
    fn fill(&mut self, reader: &mut Reader<'q, '_>);
}

/// Fills the members of one object; what goes wrong first is the error.
#[derive(Debug)]
pub struct Reader<'q, 'p> {
    node: &'q Node,
    at: &'p At<'p>,
    error: Option<AskError>,
}

impl<'q> Reader<'q, '_> {
    /// Reads a member that the question must have.
    pub fn member(&mut self, name: &'static str, slot: &mut dyn Read<'q>) {
        if self.error.is_none() {
            let at = At::Member(self.at, name);
            self.error = match self.node.get(name) {
                Some(node) => slot.read(node, &at).err(),
                None => Some(AskError::lacks(&at)),
            };
        }
    }

    /// Reads a member that may be absent; `null` is absent too.
    pub fn optional(&mut self, name: &'static str, slot: &mut dyn Read<'q>) {
        if self.error.is_none()
            && let Some(node) = self.node.get(name).filter(|node| !node.is_null())
        {
            self.error = slot.read(node, &At::Member(self.at, name)).err();
        }
    }
}

/// Fills an object from a tree.
///
/// # Errors
/// The tree is no object, or a member is not what it must be.
pub fn fill<'q>(object: &mut dyn Fill<'q>, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
    if !matches!(node.value, portolan_base::tree::Value::Mapping(_)) {
        return Err(AskError::wrong_type(at, "an object"));
    }
    let mut reader = Reader { node, at, error: None };
    object.fill(&mut reader);
    reader.error.map_or(Ok(()), Err)
}

impl<'q, T: Read<'q>> Read<'q> for Option<T> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        self.get_or_insert_with(T::blank).read(node, at)
    }

    fn blank() -> Self {
        None
    }
}

impl<'q, T: Read<'q>> Read<'q> for Vec<T> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        let portolan_base::tree::Value::Sequence(items) = &node.value else {
            return Err(AskError::wrong_type(at, "a list"));
        };
        self.resize_with(items.len(), T::blank);
        for (index, (slot, item)) in self.iter_mut().zip(items).enumerate() {
            slot.read(item, &At::Element(at, index))?;
        }
        Ok(())
    }

    fn blank() -> Self {
        Vec::new()
    }
}

impl<'q> Read<'q> for &'q str {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = node.as_str().ok_or_else(|| AskError::wrong_type(at, "a string"))?;
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl<'q> Read<'q> for bool {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = node.as_bool().ok_or_else(|| AskError::wrong_type(at, "true or false"))?;
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl<'q> Read<'q> for u16 {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        let number = node.as_int().and_then(|number| u16::try_from(number).ok());
        *self = number.ok_or_else(|| AskError::wrong_type(at, "a number from 0 to 65535"))?;
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl<'q> Read<'q> for u64 {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        let number = node.as_int().and_then(|number| u64::try_from(number).ok());
        *self = number.ok_or_else(|| AskError::wrong_type(at, "a number from 0"))?;
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl<'q> Read<'q> for Cow<'q, Node> {
    fn read(&mut self, node: &'q Node, _: &At<'_>) -> Result<(), AskError> {
        *self = Cow::Borrowed(node);
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

/// A value that an optional member leaves out where it says nothing.
pub trait LeaveOut {
    /// Whether it says nothing: no value, an empty list or text, `false`.
    fn is_left_out(&self) -> bool;
}

impl<T> LeaveOut for Option<T> {
    fn is_left_out(&self) -> bool {
        self.is_none()
    }
}

impl<T> LeaveOut for Vec<T> {
    fn is_left_out(&self) -> bool {
        self.is_empty()
    }
}

impl LeaveOut for &str {
    fn is_left_out(&self) -> bool {
        self.is_empty()
    }
}

impl LeaveOut for String {
    fn is_left_out(&self) -> bool {
        self.is_empty()
    }
}

impl LeaveOut for Cow<'_, str> {
    fn is_left_out(&self) -> bool {
        self.is_empty()
    }
}

impl LeaveOut for bool {
    fn is_left_out(&self) -> bool {
        !*self
    }
}

/// Declares types of answers, and parts of them:
///
/// ```text
/// answer! {
///     /// A redirect that a client gets.
///     Redirect<'e> "RouteRedirect" {
///         /// 301, 302, 307 or 308.
///         "code" => code: u16;
///         /// Why.
///         "because" => because: Cow<'e, str> [optional];
///     }
/// }
/// ```
///
/// The JSON name comes first. An `optional` member is left out where it says nothing
/// ([`LeaveOut`](ask::declare::LeaveOut)); any other is always there, and an absent value is `null`. Other languages know
/// the type by its own name, or by the text behind it.
#[doc(hidden)]
#[macro_export]
macro_rules! answer {
    ($( $(#[doc = $doc:literal])* $name:ident $(<$life:lifetime>)? $($other:literal)? {
        $( $(#[doc = $field_doc:literal])* $json:literal => $field:ident : $type:ty $([$option:ident])?; )*
    } )*) => { $(
        $crate::declared! {
            [Clone, Debug, PartialEq] $(#[doc = $doc])* $name [$($life)?] [$($other)?] {
                $( $(#[doc = $field_doc])* $json => $field : $type [$($option)?]; )*
            }
        }
    )* };
}

/// Declares types of questions, and parts of them, as [`answer!`](crate::answer) does; they can be read from a tree too,
/// with an error that names the field. A member that is not `optional` must be there.
#[doc(hidden)]
#[macro_export]
macro_rules! question {
    ($( $(#[doc = $doc:literal])* $name:ident $(<$life:lifetime>)? $($other:literal)? {
        $( $(#[doc = $field_doc:literal])* $json:literal => $field:ident : $type:ty $([$option:ident])?; )*
    } )*) => { $(
        $crate::declared! {
            [Clone, Debug, PartialEq, Default] $(#[doc = $doc])* $name [$($life)?] [$($other)?] {
                $( $(#[doc = $field_doc])* $json => $field : $type [$($option)?]; )*
            }
        }

        $crate::filled! { $name [$($life)?] { $( $json => $field [$($option)?]; )* } }
    )* };
}

/// One type of [`answer!`](crate::answer) or [`question!`](crate::question).
#[doc(hidden)]
#[macro_export]
macro_rules! declared {
    ([$($derive:ident),*] $(#[doc = $doc:literal])* $name:ident [$($life:lifetime)?] [$($other:literal)?] {
        $( $(#[doc = $field_doc:literal])* $json:literal => $field:ident : $type:ty [$($option:ident)?]; )*
    }) => {
        $(#[doc = $doc])*
        #[derive($($derive),*)]
        pub struct $name $(<$life>)? {
            $( $(#[doc = $field_doc])* pub $field: $type, )*
        }

        impl $(<$life>)? portolan_base::json::ToView for $name $(<$life>)? {
            fn view(&self) -> portolan_base::json::View<'_> {
                portolan_base::json::View::Object(self)
            }
        }

        impl $(<$life>)? portolan_base::json::Show for $name $(<$life>)? {
            fn show(&self, _sink: &mut dyn portolan_base::json::Sink) {
                $( $crate::shown!(_sink, $json, self.$field, $($option)?); )*
            }
        }

        $crate::described! {
            [$(<$life>)?] [$name $(<$life>)?] $crate::declared_name!($name $($other)?), [$($doc),*] {
                $( [$($field_doc),*] $json : $type [$($option)?]; )*
            }
        }
    };
}

/// Gives a type that is declared elsewhere its JSON and its description:
///
/// ```text
/// view! {
///     /// Every one of `from` may reach every one of `to`.
///     row: Row = "MapRow" {
///         /// The sources.
///         "from": Vec<Party> = row.from;
///     }
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! view {
    ($( $(#[doc = $doc:literal])* $this:ident : $viewed:ty = $name:literal {
        $( $(#[doc = $field_doc:literal])* $json:literal : $type:ty = $value:expr $(, $option:ident)?; )*
    } )*) => { $(
        impl portolan_base::json::ToView for $viewed {
            fn view(&self) -> portolan_base::json::View<'_> {
                portolan_base::json::View::Object(self)
            }
        }

        impl portolan_base::json::Show for $viewed {
            fn show(&self, sink: &mut dyn portolan_base::json::Sink) {
                let $this = self;
                $( $crate::shown!(sink, $json, $value, $($option)?); )*
            }
        }

        $crate::described! {
            [] [$viewed] $name, [$($doc),*] { $( [$($field_doc),*] $json : $type [$($option)?]; )* }
        }
    )* };
}

/// Hands one member to the sink.
#[doc(hidden)]
#[macro_export]
macro_rules! shown {
    ($sink:ident, $json:literal, $value:expr, ) => {
        $sink.member($json, portolan_base::json::ToView::view(&$value))
    };
    ($sink:ident, $json:literal, $value:expr, optional) => {
        match &$value {
            value if $crate::ask::declare::LeaveOut::is_left_out(value) => {}
            value => $sink.member($json, portolan_base::json::ToView::view(value)),
        }
    };
}

/// The description of a type.
#[doc(hidden)]
#[macro_export]
macro_rules! described {
    ([$($generics:tt)*] [$described:ty] $name:expr, [$($doc:literal),*] {
        $( [$($field_doc:literal),*] $json:literal : $type:ty [$($option:ident)?]; )*
    }) => {
        impl $($generics)* $crate::api::describe::Describe for $described {
            fn shape() -> $crate::api::describe::Shape {
                $crate::api::describe::Shape::Struct($crate::api::describe::Description {
                    name: $name,
                    doc: concat!($($doc, "\n"),*),
                    fields: &[ $( $crate::api::describe::FieldDescription {
                        name: $json,
                        doc: concat!($($field_doc, "\n"),*),
                        shape: $crate::shape_of_member!($type, $($option)?),
                        is_optional: $crate::is_optional!($($option)?),
                    }, )* ],
                })
            }
        }
    };
}

/// How the members of a type are read.
#[doc(hidden)]
#[macro_export]
macro_rules! filled {
    ($name:ident [] { $($members:tt)* }) => {
        $crate::filled!(@as [$name] 'q { $($members)* });
    };
    ($name:ident [$life:lifetime] { $($members:tt)* }) => {
        $crate::filled!(@as [$name<$life>] $life { $($members)* });
    };
    (@as [$filled:ty] $life:lifetime { $( $json:literal => $field:ident [$($option:ident)?]; )* }) => {
        impl<$life> $crate::ask::declare::Fill<$life> for $filled {
            fn fill(&mut self, _reader: &mut $crate::ask::declare::Reader<$life, '_>) {
                $( $crate::filled_member!(_reader, $json, self.$field, $($option)?); )*
            }
        }

        impl<$life> $crate::ask::declare::Read<$life> for $filled {
            fn read(
                &mut self,
                node: &$life portolan_base::tree::Node,
                at: &$crate::ask::declare::At<'_>,
            ) -> Result<(), $crate::ask::error::AskError> {
                $crate::ask::declare::fill(self, node, at)
            }

            fn blank() -> Self {
                Self::default()
            }
        }
    };
}

/// Reads one member.
#[doc(hidden)]
#[macro_export]
macro_rules! filled_member {
    ($reader:ident, $json:literal, $slot:expr, ) => {
        $reader.member($json, &mut $slot)
    };
    ($reader:ident, $json:literal, $slot:expr, optional) => {
        $reader.optional($json, &mut $slot)
    };
}

/// The name that other languages know a type by.
#[doc(hidden)]
#[macro_export]
macro_rules! declared_name {
    ($name:ident) => {
        stringify!($name)
    };
    ($name:ident $other:literal) => {
        $other
    };
}

/// The shape of a member: `null` counts only where the member is always there.
#[doc(hidden)]
#[macro_export]
macro_rules! shape_of_member {
    ($type:ty, ) => {
        <$type as $crate::api::describe::Describe>::shape_or_null
    };
    ($type:ty, optional) => {
        <$type as $crate::api::describe::Describe>::shape
    };
}

/// Whether a member may be absent.
#[doc(hidden)]
#[macro_export]
macro_rules! is_optional {
    () => {
        false
    };
    (optional) => {
        true
    };
}

/// Gives types whose values have names their JSON, how they are read and their description. Letter case does not count:
/// `tcp` and `TCP` are the same protocol.
///
/// ```text
/// names! {
///     Family, closed, "IP family", Family::ALL.iter().copied(), Family::name, Family::V4;
/// }
/// ```
///
/// Types of other languages allow other names too where they are `open`. The value at the end is what is read into; without
/// one, questions have no such value.
#[doc(hidden)]
#[macro_export]
macro_rules! names {
    ($( $named:ty, $openness:ident, $what:literal, $all:expr, $name:expr $(, $blank:expr)?; )*) => { $(
        impl portolan_base::json::ToView for $named {
            fn view(&self) -> portolan_base::json::View<'_> {
                portolan_base::json::View::Text($name(*self))
            }
        }

        impl $crate::api::describe::Describe for $named {
            fn shape() -> $crate::api::describe::Shape {
                $crate::api::describe::Shape::Word {
                    known: $all.map($name).collect(),
                    is_open: $crate::is_open!($openness),
                }
            }
        }

        $( $crate::read_by_name! { $named, $what, $all, $name, $blank } )?
    )* };
}

/// How a name is read.
#[doc(hidden)]
#[macro_export]
macro_rules! read_by_name {
    ($named:ty, $what:literal, $all:expr, $name:expr, $blank:expr) => {
        impl $crate::ask::declare::Read<'_> for $named {
            fn read(
                &mut self,
                node: &portolan_base::tree::Node,
                at: &$crate::ask::declare::At<'_>,
            ) -> Result<(), $crate::ask::error::AskError> {
                let position = $crate::ask::declare::position(node, at, $what, &mut $all.map($name))?;
                if let Some(found) = $all.nth(position) {
                    *self = found;
                }
                Ok(())
            }

            fn blank() -> Self {
                $blank
            }
        }
    };
}

/// Whether the names are open.
#[doc(hidden)]
#[macro_export]
macro_rules! is_open {
    (open) => {
        true
    };
    (closed) => {
        false
    };
}

/// The position of the name that the node gives among those known; letter case does not count.
///
/// # Errors
/// It is no string, or none of the names.
pub fn position(
    node: &Node,
    at: &At<'_>,
    what: &str,
    known: &mut dyn Iterator<Item = &'static str>,
) -> Result<usize, AskError> {
    let text = node.as_str().ok_or_else(|| AskError::wrong_type(at, "a string"))?;
    let mut names = Vec::new();
    for name in known {
        if name.eq_ignore_ascii_case(text) {
            return Ok(names.len());
        }
        names.push(name);
    }
    Err(AskError::unknown(at, what, text, &names))
}
