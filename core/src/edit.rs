//! Edits of a field: an object's tree and the text it was read from in, the bytes to replace out.
//!
//! An edit is made only where the text at the place says what the tree says and nothing else hangs on it: what stands
//! behind an alias or a merge, has an anchor or a tag, or is a block of text, is nobody's to change by rule. Everything
//! else keeps its style: quotes, flow or block, line breaks, comments.

use crate::cluster::Source;
use crate::finding::Edit;
use portolan_base::tree::{Key, Node, Place, Value};
use std::sync::Arc;

/// A value to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
}

/// Makes edits of the fields of one object.
#[derive(Clone, Debug)]
pub struct Editor<'a> {
    text: &'a str,
    source: &'a Source,
    tree: Arc<Node>,
}

/// A node, its key if it is a member of an object, and its parent.
#[derive(Clone, Copy)]
struct Spot<'a> {
    parent: &'a Node,
    index: usize,
    key: Option<&'a Key>,
    node: &'a Node,
    /// Whether some collection around it is written in flow style.
    flow: bool,
}

impl<'a> Editor<'a> {
    /// `text` is the whole file that the object's places are places in.
    pub fn new(text: &'a str, source: &'a Source) -> Self {
        Editor { text, source, tree: source.tree() }
    }

    /// What stands at that path, as it was written.
    pub fn value(&self, path: &str) -> Option<&Node> {
        self.tree.at(path)
    }

    /// Writes another value in place of the scalar at that path.
    pub fn replace(&self, path: &str, value: Scalar<'_>) -> Option<Edit> {
        let spot = self.find(path)?;
        if matches!(spot.node.value, Value::Sequence(_) | Value::Mapping(_) | Value::Null) {
            return None;
        }
        let written = self.slice(spot.node.place)?;
        if written.starts_with(['|', '>']) {
            return None;
        }
        self.edit(spot.node.place, render(value, written, spot.flow)?)
    }

    /// Writes another name for the member at that path.
    pub fn rename(&self, path: &str, name: &str) -> Option<Edit> {
        let spot = self.find(path)?;
        let key = spot.key?;
        let written = self.slice(key.place)?;
        self.edit(key.place, render(Scalar::Text(name), written, spot.flow)?)
    }

    /// Spells the name of the member at that path otherwise, in the quotes that are there. What hangs on its value stays
    /// as it is.
    pub fn respell(&self, path: &str, name: &str) -> Option<Edit> {
        let (parent, wrong) = path.rsplit_once('.').unwrap_or(("", path));
        let node = if parent.is_empty() { &*self.tree } else { self.value(parent)? };
        let (key, _) = node.members().iter().find(|(key, _)| *key.name == *wrong)?;
        let written = self.slice(key.place)?;
        let quote = u32::from(written.starts_with(['"', '\'']));
        let at = Place { start: key.place.start + quote, end: key.place.end.checked_sub(quote)?, ..key.place };
        self.edit(at, name.to_owned()).filter(|_| self.slice(at) == Some(wrong))
    }

    /// Takes out the member or item at that path, with its line. Nothing where it is the only one: what an empty
    /// collection means is for somebody who knows.
    pub fn remove(&self, path: &str) -> Option<Edit> {
        let spot = self.find(path)?;
        let (place, next, before) = neighbours(&spot)?;
        let is_named_elsewhere = self.slice(place)?.contains(" &");
        if next.is_none() && before.is_none() || is_named_elsewhere {
            return None;
        }
        if spot.flow || self.is_flow(spot.parent) {
            let range = match (next, before) {
                (Some(next), _) => (place.start, next.start),
                (None, Some(before)) => (before.end, place.end),
                (None, None) => return None,
            };
            return self.edit(Place { start: range.0, end: range.1, ..place }, String::new());
        }
        let end = self.line_end(place)?;
        let start = if spot.key.is_some() { place.start } else { self.dash(place.start)? };
        let line = self.line_start(start)?;
        let before_it = self.text.get(line..usize::try_from(start).ok()?)?;
        if before_it.bytes().all(|byte| byte == b' ') {
            return self.edit(Place { start: u32::try_from(line).ok()?, end, ..place }, String::new());
        }
        // The first member of an item, behind its dash: the next one takes its place.
        let next = next.filter(|_| spot.key.is_some() && is_indent(before_it))?;
        self.edit(Place { start: place.start, end: next.start, ..place }, String::new())
    }

