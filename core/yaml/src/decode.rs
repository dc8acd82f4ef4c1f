//! The document as written in, the document as meant out: what go-yaml's strict decoder (`decode.go`) and
//! sigs.k8s.io/yaml's `convertToJSONableObject` make of it.

use super::compose::{Id, Raw, RawNode, Tree};
use super::parser::Tag;
use super::reader::{Fault, Mark};
use super::resolve::{Scalar, resolve};
use crate::number::{json_float, key_float};
use portolan_base::base64;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::tree::{Key, MAX_DEPTH, Node, Number, Place, Value};
use std::borrow::Cow;

/// The position of a mark in the file.
pub(super) trait Places {
    /// The place from a mark to a byte offset.
    fn place(&mut self, start: Mark, end: usize) -> Place;
}

/// What is done with a key that a merge (`<<`) and the mapping itself both set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overrides {
    /// It is refused, as go-yaml's strict decoder does (`yaml.UnmarshalStrict`, the API server's strict validation of YAML).
    Refused,
    /// The later one counts, as for `kubectl`, which reads YAML leniently and sends JSON (`yaml.Unmarshal`).
    Allowed,
}

/// Makes a tree of what the document says.
///
/// # Errors
/// What go-yaml refuses: a key set twice, an alias that holds itself, too much that comes from aliases, a merge of what is
/// no mapping, a value that is not what its tag says, a key that is no scalar; what has no JSON: infinity and NaN, keys that
/// are null or beyond 64 bits with sign; and what is nested deeper than [`MAX_DEPTH`].
pub(super) fn decode(tree: &Tree<'_>, places: &mut dyn Places, overrides: Overrides) -> Result<Node, Fault> {
    let Some(root) = tree.root else { return Ok(Node::default()) };
    let mut decoder =
        Decoder { tree, places, overrides, merging: 0, busy: Vec::new(), alias_depth: 0, decoded: 1, from_aliases: 0 };
    decoder.node(root, 0)
}

struct Decoder<'d, 't> {
    tree: &'d Tree<'t>,
    places: &'d mut dyn Places,
    overrides: Overrides,
    /// How many merges are being filled in, one inside the other.
    merging: usize,
    /// The aliases that are being followed.
    busy: Vec<Id>,
    alias_depth: usize,
    /// go-yaml's `decodeCount` and `aliasCount`.
    decoded: u64,
    from_aliases: u64,
}

/// A mapping that is being filled.
#[derive(Default)]
struct Filling<'t> {
    members: Vec<(Key, Node)>,
    /// The names that came from a merge.
    merged: BTreeSet<String>,
    /// The keys as Go's map tells them apart.
    keys: Keys<'t>,
    /// Whether there is a key that was no string.
    converted: bool,
}

/// A key as Go's map tells it apart: by type and value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum GoKey<'t> {
    Bool(bool),
    Int(i64),
    Float(u64),
    Text(Cow<'t, str>),
}

/// A set that is a list as long as it is short.
#[derive(Debug)]
enum Keys<'t> {
    Few(Vec<GoKey<'t>>),
    Many(BTreeSet<GoKey<'t>>),
}

impl Default for Keys<'_> {
    fn default() -> Self {
        Keys::Few(Vec::new())
    }
}

impl<'t> Keys<'t> {
    const FEW: usize = 12;

    /// Puts a key in; tells whether it is new.
    fn insert(&mut self, key: GoKey<'t>) -> bool {
        match self {
            Keys::Many(keys) => keys.insert(key),
            Keys::Few(keys) if keys.contains(&key) => false,
            Keys::Few(keys) if keys.len() < Self::FEW => {
                keys.push(key);
                true
            }
            Keys::Few(keys) => {
                let mut many: BTreeSet<GoKey<'t>> = std::mem::take(keys).into_iter().collect();
                many.insert(key);
                *self = Keys::Many(many);
                true
            }
        }
    }
}

