//! The objects of a file: what `kubectl` would send to the API server, one by one.

use portolan_base::tree::{Key, Node, SyntaxError, Value};
use portolan_yaml::documents;
use std::borrow::Cow;

/// Why a document, or an item of a list, is no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoObject {
    /// It cannot be read.
    Unreadable(SyntaxError),
    /// It can be read, and should be an object: what is the matter, and where.
    Incomplete(SyntaxError),
    /// It does not even say that it is one, so that it is meant for somebody else: what it is, in a word.
    Other(&'static str),
}

/// The text of a file. A byte order mark stays; the readers pass over it.
///
/// # Errors
/// The bytes are no UTF-8 text: another encoding, or no text at all. The place is that of the first byte that does not fit.
pub fn text(bytes: &[u8]) -> Result<&str, SyntaxError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let message = "the file is UTF-16; Kubernetes reads UTF-8".to_owned();
        return Err(SyntaxError { message, line: 1, column: 1 });
    }
    let at = |offset: usize, message: &str| {
        let before = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Err(SyntaxError { message: message.to_owned(), line: small(line), column: small(column) })
    };
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return at(offset, "the file is binary: it holds a NUL byte");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => at(error.valid_up_to(), "the file is no UTF-8 text"),
    }
}

/// Reads the objects of a file, each with `apiVersion` and `kind`, in their order.
///
/// A file that begins with `{` is read as a row of JSON values first and as YAML where that ends, as apimachinery's
/// `YAMLOrJSONDecoder` does; any other as YAML ([`portolan_yaml::read`]). What has `items` is a list and is taken apart as
/// apimachinery's `UnstructuredJSONScheme` does: items without `apiVersion` and `kind` get those of the list. Documents
/// without content are skipped. Positions are those in the file.
///
/// Other documents beside manifests are recognised: values, patches and descriptions of charts.
///
/// ```
/// use portolan::manifest::{NoObject, objects};
/// let found = objects("kind: PodList\napiVersion: v1\nitems: [{metadata: {name: a}}]\n---\n# none\n---\nreplicas: 7\n");
/// assert_eq!(found[0].as_ref().unwrap().get("kind").and_then(|kind| kind.as_str()), Some("Pod"));
/// assert_eq!(found[1], Err(NoObject::Other("without kind")));
/// ```
pub fn objects(text: &str) -> Vec<Result<Node, NoObject>> {
    let mut found = Vec::new();
    // Kubernetes' reader loses a last line without its end where that falls on a full buffer; a file is read whole.
    let ended =
        if text.ends_with('\n') || text.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}\n")) };
    for document in documents(&ended) {
        match document {
            Ok(node) if node.is_null() => {}
            Ok(node) => add(node, None, &mut found),
            Err(error) => found.push(Err(NoObject::Unreadable(error))),
        }
    }
    found
}

/// The `apiVersion` and `kind` of a list.
type ListType = (Option<Node>, Option<Node>);

/// Adds an object, or the items of a list. `list` is what items are that do not say it themselves.
fn add(mut node: Node, list: Option<&ListType>, found: &mut Vec<Result<Node, NoObject>>) {
    let place = node.place;
    let incomplete =
        |message: String| NoObject::Incomplete(SyntaxError { message, line: place.line, column: place.column });
    let Value::Mapping(members) = &mut node.value else {
        // A list of steps is a patch, or settings.
        let is_object = |item: &Node| item.get("apiVersion").is_some() && item.get("kind").is_some();
        found.push(Err(match &node.value {
            Value::Sequence(items) if list.is_none() && !items.iter().any(is_object) => NoObject::Other("without kind"),
            _ => incomplete(format!("expected a Kubernetes object, found {}", article(node.kind()))),
        }));
        return;
    };
    if let Some((version, kind)) = list
        && !["apiVersion", "kind"].iter().any(|name| members.iter().any(|(key, _)| &*key.name == *name))
    {
        for (name, value) in [("apiVersion", version), ("kind", kind)] {
            let value = value.as_ref().map(|value| Node { value: value.value.clone(), place });
            members.extend(value.map(|value| (Key { name: name.into(), place }, value)));
        }
    }
    let is = |name: &str| node.get(name).and_then(Node::as_str).is_some_and(|text| !text.is_empty());
    match (is("apiVersion"), is("kind")) {
        (true, true) => {}
        (false, false) if list.is_none() => return found.push(Err(NoObject::Other("without kind"))),
        // Helm's `Chart.yaml` has a version of its own.
        (true, false) if is("name") && is("version") => return found.push(Err(NoObject::Other("Chart"))),
        (has_version, _) => {
            let missing = if has_version { "kind" } else { "apiVersion" };
            return found.push(Err(incomplete(format!("not a Kubernetes object: it has no `{missing}`"))));
        }
    }
    let Value::Mapping(members) = &mut node.value else { return };
    let items = members.iter().position(|(key, node)| &*key.name == "items" && !node.is_null());
    let Some((_, items)) = items.map(|at| members.remove(at)) else { return found.push(Ok(node)) };
    // The items of a plain List say themselves what they are.
    let kind = node.get("kind").and_then(|kind| {
        let of_item = kind.as_str()?.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        Some(Node { value: Value::String(of_item.into()), place: kind.place })
    });
    let list_type = kind.map(|kind| (node.get("apiVersion").cloned(), Some(kind)));
    let none = (None, None);
    match items.value {
        Value::Sequence(items) => {
            items.into_iter().for_each(|item| add(item, Some(list_type.as_ref().unwrap_or(&none)), found));
        }
        _ => {
            let (line, column) = (items.place.line, items.place.column);
            let message = "the items of a list have to be a sequence".to_owned();
            found.push(Err(NoObject::Incomplete(SyntaxError { message, line, column })));
        }
    }
}