    /// Takes out a member or item; where it is the only one, the collection too.
    pub fn remove_or_empty(&self, path: &str) -> Option<Edit> {
        let around = path.rsplit_once(['.', '[']).map(|(around, _)| around);
        let around = if path.ends_with(']') { path.rsplit_once('[').map(|(around, _)| around) } else { around };
        self.remove(path).or_else(|| {
            let collection = self.value(around?)?;
            let is_only = collection.members().len().max(collection.items().len()) == 1;
            self.remove(around?).filter(|_| is_only)
        })
    }

    /// Puts a member before the others of the mapping at that path (empty for the object itself).
    pub fn insert(&self, path: &str, name: &str, value: Scalar<'_>) -> Option<Edit> {
        let (mapping, flow) = self.collection(path)?;
        let Value::Mapping(members) = &mapping.value else { return None };
        let (key, _) = members.first()?;
        let at = Place { end: key.place.start, ..key.place };
        self.slice(key.place)?;
        if key.place.start < mapping.place.start || &*key.name == "<<" {
            return None;
        }
        let line = self.line_start(key.place.start)?;
        let before = self.text.get(line..usize::try_from(key.place.start).ok()?)?;
        let quoted = self.slice(key.place)?.starts_with('"');
        let name = render(Scalar::Text(name), if quoted { "\"" } else { "" }, quoted)?;
        if flow {
            let value = render(value, "", true)?;
            let between = if before.bytes().all(|byte| byte == b' ') && self.starts_behind(mapping, line) {
                format!(",{}{before}", self.line_break(line))
            } else {
                ", ".to_owned()
            };
            return self.edit(at, format!("{name}: {value}{between}"));
        }
        if !is_indent(before) {
            return None;
        }
        let value = render(value, "", false)?;
        let indent = " ".repeat(before.chars().count());
        self.edit(at, format!("{name}: {value}{}{indent}", self.line_break(line)))
    }

    /// Puts an item behind the others of the list at that path.
    pub fn append(&self, path: &str, value: Scalar<'_>) -> Option<Edit> {
        let (list, flow) = self.collection(path)?;
        let Value::Sequence(items) = &list.value else { return None };
        let last = items.last()?;
        let written = self.slice(last.place)?;
        if last.place.start < list.place.start || written.starts_with(['&', '*', '!', '|', '>', '{', '[']) {
            return None;
        }
        if flow {
            let at = Place { start: last.place.end, ..last.place };
            return self.edit(at, format!(", {}", render(value, written, true)?));
        }
        let dash = self.dash(last.place.start)?;
        let line = self.line_start(dash)?;
        let before = self.text.get(line..usize::try_from(dash).ok()?)?;
        if !before.bytes().all(|byte| byte == b' ') {
            return None;
        }
        let end = self.line_end(last.place)?;
        let at = Place { start: end, end, ..last.place };
        let newline = self.line_break(line);
        let value = render(value, written, false)?;
        let is_ended = self.text.get(..usize::try_from(end).ok()?)?.ends_with('\n');
        self.edit(
            at,
            if is_ended { format!("{before}- {value}{newline}") } else { format!("{newline}{before}- {value}") },
        )
    }

