//! `policyDiff`: what would be let through differently if these objects were applied?

use super::AskError;
use crate::api::resource::{Kind, read};
use crate::engine::Engine;
use crate::policy::ConnectionDiff;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Answers `{"apply": [object…], "remove": [{"kind", "namespace", "name"}…]}` with `{"added", "removed"}`: the rows, as
/// `map` has them, that only the changed cluster or only the cluster as loaded lets through.
///
/// # Errors
/// An object is of no kind that the project knows.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let mut changed = engine.fork();
    for (at, node) in question.get("apply").map(Node::items).unwrap_or_default().iter().enumerate() {
        let kind = kind(node, &format!("apply[{at}]"))?;
        changed.insert(read(kind, node).0, None);
    }
    for (at, node) in question.get("remove").map(Node::items).unwrap_or_default().iter().enumerate() {
        let field = format!("remove[{at}]");
        let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default();
        let named = |kind: &&Kind| kind.name().eq_ignore_ascii_case(text("kind"));
        let kind = Kind::ALL.iter().find(named).copied();
        let kind = kind.ok_or_else(|| AskError::bad(&field, format!("`{field}` is of no kind that is known")))?;
        let key = kind.key(text("namespace"), text("name"));
        if !changed.remove(kind, &key) {
            return Err(AskError::not_found(&field, format!("there is no {} `{key}`", kind.name())));
        }
    }
    let diff = ConnectionDiff::of((engine.cluster(), engine.policies()), (changed.cluster(), changed.policies()));
    let rows = |rows: &[crate::policy::Row]| Json::Array(rows.iter().map(crate::policy::Row::to_json).collect());
    Ok(Json::object().with("added", rows(&diff.added)).with("removed", rows(&diff.removed)))
}

fn kind(node: &Node, field: &str) -> Result<Kind, AskError> {
    let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default();
    Kind::of(text("apiVersion"), text("kind"))
        .ok_or_else(|| AskError::bad(field, format!("`{field}` is of no kind that is known")))
}