impl<'t> Decoder<'_, 't> {
    fn raw(&self, id: Id) -> Result<&RawNode<'t>, Fault> {
        self.tree.nodes.get(id).ok_or_else(|| Fault::new("unknown node", Mark::default()))
    }

    fn place(&mut self, id: Id) -> Place {
        match self.tree.nodes.get(id) {
            Some(node) => self.places.place(node.start, node.end),
            None => Place::default(),
        }
    }

    /// Counts a node, as go-yaml does against documents that are mostly aliases.
    fn count(&mut self, mark: Mark) -> Result<(), Fault> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.from_aliases += 1;
        }
        if self.from_aliases > 100 && self.decoded > 1000 {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
            let (decoded, from_aliases) = (self.decoded as f64, self.from_aliases as f64);
            if from_aliases / decoded > allowed_ratio(decoded) {
                return Err(Fault::new("document contains excessive aliasing", mark));
            }
        }
        Ok(())
    }

    fn node(&mut self, id: Id, depth: usize) -> Result<Node, Fault> {
        let tree = self.tree;
        let node = self.raw(id)?;
        let (start, first) = (node.start, node.first_child);
        self.count(start)?;
        if depth > MAX_DEPTH {
            return Err(Fault::new("nested too deeply", start));
        }
        let Some(node) = tree.nodes.get(id) else { return Ok(Node::default()) };
        let value = match &node.raw {
            Raw::Alias(target, name) => {
                self.enter(id, name, start)?;
                let meant = self.node(*target, depth + 1);
                self.leave();
                return meant;
            }
            Raw::Scalar(text, tag, implicit) => scalar(text, *tag, *implicit).map_err(|why| Fault::new(why, start))?,
            Raw::Sequence => {
                let mut items = Vec::new();
                let mut next = first;
                while let Some(child) = next {
                    items.push(self.node(child, depth + 1)?);
                    next = self.raw(child)?.next;
                }
                Value::Sequence(items)
            }
            Raw::Mapping => {
                let mut filling = Filling::default();
                self.fill(id, &mut filling, depth)?;
                Value::Mapping(filling.finish())
            }
        };
        Ok(Node { value, place: self.place(id) })
    }

    fn enter(&mut self, alias: Id, name: &str, mark: Mark) -> Result<(), Fault> {
        if self.busy.contains(&alias) {
            return Err(Fault::new(format!("anchor '{name}' value contains itself"), mark));
        }
        self.busy.push(alias);
        self.alias_depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.busy.pop();
        self.alias_depth -= 1;
    }

    /// Puts the members of a mapping into one that is being filled.
    fn fill(&mut self, mapping: Id, filling: &mut Filling<'t>, depth: usize) -> Result<(), Fault> {
        let mut next = self.raw(mapping)?.first_child;
        while let Some(key) = next {
            let Some(value) = self.raw(key)?.next else { return Ok(()) };
            next = self.raw(value)?.next;
            if self.is_merge(key)? {
                self.merge(value, filling, depth)?;
                continue;
            }
            let mark = self.raw(key)?.start;
            let (go_key, name) = self.key(key, depth)?;
            let place = self.place(key);
            // What the value itself holds is not merged.
            let merging = std::mem::take(&mut self.merging);
            let node = self.node(value, depth + 1)?;
            self.merging = merging;
            filling.converted |= !matches!(go_key, GoKey::Text(_));
            // NaN is no key twice, because it does not equal itself.
            let is_nan = matches!(go_key, GoKey::Float(bits) if f64::from_bits(bits).is_nan());
            if !is_nan && !filling.keys.insert(go_key) {
                if self.overrides == Overrides::Allowed && (self.merging > 0 || filling.merged.contains(&name)) {
                    filling.replace(&name, place, node);
                    continue;
                }
                return Err(Fault::new(format!("key {} already set in map", portolan_base::go::quote(&name)), mark));
            }
            if self.merging > 0 && self.overrides == Overrides::Allowed {
                filling.merged.insert(name.clone());
            }
            filling.members.push((Key { name: name.into(), place }, node));
        }
        Ok(())
    }

    fn is_merge(&self, key: Id) -> Result<bool, Fault> {
        Ok(match &self.raw(key)?.raw {
            Raw::Scalar(text, tag, implicit) => text == "<<" && (*implicit || *tag == Tag::Merge),
            _ => false,
        })
    }

    /// The value of `<<`: a mapping, an alias of one, or a list of these, of which the last goes first.
    fn merge(&mut self, value: Id, filling: &mut Filling<'t>, depth: usize) -> Result<(), Fault> {
        self.merging += 1;
        let merged = self.merge_all(value, filling, depth);
        self.merging -= 1;
        merged
    }

    fn merge_all(&mut self, value: Id, filling: &mut Filling<'t>, depth: usize) -> Result<(), Fault> {
        if !matches!(self.raw(value)?.raw, Raw::Sequence) {
            return self.merge_one(value, filling, depth);
        }
        let mut sources = Vec::new();
        let mut next = self.raw(value)?.first_child;
        while let Some(source) = next {
            sources.push(source);
            next = self.raw(source)?.next;
        }
        sources.into_iter().rev().try_for_each(|source| self.merge_one(source, filling, depth))
    }

    fn merge_one(&mut self, source: Id, filling: &mut Filling<'t>, depth: usize) -> Result<(), Fault> {
        let tree = self.tree;
        let mark = self.raw(source)?.start;
        if depth > MAX_DEPTH {
            return Err(Fault::new("nested too deeply", mark));
        }
        let wants_mapping = || Fault::new("map merge requires map or sequence of maps as the value", mark);
        match tree.nodes.get(source).map(|node| &node.raw) {
            Some(Raw::Mapping) => {
                self.count(mark)?;
                self.fill(source, filling, depth + 1)
            }
            Some(Raw::Alias(target, name)) => {
                if !matches!(self.raw(*target)?.raw, Raw::Mapping) {
                    return Err(wants_mapping());
                }
                self.count(mark)?;
                self.enter(source, name, mark)?;
                self.count(mark)?;
                let filled = self.fill(*target, filling, depth + 1);
                self.leave();
                filled
            }
            _ => Err(wants_mapping()),
        }
    }

    /// A key: as Go's map tells it apart, and as the name it becomes.
    fn key(&mut self, id: Id, depth: usize) -> Result<(GoKey<'t>, String), Fault> {
        let tree = self.tree;
        let mark = self.raw(id)?.start;
        self.count(mark)?;
        match tree.nodes.get(id).map(|node| &node.raw) {
            Some(Raw::Scalar(text, tag, implicit)) => {
                go_key(text, *tag, *implicit).map_err(|why| Fault::new(why, mark))
            }
            Some(Raw::Alias(target, name)) => {
                if depth > MAX_DEPTH {
                    return Err(Fault::new("nested too deeply", mark));
                }
                self.enter(id, name, mark)?;
                let key = self.key(*target, depth + 1);
                self.leave();
                key
            }
            _ => Err(Fault::new("invalid map key: it has to be a scalar", mark)),
        }
    }
}