    /// Makes one item of the item at that index of a list and the one behind it: the members of both.
    pub fn join(&self, path: &str, index: usize) -> Option<Edit> {
        let (list, flow) = self.collection(path)?;
        let (one, other) = (list.items().get(index)?, list.items().get(index.checked_add(1)?)?);
        let (Value::Mapping(first), Value::Mapping(second)) = (&one.value, &other.value) else { return None };
        let inside = |node: &Node| list.place.start <= node.place.start && node.place.end <= list.place.end;
        if first.is_empty() || second.is_empty() || !inside(one) || !inside(other) {
            return None;
        }
        let between = Place { start: one.place.end, end: other.place.start, ..one.place };
        let (is_flow, other_is_flow) = (self.is_flow(one), self.is_flow(other));
        if is_flow && other_is_flow && (flow || self.slice(between)?.trim_matches(['-', ' ', '\n', '\r']).is_empty()) {
            let range =
                Place { start: one.place.end.checked_sub(1)?, end: other.place.start.checked_add(1)?, ..one.place };
            return self.edit(range, ", ".to_owned());
        }
        let plain = |node: &Node| self.slice(node.place).is_some_and(|text| !text.starts_with(['&', '*', '!']));
        let dash = self.dash(other.place.start)?;
        let line = self.line_start(dash)?;
        let before = self.text.get(line..usize::try_from(dash).ok()?)?;
        let fits = !flow && !is_flow && !other_is_flow && plain(one) && plain(other);
        if !fits || one.place.column != other.place.column || !before.bytes().all(|byte| byte == b' ') {
            return None;
        }
        self.edit(Place { start: dash, end: dash.checked_add(1)?, ..other.place }, " ".to_owned())
    }

    /// Writes other members in place of all those of the mapping at that path, which have to be scalars without comments
    /// between them: lines with how deep each lies, and the same in flow style.
    pub fn rewrite(&self, path: &str, lines: &[(usize, String)], in_flow: String) -> Option<Edit> {
        let (mapping, flow) = self.collection(path)?;
        let (first, _) = mapping.members().first()?;
        let (_, last) = mapping.members().last()?;
        let at = Place { end: last.place.end, ..first.place };
        for (key, node) in mapping.members() {
            self.find(&format!("{path}.{}", key.name)).filter(|_| !matches!(node.value, Value::Null))?;
        }
        let is_scalar = |node: &Node| !matches!(node.value, Value::Sequence(_) | Value::Mapping(_));
        let is_plain = mapping.members().iter().all(|(_, node)| is_scalar(node));
        if !is_plain || first.place.start < mapping.place.start || self.slice(at)?.contains(['#', '|', '>']) {
            return None;
        }
        let line = self.line_start(first.place.start)?;
        let before = self.text.get(line..usize::try_from(first.place.start).ok()?)?;
        if flow || !is_indent(before) {
            return self.edit(at, in_flow);
        }
        let (indent, newline) = (before.chars().count(), self.line_break(line));
        let lines = lines.iter().enumerate().map(|(at, (depth, text))| match at {
            0 => text.clone(),
            _ => format!("{newline}{}{text}", " ".repeat(indent + 2 * depth)),
        });
        self.edit(at, lines.collect())
    }

