//! One object through admission, and its refusal or warnings as findings.

use super::{Loader, api_version, fix, is_exported, misspelt};
use crate::admission::allocate::{Allocations, ClaimRange, held};
use crate::admission::status::{Reasons, Status};
use crate::admission::{self, Operation, Request, advice};
use crate::api::decoder::{Problem, ProblemKind};
use crate::api::resource::{self, Kind, ObjectKey, Resource, read};
use crate::cluster::Source;
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
        let converted = (!kind.is_served_as(api_version(&source.node))).then(|| {
            let mut json = read(kind, &source.node).0.to_json();
            json.set("apiVersion", kind.api_version());
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
            let fix = editor.as_ref().map(|editor| fix::for_warning(&warning, editor)).unwrap_or_default();
            let finding = Finding::new("warning", Severity::Warning, warning.text, source.place_of(&warning.field));
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
                for finding in refusals(&status, kind, &source, editor.as_ref()) {
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

/// A finding for each error of a field, in the server's words, with advice and fixes; one finding for the whole refusal
/// where no field has an error.
fn refusals(status: &Status, kind: Kind, source: &Source, editor: Option<&Editor<'_>>) -> Vec<Finding> {
    let refused =
        |message: String, field: &str| Finding::new("refused", Severity::Error, message, source.place_of(field));
    let mut findings: Vec<Finding> = Vec::new();
    if let Reasons::Fields(errors) = &status.reasons {
        for error in errors.iter().filter(|error| !error.field.is_empty()) {
            let field = written(&error.field, source);
            let mut finding = refused(error.to_string(), field);
            finding.help = advice::for_error(error).map(str::to_owned);
            finding.fix.extend(editor.and_then(|editor| fix::for_error(error, field, editor)));
            // The server repeats an error that two of its checks find; one finding is enough.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    // Other refusals may name a field too: that of a namespace which is being deleted.
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    if status.reasons == Reasons::Other {
        let named = causes.iter().filter(|cause| !cause.field.is_empty());
        findings.extend(named.map(|cause| refused(format!("{}: {}", cause.field, cause.message), &cause.field)));
    }
    if !findings.is_empty() {
        return findings;
    }
    let problems = match &status.reasons {
        Reasons::Decoding(problems) => problems.as_slice(),
        _ => &[],
    };
    let first = problems.first();
    let mut finding = refused(status.message.clone(), first.map_or("", |problem| problem.field.as_str()));
    finding.help = first.and_then(advice::for_problem).map(str::to_owned);
    let is_unknown = |problem: &&Problem| problem.kind == ProblemKind::UnknownField;
    if kind == Kind::Ingress && problems.iter().any(|problem| problem.field.ends_with("backend.serviceName")) {
        finding.fix = editor.and_then(|editor| api_version::ingress(source, editor)).unwrap_or_default();
    }
    if let Some(problem) = problems.iter().find(is_unknown) {
        misspelt::help(&mut finding, kind, &problem.field, editor);
    }
    vec![finding]
}

/// The field as the author wrote it: the server speaks of `clusterIPs` where only `clusterIP` was given.
fn written<'a>(field: &'a str, source: &Source) -> &'a str {
    let is_plural = field.starts_with("spec.clusterIPs") && source.node.at("spec.clusterIPs").is_none();
    if is_plural { "spec.clusterIP" } else { field }
}
