//! Files as hosts read them, and what is known of them beside the objects that they define: which of them are not manifests,
//! and which pods the objects of unknown kinds create.

mod non_manifests;

pub(crate) use non_manifests::{NonManifests, is_kustomization};

use crate::api::meta::StringMap;
use portolan_base::tree::{Key, Node};
use std::sync::Arc;

/// A file that a host has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, as the host shows it.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
}

/// The pods of an object whose kind the project does not know, for example a Rollout or a Prometheus. They are not stored,
/// but a selector that matches their labels selects something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherPods {
    /// Their namespace.
    pub namespace: String,
    /// Their labels, from the object.
    pub labels: StringMap,
    /// The file that defines the object.
    pub file: Arc<str>,
    /// The byte at which the object begins.
    pub start: u32,
}

impl OtherPods {
    /// Reads the labels in `spec.template`, which most kinds with pods have, or in `spec.podMetadata`.
    pub(crate) fn of(node: &Node, namespace: &str, file: &Arc<str>) -> Option<Self> {
        let labels =
            ["spec.template.metadata.labels", "spec.podMetadata.labels"].iter().find_map(|path| node.at(path))?;
        let pair = |(key, value): &(Key, Node)| Some((key.name.to_string(), value.as_str()?.to_owned()));
        let labels: StringMap = labels.members().iter().filter_map(pair).collect();
        let namespace = node.at("metadata.namespace").and_then(Node::as_str).unwrap_or(namespace).to_owned();
        let start = node.place.start;
        (!labels.is_empty()).then(|| OtherPods { namespace, labels, file: file.clone(), start })
    }
}