    /// What stands at that path, byte for byte, where it is a scalar.
    pub fn written(&self, path: &str) -> Option<&'a str> {
        let spot = self.find(path)?;
        let is_scalar = !matches!(spot.node.value, Value::Sequence(_) | Value::Mapping(_) | Value::Null);
        self.slice(spot.node.place).filter(|text| is_scalar && !text.starts_with(['|', '>']))
    }

    /// The list or mapping at a path, and whether it is in flow style.
    fn collection(&self, path: &str) -> Option<(&Node, bool)> {
        let root: &Node = &self.tree;
        let (node, flow) = match path {
            "" => (root, false),
            path => self.find(path).map(|spot| (spot.node, spot.flow))?,
        };
        let plain = !self.slice(node.place)?.starts_with(['&', '*', '!']);
        plain.then(|| (node, flow || self.is_flow(node)))
    }

    /// Follows a path, through places that say what the tree says.
    fn find(&self, path: &str) -> Option<Spot<'_>> {
        let mut node: &Node = &self.tree;
        let mut found = None;
        let mut flow = false;
        for step in portolan_base::tree::steps(path) {
            if self.slice(node.place)?.starts_with(['&', '*', '!']) {
                return None;
            }
            flow = flow || self.is_flow(node);
            let (index, key, child) = match step {
                portolan_base::tree::Step::Index(index) => (index, None, node.items().get(index)?),
                portolan_base::tree::Step::Name(name) => {
                    let index = node.members().iter().position(|(key, _)| *key.name == *name)?;
                    let (key, child) = node.members().get(index)?;
                    (index, Some(key), child)
                }
            };
            let first = key.map_or(child.place.start, |key| key.place.start);
            let in_order = key.is_none_or(|key| key.place.end <= child.place.start);
            if first < node.place.start || node.place.end < child.place.end || !in_order {
                return None;
            }
            if key.is_some_and(|key| self.slice(key.place).is_none_or(|text| text.starts_with(['&', '*', '!', '?']))) {
                return None;
            }
            found = Some(Spot { parent: node, index, key, node: child, flow });
            node = child;
        }
        let spot = found?;
        (!self.slice(spot.node.place)?.starts_with(['&', '*', '!'])).then_some(spot)
    }

    fn slice(&self, place: Place) -> Option<&'a str> {
        self.text.get(usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?)
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.slice(node.place).is_some_and(|text| text.starts_with(['{', '[']))
    }

    fn line_start(&self, at: u32) -> Option<usize> {
        let before = self.text.get(..usize::try_from(at).ok()?)?;
        Some(before.rfind('\n').map_or(0, |end| end + 1))
    }

    /// Whether the node begins before that line.
    fn starts_behind(&self, node: &Node, line: usize) -> bool {
        usize::try_from(node.place.start).is_ok_and(|start| start < line)
    }

    /// The end of the line that a value ends on, with its break; nothing where more than a comment stands behind it.
    fn line_end(&self, place: Place) -> Option<u32> {
        let end = usize::try_from(place.end).ok()?;
        if self.text.get(..end)?.ends_with('\n') {
            return Some(place.end);
        }
        let rest = self.text.get(end..)?;
        let line = rest.find('\n').map_or(rest, |at| rest.get(..=at).unwrap_or(rest));
        let behind = line.trim();
        (behind.is_empty() || behind.starts_with('#')).then(|| u32::try_from(end + line.len()).ok())?
    }

    /// Where the dash of a list item stands that begins there.
    fn dash(&self, start: u32) -> Option<u32> {
        let before = self.text.get(..usize::try_from(start).ok()?)?.trim_end_matches(' ');
        before.ends_with('-').then(|| u32::try_from(before.len() - 1).ok())?
    }

    /// The line break of the file, by the one before a line.
    fn line_break(&self, line: usize) -> &'static str {
        let known = self.text.get(..line).filter(|before| before.ends_with('\n')).unwrap_or(self.text);
        let crlf = known.rfind('\n').is_some_and(|at| known.get(..at).is_some_and(|before| before.ends_with('\r')));
        if crlf { "\r\n" } else { "\n" }
    }

    fn edit(&self, place: Place, text: String) -> Option<Edit> {
        self.slice(place)?;
        Some(Edit { file: self.source.file.to_string(), range: place.start..place.end, text })
    }
}

/// The extent of a member or item, where the next one begins, and where the one before ends.
fn neighbours(spot: &Spot<'_>) -> Option<(Place, Option<Place>, Option<Place>)> {
    let whole = |index: usize| -> Option<Place> {
        match &spot.parent.value {
            Value::Sequence(items) => items.get(index).map(|item| item.place),
            Value::Mapping(members) => {
                members.get(index).map(|(key, value)| Place { end: value.place.end.max(key.place.end), ..key.place })
            }
            _ => None,
        }
    };
    let place = whole(spot.index)?;
    let next = whole(spot.index + 1);
    let before = spot.index.checked_sub(1).and_then(whole);
    let in_order = next.is_none_or(|next| place.end <= next.start) && before.is_none_or(|it| it.end <= place.start);
    in_order.then_some((place, next, before))
}

