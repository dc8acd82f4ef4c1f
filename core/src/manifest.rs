//! Text in, documents out: YAML and JSON become one tree, in which every value knows its place.
//!
//! What comes in is the text of a file as people have it; what goes out is a [`Document`] for each document of the
//! stream, either a [`Node`] or the reason why not. A document that is refused does not take the next one with it.

mod comments;
pub(crate) mod number;
mod objects;
mod stream;
pub(crate) mod yaml;

pub use comments::{Comment, comments};
pub use objects::{NoObject, documents, objects, text};
pub use portolan_text::manifest::{Key, MAX_DEPTH, Node, Number, Place, SyntaxError, Value, json, node};

/// A document of a stream: its tree, or why it is refused.
pub type Document = Result<Node, SyntaxError>;

/// Reads a stream of documents as Kubernetes reads it: apimachinery's `YAMLReader` (v0.36.3) splits it at the lines that
/// begin with `---`, and `sigs.k8s.io/yaml` v1.6.0 `YAMLToJSONStrict` reads each part. JSON is read as the YAML it is.
///
/// A part without content (comments, white space) is `null`. A separator with more than a comment behind it ends the
/// stream with an error, and takes the part before it along, as in Kubernetes.
///
/// ```
/// let documents = portolan::manifest::read("port: 0x50\n---\na: b: c\n---\nok: yes\n");
/// assert_eq!(documents[0].as_ref().unwrap().to_json().to_string(), r#"{"port":80}"#);
/// let refused = documents[1].as_ref().unwrap_err();
/// assert_eq!((refused.line, refused.column), (3, 5));
/// assert_eq!(documents[2].as_ref().unwrap().to_json().to_string(), r#"{"ok":true}"#);
/// ```
pub fn read(text: &str) -> Vec<Document> {
    stream::Chunks::new(text).map(|chunk| yaml::read(&chunk?)).collect()
}
