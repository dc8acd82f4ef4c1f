//! What goes wrong while a tree is decoded into typed data, collected in the order in which it is met.

use super::codec::{GoType, decode};
use super::object::{Field, Object};
use portolan_base::tree::{Key, Node, Number, Place, Value};

/// One thing that did not fit, with its field and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// The field's path with indexes: `spec.ports[0].port`.
    pub field: String,
    /// What is said of it, in Go's words.
    pub message: String,
    /// Where it is in the text.
    pub place: Place,
    /// The Go type that the field has, where the value is of another type.
    pub expected: Option<String>,
}

/// The kinds of [`Problem`], which kube-apiserver treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A value of the wrong type: decoding goes on, the first is reported, and it hides every strict one.
    Type,
    /// A value that its own type refuses (a time, say): decoding stops there, and this is what is reported.
    Refused,
    /// A field that the type does not have: reported when validation is strict.
    UnknownField,
    /// A field named twice: reported when validation is strict.
    DuplicateField,
}

/// Collects the problems of one decoding and knows where it is: the path with indexes, for people, and Go's own
/// context (innermost struct, field names without indexes), for Go's words.
#[derive(Debug, Default)]
pub struct Decoder {
    problems: Vec<Problem>,
    path: String,
    go_struct: &'static str,
    go_fields: Vec<&'static str>,
    /// The Go type of the value being decoded, where a field says one that its Rust type does not tell (a named string).
    go_type: Option<&'static str>,
}

impl Decoder {
    /// A decoder that has met no problem yet.
    pub fn new() -> Self {
        Decoder::default()
    }

    /// What was met, in order.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Takes what was met.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Tells that the node is of another type than the value (`json.UnmarshalTypeError`).
    pub fn wrong_type(&mut self, node: &Node, go_type: &GoType) {
        self.type_error(node, node.kind().to_owned(), go_type);
    }

    /// Tells that a number does not fit the value; Go shows the literal then.
    pub fn wrong_number(&mut self, node: &Node, go_type: &GoType) {
        let literal = match &node.value {
            Value::Number(number) => literal(number),
            _ => String::new(),
        };
        self.type_error(node, format!("number {literal}"), go_type);
    }

    fn type_error(&mut self, node: &Node, what: String, go_type: &GoType) {
        let go_type = self.go_type.map_or_else(|| go_type.to_string(), str::to_owned);
        let message = self.type_message(&what, &go_type);
        self.push(ProblemKind::Type, self.path.clone(), message, node.place, Some(go_type));
    }

    fn type_message(&self, what: &str, go_type: &str) -> String {
        if self.go_fields.is_empty() {
            format!("json: cannot unmarshal {what} into Go value of type {go_type}")
        } else {
            let fields = self.go_fields.join(".");
            format!("json: cannot unmarshal {what} into Go struct field {}.{fields} of type {go_type}", self.go_struct)
        }
    }

    /// Tells that the value's own type refuses the node, in that type's words.
    pub fn refused(&mut self, node: &Node, message: String) {
        self.push(ProblemKind::Refused, self.path.clone(), message, node.place, None);
    }

    /// Tells that the value's own type refuses the node because it is of another type than `go_type`: decoding stops
    /// there too, but the message names the field, as for every wrong type.
    pub fn refused_type(&mut self, node: &Node, go_type: &str) {
        let what = match &node.value {
            Value::Number(number) if go_type.starts_with("int") => format!("number {}", literal(number)),
            _ => node.kind().to_owned(),
        };
        let message = self.type_message(&what, go_type);
        self.push(ProblemKind::Refused, self.path.clone(), message, node.place, Some(go_type.to_owned()));
    }

    /// Tells of a member that the struct does not have.
    pub fn unknown_field(&mut self, key: &Key) {
        let field = self.member_path(&key.name);
        let message = format!("unknown field {}", portolan_base::go::quote(&field));
        self.push(ProblemKind::UnknownField, field, message, key.place, None);
    }

    /// Tells of a member named a second time.
    pub fn duplicate_field(&mut self, key: &Key) {
        let field = self.member_path(&key.name);
        let message = format!("duplicate field {}", portolan_base::go::quote(&field));
        self.push(ProblemKind::DuplicateField, field, message, key.place, None);
    }

    fn push(&mut self, kind: ProblemKind, field: String, message: String, place: Place, expected: Option<String>) {
        self.problems.push(Problem { kind, field, message, place, expected });
    }

    fn member_path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Runs `inside` with the path of the element at that index.
    pub fn at_index(&mut self, index: usize, inside: impl FnOnce(&mut Self)) {
        use std::fmt::Write as _;
        let length = self.path.len();
        let _ = write!(self.path, "[{index}]");
        inside(self);
        self.path.truncate(length);
    }

    /// Runs `inside` with the path of the value under that key of a map. Go leaves keys out of its field stack.
    pub fn at_key(&mut self, key: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.enter_name(key);
        inside(self);
        self.path.truncate(length);
    }

    fn enter_name(&mut self, name: &str) -> usize {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        length
    }

    /// Steps from a list or a map into its elements: the Go type named by the field loses that prefix. Gives what
    /// [`Decoder::leave_elements`] takes back.
    pub fn enter_elements(&mut self, prefix: &str) -> Option<&'static str> {
        let outer = self.go_type;
        self.go_type = outer.and_then(|name| name.strip_prefix(prefix));
        outer
    }

    /// Steps back out of the elements.
    pub fn leave_elements(&mut self, outer: Option<&'static str>) {
        self.go_type = outer;
    }

    /// Decodes a struct: every member into its field, the unknown and the doubled ones reported.
    pub fn decode_object(&mut self, node: &Node, target: &mut dyn Object) {
        let members = match &node.value {
            Value::Mapping(members) => members,
            Value::Null => return,
            _ => {
                self.wrong_type(node, &GoType::Struct(target.go_name()));
                return;
            }
        };
        let mut seen: u64 = 0;
        for (key, value) in members {
            let Some((position, field)) =
                target.schema().iter().enumerate().find(|(_, field)| *field.name == *key.name)
            else {
                self.unknown_field(key);
                continue;
            };
            let bit = 1_u64.checked_shl(u32::try_from(position).unwrap_or(u32::MAX)).unwrap_or(0);
            if seen & bit != 0 {
                self.duplicate_field(key);
            }
            seen |= bit;
            self.decode_field(position, field, value, target);
        }
    }

    fn decode_field(&mut self, position: usize, field: &'static Field, value: &Node, target: &mut dyn Object) {
        let outer_struct = std::mem::replace(&mut self.go_struct, target.go_name());
        let outer_type = std::mem::replace(&mut self.go_type, field.go_type);
        let depth = self.go_fields.len();
        self.go_fields.extend(field.embedded);
        self.go_fields.push(field.name);
        let length = self.enter_name(field.name);
        if let Some(slot) = target.field_mut(position) {
            decode(slot, value, self);
        }
        self.path.truncate(length);
        self.go_fields.truncate(depth);
        self.go_type = outer_type;
        self.go_struct = outer_struct;
    }
}

fn literal(number: &Number) -> String {
    match number {
        Number::Int(number) => number.to_string(),
        Number::Literal(literal) => literal.to_string(),
    }
}