/// Whether only spaces and the dashes of list items stand before a member on its line.
fn is_indent(before: &str) -> bool {
    before.bytes().all(|byte| matches!(byte, b' ' | b'-')) && !before.starts_with("--")
}

/// A value in the style of what is written there: its quotes stay, and in flow style strings have some.
fn render(value: Scalar<'_>, like: &str, flow: bool) -> Option<String> {
    let text = match value {
        Scalar::Number(number) => return Some(number.to_string()),
        Scalar::Bool(truth) => return Some(truth.to_string()),
        Scalar::Text(text) => text,
    };
    if text.chars().any(char::is_control) {
        return None;
    }
    Some(match like.chars().next() {
        Some('\'') => format!("'{}'", text.replace('\'', "''")),
        Some('"') => double_quoted(text),
        _ if flow || !is_plain(text) => double_quoted(text),
        _ => text.to_owned(),
    })
}

fn double_quoted(text: &str) -> String {
    let mut out = String::new();
    portolan_base::json::write_string(&mut out, text);
    out
}

/// Whether YAML reads the text as that string where it stands without quotes.
fn is_plain(text: &str) -> bool {
    let safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
    safe && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '/')
        && matches!(portolan_yaml::read(text).as_slice(), [Ok(node)] if node.as_str() == Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// The text after the edit that `make` gives for its only document, or its last one.
    fn edited(text: &str, make: &dyn Fn(&Editor<'_>) -> Option<Edit>) -> Option<String> {
        let node = portolan_yaml::documents(text).pop().unwrap().unwrap();
        let source = Source::new("a.yaml".into(), Arc::new(node));
        let edit = make(&Editor::new(text, &source))?;
        let mut out = text.to_owned();
        out.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        Some(out)
    }

    #[track_caller]
    fn becomes(text: &str, make: &dyn Fn(&Editor<'_>) -> Option<Edit>, expected: &str) {
        assert_eq!(edited(text, make).as_deref(), Some(expected), "{text}");
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(edited(&crlf, make), Some(expected.replace('\n', "\r\n")), "{text} with CRLF");
        let behind = format!("first: 1\n---\n{text}");
        if !text.starts_with("{\"") {
            assert_eq!(edited(&behind, make), Some(format!("first: 1\n---\n{expected}")), "{text} behind another");
        }
    }

    #[test]
    fn a_scalar_keeps_its_style() {
        let name = |edit: &Editor<'_>| edit.replace("a.b", Scalar::Text("new"));
        becomes("a:\n  b: old # why\n", &name, "a:\n  b: new # why\n");
        becomes("a:\n  b: 'old'\n", &name, "a:\n  b: 'new'\n");
        becomes("a:\n  b: \"old\"\n", &name, "a:\n  b: \"new\"\n");
        becomes("a: {b: 80}\n", &name, "a: {b: \"new\"}\n");
        becomes("{\"a\":{\"b\":\"old\"}}", &name, "{\"a\":{\"b\":\"new\"}}");
        becomes("é: ü\na:\n  b: old", &name, "é: ü\na:\n  b: new");
        let number = |edit: &Editor<'_>| edit.replace("a[1]", Scalar::Number(8080));
        becomes("a:\n- x\n- \"http\"\n", &number, "a:\n- x\n- 8080\n");
        let odd = |edit: &Editor<'_>| edit.replace("a", Scalar::Text("yes"));
        becomes("a: x\n", &odd, "a: \"yes\"\n");
    }

    #[test]
    fn what_hangs_together_is_left_alone() {
        let none = |text: &str| {
            let node = portolan_yaml::documents(text).pop().unwrap().unwrap();
            let source = Source::new("a.yaml".into(), Arc::new(node));
            let editor = Editor::new(text, &source);
            assert_eq!(editor.replace("a.b", Scalar::Text("new")), None, "{text}");
            assert_eq!(editor.remove("a.b"), None, "{text}");
        };
        none("x: &x {b: 1, c: 2}\na: *x\n");
        none("x: &x\n  b: 1\n  c: 2\na:\n  <<: *x\n  d: 3\n");
        none("a: &x\n  b: 1\n  c: 2\ny: *x\n");
        none("y: &y 1\na:\n  b: *y\n");
        none("a: !!map\n  b: 1\n");
        let anchor = |edit: &Editor<'_>| edit.remove("a");
        assert_eq!(edited("a:\n  b: &b 1\nc: *b\n", &anchor), None);
        let block = |edit: &Editor<'_>| edit.replace("a", Scalar::Text("new"));
        assert_eq!(edited("a: |\n  text\n", &block), None);
        assert_eq!(edited("a:\n", &block), None);
        assert_eq!(edited("a: &x 1\n", &block), None);
    }

    #[test]
    fn a_field_goes_with_its_line() {
        let member = |edit: &Editor<'_>| edit.remove("a.b");
        becomes("a:\n  b: 1 # why\n  c: 2\n", &member, "a:\n  c: 2\n");
        becomes("a:\n  c: 2\n  b:\n    d: 1\n    e: |\n      f\nz: 1\n", &member, "a:\n  c: 2\nz: 1\n");
        becomes("a: {b: 1, c: 2}\n", &member, "a: {c: 2}\n");
        becomes("a: {c: 2, b: 1}\n", &member, "a: {c: 2}\n");
        becomes("{\"a\":{\"c\":2,\"b\":1}}", &member, "{\"a\":{\"c\":2}}");
        assert_eq!(edited("a:\n  b: 1\n", &member), None);
        let item = |edit: &Editor<'_>| edit.remove("a[1]");
        becomes("a:\n- x\n- y\n", &item, "a:\n- x\n");
        becomes("a:\n  - x: 1\n    y: 2\n  - x: 3\n    y: 4\n  - z\n", &item, "a:\n  - x: 1\n    y: 2\n  - z\n");
        becomes("a: [x, y]\n", &item, "a: [x]\n");
        let first = |edit: &Editor<'_>| edit.remove("a[0].x");
        becomes("a:\n- x: 1\n  y: 2\n", &first, "a:\n- y: 2\n");
    }

    #[test]
    fn a_field_comes_before_the_others() {
        let field = |edit: &Editor<'_>| edit.insert("a", "new", Scalar::Text("v"));
        becomes("a:\n  b: 1\n", &field, "a:\n  new: v\n  b: 1\n");
        becomes("a: {b: 1}\n", &field, "a: {new: \"v\", b: 1}\n");
        becomes("{\"a\": {\n  \"b\": 1\n}}", &field, "{\"a\": {\n  \"new\": \"v\",\n  \"b\": 1\n}}");
        let item = |edit: &Editor<'_>| edit.insert("a[0]", "new", Scalar::Number(1));
        becomes("a:\n  - b: 1\n    c: 2\n", &item, "a:\n  - new: 1\n    b: 1\n    c: 2\n");
        assert_eq!(edited("a: {}\n", &field), None);
    }

    #[test]
    fn an_item_comes_behind_the_others() {
        let item = |edit: &Editor<'_>| edit.append("a", Scalar::Text("new"));
        becomes("a:\n  - x # why\nb: 1\n", &item, "a:\n  - x # why\n  - new\nb: 1\n");
        becomes("a:\n- 'x'", &item, "a:\n- 'x'\n- 'new'");
        becomes("a: [x]\n", &item, "a: [x, \"new\"]\n");
    }

    #[test]
    fn two_items_become_one() {
        let join = |edit: &Editor<'_>| edit.join("a", 0);
        becomes("a:\n  - b: 1\n  # and\n  - c: 2\n", &join, "a:\n  - b: 1\n  # and\n    c: 2\n");
        becomes("a: [{b: 1}, {c: 2}]\n", &join, "a: [{b: 1, c: 2}]\n");
        becomes("a:\n- {b: 1}\n- {c: 2}\n", &join, "a:\n- {b: 1, c: 2}\n");
        assert_eq!(edited("a:\n- {b: 1}\n- c: 2\n", &join), None);
    }
}
