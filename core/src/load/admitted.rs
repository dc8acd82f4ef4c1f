//! One object through admission, and its refusal or warnings as findings.

use super::fix::{self, Warned};
use super::{Loader, api_version, is_exported, misspelt};
use crate::admission::allocate::{Allocations, ClaimRange, held};
use crate::admission::status::Status;
use crate::admission::{self, Operation, Request};
use crate::api::resource::{self, Kind, ObjectKey, Resource, read};
use crate::cluster::{Location, Source};
use crate::edit::Editor;
use crate::finding::{Finding, Severity};
use portolan_base::collections::BTreeMap;
use portolan_base::tree::Node;
use std::sync::Arc;

/// The text of the file of that name.
type Texts<'f> = dyn Fn(&Arc<str>) -> Option<Arc<str>> + 'f;

impl Loader {
    /// Passes what was read through admission, in file order; what is stored already, and what admission does not judge, is
    /// stored as it stands.
    pub(super) fn admit_all(&mut self) {
        let read = std::mem::take(&mut self.read);
        // What is stored already is there for all to see, wherever in the files it stands.
        for (kind, source) in read.iter().filter(|(kind, source)| is_seen(*kind) && is_exported(&source.node)) {
            let resource = resource::read(*kind, &source.node).0;
            if !resource.key().name.is_empty() {
                self.loaded.engine.insert(resource, Some(source.clone()));
            }
        }
        // What the Services hold, kept in step with the cluster so that no admission has to count anew; where nothing comes
        // that holds something, nobody asks.
        let holds = |kind: &Kind| matches!(kind, Kind::Service | Kind::IPAddress | Kind::ServiceCIDR);
        let cluster = self.loaded.engine.cluster();
        let is_asked = read.iter().any(|(kind, _)| holds(kind));
        let mut allocations = if is_asked { Allocations::of(cluster) } else { Allocations::unused(cluster) };
        if !self.loaded.engine.cluster().options.service_ranges_given {
            allocations = allocations.open();
        }
        let files: BTreeMap<Arc<str>, Arc<str>> =
            self.loaded.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
        let texts = |name: &Arc<str>| files.get(name).cloned();
        for (kind, source) in read {
            if is_exported(&source.node) || !admission::is_known(kind) {
                self.store(kind, source);
            } else {
                self.admit(kind, source, &mut allocations, &texts);
            }
        }
        self.loaded.entanglement.has_duplicates |= allocations.is_contested();
    }

    /// Passes one object through admission: stores it, or reports why not.
    fn admit(&mut self, kind: Kind, source: Source, allocations: &mut Allocations, texts: &Texts<'_>) {
        // What is written for a version that is gone is judged as what it is converted to.
        let converted = (!api_version::is_served(kind, api_version(&source.node))).then(|| {
            let mut json = read(kind, &source.node).0.to_json();
            json.set("apiVersion", api_version::served_version(kind));
            Node::from(&json)
        });
        let object = converted.as_ref().unwrap_or(&source.node);
        let cluster = self.loaded.engine.cluster();
        let key = read_key(kind, object);
        let is_there = cluster.source(kind, &key).is_some();
        self.loaded.entanglement.has_duplicates |= is_there;
        let operation = if is_there { Operation::Update } else { Operation::Create };
        let request = Request { operation, object, old_object: None };
        let answer = match admission::admit_with(cluster, allocations, &request) {
            Ok(answer) => answer,
            Err(_) => return self.store(kind, source),
        };
        let mut wanted = answer.wanted;
        if let Ok(Resource::Service(service)) = &answer.outcome {
            wanted.retain(|wanted| !held(service).any(|held| ClaimRange::from(held) == *wanted));
        }
        self.loaded.entanglement.claims.extend(wanted.into_iter().map(|claims| (key.clone(), claims)));
        let text = texts(&source.file);
        let editor = text.as_ref().map(|text| Editor::new(text, &source));
        for warning in answer.warnings {
            let Warned { field, fix } = fix::warned(&warning, editor.as_ref());
            let finding = Finding::new("warning", Severity::Warning, warning, source.place_of(&field));
            self.loaded.findings.push(Finding { fix, ..finding.about(kind, key.clone()) });
        }
        match answer.outcome {
            Ok(resource) => {
                match &resource {
                    Resource::Service(service) => {
                        let before = self.loaded.engine.cluster().services.by_key(&key);
                        allocations.replace(before.map(|before| &**before), Some(service));
                    }
                    Resource::IPAddress(address) => allocations.hold_address(address),
                    _ => {}
                }
                self.loaded.engine.insert(resource, Some(source));
            }
            Err(status) => {
                self.loaded.refused += 1;
                for mut finding in refusals(&status, &source) {
                    if let Some(editor) = &editor {
                        let is_old = kind == Kind::Ingress && finding.message.contains("backend.serviceName\"");
                        finding.fix = match is_old.then(|| api_version::ingress(&source, editor)).flatten() {
                            Some(edits) => edits,
                            None => fix::refused(&finding.place.field, &finding.message, editor),
                        };
                    }
                    misspelt::help(&mut finding, kind, editor.as_ref());
                    self.loaded.findings.push(finding.about(kind, key.clone()));
                }
            }
        }
    }
}

/// Whether the admission of other objects looks at objects of that kind.
fn is_seen(kind: Kind) -> bool {
    matches!(kind, Kind::Namespace | Kind::Service | Kind::IngressClass | Kind::IPAddress | Kind::ServiceCIDR)
}

fn api_version(node: &Node) -> &str {
    node.get("apiVersion").and_then(Node::as_str).unwrap_or_default()
}

/// The key of an object that may be refused, as far as it can be read.
fn read_key(kind: Kind, node: &Node) -> ObjectKey {
    let text = |name: &str| node.at(name).and_then(Node::as_str).unwrap_or_default();
    let name = if text("metadata.name").is_empty() { text("metadata.generateName") } else { text("metadata.name") };
    kind.key(text("metadata.namespace"), name)
}

/// A finding for each cause, in the server's words; one for the whole refusal where it names no cause.
fn refusals(status: &Status, source: &Source) -> Vec<Finding> {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let mut findings: Vec<Finding> = Vec::new();
    for cause in causes.iter().filter(|cause| !cause.field.is_empty()) {
        let message = format!("{}: {}", cause.field, cause.message);
        let finding = Finding::new("refused", Severity::Error, message, source.place_of(written(&cause.field, source)));
        // The server repeats a cause that two of its checks find; people need it once.
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        let place = strict_place(&status.message, source);
        findings.push(Finding::new("refused", Severity::Error, status.message.clone(), place));
    }
    findings
}

/// The field as the author wrote it: the server speaks of `clusterIPs` where only `clusterIP` was given.
fn written<'a>(field: &'a str, source: &Source) -> &'a str {
    let is_plural = field.starts_with("spec.clusterIPs") && source.node.at("spec.clusterIPs").is_none();
    if is_plural { "spec.clusterIP" } else { field }
}

/// Where the first field stands that a decoding error names: `unknown field "spec.x"`, `Go struct field T.spec.x of type`.
fn strict_place(message: &str, source: &Source) -> Location {
    let quoted = message.split_once(" field \"").and_then(|(_, rest)| rest.split_once('"')).map(|(field, _)| field);
    let typed = message
        .split_once("Go struct field ")
        .and_then(|(_, rest)| rest.split_once(" of type"))
        .and_then(|(field, _)| field.split_once('.'))
        .map(|(_, field)| field);
    source.place_of(quoted.or(typed).unwrap_or_default())
}
