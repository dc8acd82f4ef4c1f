//! `policyDiff`: what would be let through differently if these objects were applied? Objects go in, the connections that
//! only one of the two clusters lets through come out.

use super::AskError;
use crate::api::resource::{Kind, read};
use crate::engine::Engine;
use crate::policy::{ConnectionDiff, Row};
use crate::{answer, filled, question};
use portolan_base::tree::Node;
use std::borrow::Cow;

question! {
    /// What would be let through differently if these objects were applied, and those removed?
    PolicyDiffQuestion<'q> {
        /// Objects to apply.
        "apply" => apply: Vec<Cow<'q, Node>> [optional];
        /// Objects to remove.
        "remove" => remove: Vec<Removed<'q>> [optional];
    }
}

answer! {
    /// An object to remove.
    Removed<'q> {
        /// `NetworkPolicy`, `Pod`, …
        "kind" => kind: Kind;
        /// Its namespace; `default` unless given, for a kind that lives in one.
        "namespace" => namespace: &'q str [optional];
        /// Its name.
        "name" => name: &'q str;
    }

    /// The connections that are let through differently.
    PolicyDiffAnswer {
        /// The connections that only the changed cluster lets through.
        "added" => added: Vec<Row>;
        /// The connections that only the cluster as loaded lets through.
        "removed" => removed: Vec<Row>;
    }
}

filled! { Removed ['q] { "kind" => kind []; "namespace" => namespace [optional]; "name" => name []; } }

impl Default for Removed<'_> {
    /// A pod without a name.
    fn default() -> Self {
        Removed { kind: Kind::Pod, namespace: "", name: "" }
    }
}

/// Compares the cluster with what it would be after the changes.
///
/// # Errors
/// `BadRequest` for an object of an unknown kind, `NotFound` for an object to remove that the cluster does not have.
pub fn policy_diff(engine: &Engine, question: &PolicyDiffQuestion<'_>) -> Result<PolicyDiffAnswer, AskError> {
    let mut changed = engine.fork();
    for (at, node) in question.apply.iter().enumerate() {
        let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let Some(known) = Kind::of(version, kind) else {
            let field = format!("apply[{at}]");
            return Err(AskError::bad(field, format!("unknown kind `{kind}` of `apiVersion` `{version}`")));
        };
        changed.insert(read(known, node).0, None);
    }
    for (at, removed) in question.remove.iter().enumerate() {
        let kind = removed.kind;
        let key = kind.key(removed.namespace, removed.name);
        if !changed.remove(kind, &key) {
            return Err(AskError::not_found(engine, format!("remove[{at}]"), kind, &key));
        }
    }
    let diff = ConnectionDiff::of((engine.cluster(), engine.policies()), (changed.cluster(), changed.policies()));
    Ok(PolicyDiffAnswer { added: diff.added, removed: diff.removed })
}
