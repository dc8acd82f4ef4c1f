//! Reads YAML exactly as Kubernetes does, which is as go-yaml v2.4 does behind `sigs.k8s.io/yaml` v1.6.0.
//!
//! A text comes in, a [`Document`] for each document of the stream goes out: a [`Node`] in which every value knows its
//! place, or the reason why it is refused. A refused document does not affect the next one.
//!
//! go-yaml is neither YAML 1.1 nor 1.2: `{a: 1} rest` is `{a: 1}`, a tab is allowed where no parser for 1.2 allows it,
//! `\/` in a JSON string is refused. The steps are go-yaml's: characters (`reader`) → tokens (`scanner`) → events
//! (`parser`) → nodes as written (`compose`) → nodes as meant (`decode`). `stream` splits a text into documents first, as
//! apimachinery's `YAMLReader` does.

mod block;
mod comments;
mod compose;
mod decode;
mod directive;
mod document;
pub mod number;
mod parser;
mod reader;
mod resolve;
mod scalar;
mod scanner;
mod stream;
mod timestamp;
mod token;

pub use comments::{Comment, comments};
use decode::Overrides;
use portolan_base::tree::{Node, SyntaxError};
use stream::Chunks;

/// A document of a stream: its tree, or why it is refused.
pub type Document = Result<Node, SyntaxError>;

/// Reads a stream of documents as Kubernetes reads it: apimachinery's `YAMLReader` (v0.36.3) splits it at the lines that
/// begin with `---`, and `sigs.k8s.io/yaml` v1.6.0 `YAMLToJSONStrict` reads each part. JSON is read as the YAML it is.
///
/// A part without content (comments, white space) is `null`. A separator with more than a comment behind it ends the
/// stream with an error, and takes the part before it along, as in Kubernetes.
///
/// ```
/// let documents = portolan_yaml::read("port: 0x50\n---\na: b: c\n---\nok: yes\n");
/// assert_eq!(documents[0].as_ref().unwrap().to_json().to_string(), r#"{"port":80}"#);
/// let refused = documents[1].as_ref().unwrap_err();
/// assert_eq!((refused.line, refused.column), (3, 5));
/// assert_eq!(documents[2].as_ref().unwrap().to_json().to_string(), r#"{"ok":true}"#);
/// ```
pub fn read(text: &str) -> Vec<Document> {
    Chunks::new(text).map(|chunk| document::read(&chunk?, Overrides::Refused)).collect()
}

/// The documents of a file that may be JSON: a file that begins with `{` is read as a row of JSON values first and as YAML
/// where that ends, as apimachinery's `YAMLOrJSONDecoder` does; any other as YAML ([`read`]).
///
/// A key that a merge (`<<`) and the mapping itself both set is not an error here, unlike in [`read`]: `kubectl` reads files
/// leniently, the later key counts, and what it sends is JSON.
///
/// ```
/// let documents = portolan_yaml::documents(r#"{"a":1}{"b":2}"#);
/// assert_eq!(documents.len(), 2);
/// let merged = "- &p {port: 80, name: http}\n- {<<: *p, port: 443}\n";
/// let document = portolan_yaml::documents(merged).remove(0).unwrap();
/// assert_eq!(document.to_json().to_string(), r#"[{"port":80,"name":"http"},{"port":443,"name":"http"}]"#);
/// assert!(portolan_yaml::read(merged)[0].is_err());
/// ```
pub fn documents(text: &str) -> Vec<Document> {
    let mut documents = Vec::new();
    let (mut offset, mut line) = (0, 0);
    let mut not_json = None;
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
        let mut values = portolan_base::json::Values::new(text);
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
        let document = chunk.and_then(|chunk| document::read(&chunk, Overrides::Allowed));
        // What is neither is more likely meant as JSON.
        document.map_err(|error| if offset == 0 { not_json.take().unwrap_or(error) } else { error })
    }));
    documents.extend(chunks.map(|chunk| document::read(&chunk?, Overrides::Allowed)));
    documents
}
