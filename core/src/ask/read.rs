//! `read`: what does this text say? `{"text": …}` → `{"documents": [{"value": …} | {"error", "line", "column"}]}`

use super::{AskError, part};
use crate::engine::Engine;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Reads the text as Kubernetes' own reader does, each document by itself.
///
/// # Errors
/// `text` is missing or no string.
pub(super) fn ask(_engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let documents = portolan_yaml::read(part::text(question, "text")?).into_iter().map(|document| match document {
        Ok(node) => Json::object().with("value", node.to_json()),
        Err(error) => {
            let place = Json::object().with("error", error.message).with("line", error.line);
            place.with("column", error.column)
        }
    });
    Ok(Json::object().with("documents", Json::Array(documents.collect())))
}