impl Filling<'_> {
    /// Puts another value in the position of a member.
    fn replace(&mut self, name: &str, place: Place, node: Node) {
        self.merged.remove(name);
        if let Some((key, value)) = self.members.iter_mut().find(|(key, _)| &*key.name == name) {
            key.place = place;
            *value = node;
        }
    }

    /// The members. Where two keys of different types have become one name, Go keeps one of them by chance; here it is
    /// the later.
    fn finish(self) -> Vec<(Key, Node)> {
        let mut members = self.members;
        if self.converted {
            let last: BTreeMap<Box<str>, usize> =
                members.iter().enumerate().map(|(at, (key, _))| (key.name.clone(), at)).collect();
            let mut at = 0;
            members.retain(|(key, _)| {
                at += 1;
                last.get(&key.name) == Some(&(at - 1))
            });
        }
        members
    }
}

/// How large a part may come from aliases (`allowedAliasRatio`).
fn allowed_ratio(decoded: f64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    if decoded <= LOW {
        0.99
    } else if decoded >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
    }
}

/// The scalar's value, and its text as it is meant.
fn meaning(text: &str, tag: Tag, implicit: bool) -> Result<(Scalar, Cow<'_, str>), String> {
    if tag == Tag::Absent && !implicit {
        return Ok((Scalar::Text, Cow::Borrowed(text)));
    }
    if tag == Tag::Binary {
        let bytes = base64::decode(text).ok_or("!!binary value contains invalid base64 data")?;
        return Ok((Scalar::Text, Cow::Owned(base64::to_text(&bytes))));
    }
    Ok((resolve(tag, text)?, Cow::Borrowed(text)))
}

fn scalar(text: &str, tag: Tag, implicit: bool) -> Result<Value, String> {
    let (scalar, text) = meaning(text, tag, implicit)?;
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::Number(Number::Int(value)),
        Scalar::UInt(value) => Value::Number(Number::Literal(value.to_string().into())),
        Scalar::Float(value) if value.is_finite() => Value::Number(json_float(value)),
        Scalar::Float(_) => return Err(format!("json: unsupported value: {text}")),
        Scalar::Text => Value::String(text.into()),
    })
}

fn go_key<'t>(text: &Cow<'t, str>, tag: Tag, implicit: bool) -> Result<(GoKey<'t>, String), String> {
    let (scalar, meant) = meaning(text, tag, implicit)?;
    Ok(match scalar {
        Scalar::Null => return Err("unsupported map key: null".to_owned()),
        Scalar::Bool(value) => (GoKey::Bool(value), value.to_string()),
        Scalar::Int(value) => (GoKey::Int(value), value.to_string()),
        Scalar::UInt(value) => return Err(format!("unsupported map key: {value}")),
        // 0.0 and -0.0 are one key.
        Scalar::Float(value) => (GoKey::Float((value + 0.0).to_bits()), key_float(value)),
        Scalar::Text if tag == Tag::Binary => (GoKey::Text(Cow::Owned(meant.to_string())), meant.into_owned()),
        Scalar::Text => (GoKey::Text(text.clone()), meant.into_owned()),
    })
}
