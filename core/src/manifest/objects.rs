//! The objects of a file: what `kubectl` would send to the API server, one by one.

use super::json;
use super::stream::Chunks;
use super::{Document, Key, Node, SyntaxError, Value, yaml};

/// What a file holds: its objects in their order, and what is no object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// The objects, each with `apiVersion` and `kind`; lists are taken apart. Places are those in the file.
    pub objects: Vec<Node>,
    /// What could not be read, or is no object, with its place.
    pub refused: Vec<SyntaxError>,
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

/// Reads the objects of a file.
///
/// A file that begins with `{` is read as a row of JSON values first and as YAML where that ends, as apimachinery's
/// `YAMLOrJSONDecoder` does; any other as YAML ([`read`](super::read)). What has `items` is a list and is taken apart as
/// apimachinery's `UnstructuredJSONScheme` does: items without `apiVersion` and `kind` get those of the list. Documents
/// without content are passed over.
///
/// ```
/// let found = portolan::manifest::objects("kind: PodList\napiVersion: v1\nitems: [{metadata: {name: a}}]\n---\n# none\n---\n7\n");
/// assert_eq!(found.objects[0].get("kind").and_then(|kind| kind.as_str()), Some("Pod"));
/// assert_eq!(found.refused[0].to_string(), "a number is no object: it has neither apiVersion nor kind");
/// assert_eq!(found.refused[0].line, 7);
/// ```
pub fn objects(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    for document in documents(text) {
        match document {
            Ok(node) if node.is_null() => {}
            Ok(node) => add(node, None, &mut manifest),
            Err(error) => manifest.refused.push(error),
        }
    }
    manifest
}

/// The documents of a file that may be JSON: a file that begins with `{` is read as a row of JSON values first and as YAML
/// where that ends, as apimachinery's `YAMLOrJSONDecoder` does; any other as YAML ([`read`](super::read)).
pub fn documents(text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let (mut offset, mut line) = (0, 0);
    let mut not_json = None;
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        let mut values = json::Values::new(text);
        loop {
            match values.next() {
                None => return documents,
                Some(Ok(value)) => documents.push(Ok(value)),
                // Behind more than one value it can be nothing but JSON.
                Some(Err(error)) if documents.len() > 1 => {
                    documents.push(Err(error));
                    return documents;
                }
                Some(Err(error)) => {
                    not_json = Some(error);
                    break;
                }
            }
        }
        (offset, line) = values.position();
    }
    let mut chunks = Chunks::behind(text, offset, line);
    documents.extend(chunks.next().map(|chunk| {
        let document = chunk.and_then(|chunk| yaml::read(&chunk));
        // What is neither is more likely meant as JSON.
        document.map_err(|error| if offset == 0 { not_json.take().unwrap_or(error) } else { error })
    }));
    documents.extend(chunks.map(|chunk| yaml::read(&chunk?)));
    documents
}

/// The `apiVersion` and `kind` of a list.
type ListType = (Option<Node>, Option<Node>);

fn add(mut node: Node, list: Option<&ListType>, manifest: &mut Manifest) {
    let place = node.place;
    let refuse = |message: String| SyntaxError { message, line: place.line, column: place.column };
    let Value::Mapping(members) = &mut node.value else {
        let message = format!("{} is no object: it has neither apiVersion nor kind", article(node.kind()));
        manifest.refused.push(refuse(message));
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
    let items = members.iter().position(|(key, node)| &*key.name == "items" && !node.is_null());
    if let Some((_, items)) = items.map(|at| members.remove(at)) {
        let kind = node.get("kind").map(|kind| match kind.as_str() {
            Some(text) => {
                Node { value: Value::String(text.strip_suffix("List").unwrap_or(text).into()), place: kind.place }
            }
            None => kind.clone(),
        });
        // The items of a plain List say themselves what they are.
        let named = kind.filter(|kind| kind.as_str().is_none_or(|kind| !kind.is_empty()));
        let list_type = (node.get("apiVersion").cloned(), named);
        match items.value {
            Value::Sequence(items) => items.into_iter().for_each(|item| add(item, Some(&list_type), manifest)),
            _ => {
                let (line, column) = (items.place.line, items.place.column);
                let message = "the items of a list have to be a sequence".to_owned();
                manifest.refused.push(SyntaxError { message, line, column });
            }
        }
        return;
    }
    for (name, shown) in [("kind", "Kind"), ("apiVersion", "apiVersion")] {
        let message = match node.get(name) {
            Some(value) if value.as_str().is_some_and(|text| !text.is_empty()) => continue,
            Some(value) if value.as_str().is_none() && !value.is_null() => {
                format!("the object's {name} has to be a string, and is {}", article(value.kind()))
            }
            _ => format!("Object '{shown}' is missing"),
        };
        manifest.refused.push(refuse(message));
        return;
    }
    manifest.objects.push(node);
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
    use super::{Manifest, objects, text};

    fn kinds(manifest: &Manifest) -> Vec<&str> {
        manifest.objects.iter().filter_map(|node| node.get("kind")?.as_str()).collect()
    }

    #[test]
    fn lists_are_taken_apart_and_places_stay() {
        let found = objects(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod}]}\n- 5\n",
        );
        assert_eq!(kinds(&found), ["Service", "Pod"]);
        let place = found.objects.first().unwrap().get("kind").unwrap().place;
        assert_eq!((place.line, place.column), (5, 9));
        assert_eq!(found.refused.first().map(|error| (error.line, error.column)), Some((7, 3)));
    }

    #[test]
    fn json_values_may_stand_in_a_row_and_yaml_may_follow_one() {
        assert_eq!(
            kinds(&objects(r#"{"apiVersion":"v1","kind":"Pod"}{"apiVersion":"v1","kind":"Node"}"#)),
            ["Pod", "Node"]
        );
        let mixed = objects("{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}\n---\napiVersion: v1\nkind: Node\n");
        assert_eq!(kinds(&mixed), ["Pod", "Node"]);
        let place = mixed.objects.get(1).unwrap().get("kind").unwrap().place;
        assert_eq!((place.line, place.column, place.start), (4, 7, 58));
        assert_eq!(kinds(&objects("{apiVersion: v1, kind: Pod}")), ["Pod"]);
        let broken = objects("{\"apiVersion\": \"v1\",\n \"kind\": Pod,,}");
        assert_eq!(broken.refused.first().map(|error| (error.line, error.column)), Some((2, 10)));
    }

    #[test]
    fn what_is_no_object_is_named_and_what_is_empty_is_not() {
        let found = objects("# nothing\n---\nkind: Pod\n---\napiVersion: 1\nkind: Pod\n---\n- a\n");
        let refused: Vec<_> = found.refused.iter().map(|error| (error.line, error.message.as_str())).collect();
        assert_eq!(
            refused,
            [
                (3, "Object 'apiVersion' is missing"),
                (5, "the object's apiVersion has to be a string, and is a number"),
                (8, "an array is no object: it has neither apiVersion nor kind"),
            ]
        );
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