fn article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "array" | "object" => format!("an {kind}"),
        _ => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{NoObject, objects, text};
    use portolan_base::tree::Node;

    fn kinds(text: &str) -> Vec<String> {
        let found = objects(text).into_iter().flatten();
        found.filter_map(|node| Some(node.get("kind")?.as_str()?.to_owned())).collect()
    }

    /// Where something is no object, and what is said of it.
    fn refused(text: &str) -> Vec<(u32, u32, String)> {
        let place = |fault: NoObject| match fault {
            NoObject::Unreadable(error) | NoObject::Incomplete(error) => {
                Some((error.line, error.column, error.message))
            }
            NoObject::Other(_) => None,
        };
        objects(text).into_iter().filter_map(Result::err).filter_map(place).collect()
    }

    #[test]
    fn lists_are_taken_apart_and_places_stay() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod}]}\n- 5\n- {kind: Pod}\n- {a: 1}\n";
        assert_eq!(kinds(text), ["Service", "Pod"]);
        let first = objects(text).into_iter().flatten().next().unwrap();
        let place = first.get("kind").map(|kind: &Node| kind.place).unwrap();
        assert_eq!((place.line, place.column), (5, 9));
        let lines: Vec<u32> = refused(text).into_iter().map(|(line, ..)| line).collect();
        assert_eq!(lines, [7, 8, 9]);
    }

    #[test]
    fn json_values_may_stand_in_a_row_and_yaml_may_follow_one() {
        assert_eq!(kinds(r#"{"apiVersion":"v1","kind":"Pod"}{"apiVersion":"v1","kind":"Node"}"#), ["Pod", "Node"]);
        let mixed = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}\n---\napiVersion: v1\nkind: Node\n";
        assert_eq!(kinds(mixed), ["Pod", "Node"]);
        let second = objects(mixed).into_iter().flatten().nth(1).unwrap();
        let place = second.get("kind").unwrap().place;
        assert_eq!((place.line, place.column, place.start), (4, 7, 58));
        assert_eq!(kinds("{apiVersion: v1, kind: Pod}"), ["Pod"]);
        let broken = refused("{\"apiVersion\": \"v1\",\n \"kind\": Pod,,}");
        assert_eq!(broken.first().map(|(line, column, _)| (*line, *column)), Some((2, 10)));
    }

    #[test]
    fn what_is_no_object_is_named_and_what_is_for_others_is_not() {
        let text =
            "# nothing\n---\nkind: Pod\n---\napiVersion: 1\nkind: Pod\n---\n7\n---\n- {apiVersion: v1, kind: Pod}\n";
        let refused: Vec<(u32, String)> = refused(text).into_iter().map(|(line, _, message)| (line, message)).collect();
        let told = [
            (3, "not a Kubernetes object: it has no `apiVersion`"),
            (5, "not a Kubernetes object: it has no `apiVersion`"),
            (8, "expected a Kubernetes object, found a number"),
            (10, "expected a Kubernetes object, found an array"),
        ];
        assert_eq!(refused, told.map(|(line, message)| (line, message.to_owned())));
        let others = "replicas: 3\n---\n- op: add\n  path: /spec\n---\napiVersion: v2\nname: web\nversion: 1.0.0\n";
        let words = ["without kind", "without kind", "Chart"].map(|word| Err(NoObject::Other(word)));
        assert_eq!(objects(others), words);
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        assert_eq!(text("a: é".as_bytes()), Ok("a: é"));
        let error = |bytes: &[u8]| text(bytes).map_err(|error| (error.line, error.column, error.message)).unwrap_err();
        assert_eq!(error(b"a\n\xc3\xa9b\xff"), (2, 3, "the file is no UTF-8 text".to_owned()));
        assert_eq!(error(b"\x7fELF\0"), (1, 5, "the file is binary: it holds a NUL byte".to_owned()));
        assert_eq!(error(b"\xff\xfea\0"), (1, 1, "the file is UTF-16; Kubernetes reads UTF-8".to_owned()));
    }
}
