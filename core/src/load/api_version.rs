//! Versions that are no longer served: what is said of them, and what the manifest looks like in the version that is.

use crate::api::resource::Kind;
use crate::cluster::Source;
use crate::edit::{Editor, Scalar};
use crate::finding::{Edit, Finding, Severity};
use portolan_base::tree::{Node, Value};

/// Says that the object's version is not served, with the edits that write it in the one that is, where they say all that
/// the object says.
pub(super) fn no_longer_served(kind: Kind, api_version: &str, source: &Source, text: &str) -> Finding {
    let wanted = kind.api_version();
    let message = format!("{api_version} {} is no longer served; it is read as {wanted}", kind.name());
    let finding = Finding::new("version", Severity::Warning, message, source.place_of("apiVersion"));
    let mut finding = finding.with_help(format!("write `apiVersion: {wanted}`"));
    let editor = Editor::new(text, source);
    finding.fix = convert(kind, wanted, source, &editor).unwrap_or_default();
    finding
}

fn convert(kind: Kind, wanted: &str, source: &Source, editor: &Editor<'_>) -> Option<Vec<Edit>> {
    let mut edits = vec![editor.replace("apiVersion", Scalar::Text(wanted))?];
    match kind {
        // Nothing else has changed between the two.
        Kind::NetworkPolicy | Kind::IngressClass | Kind::CronJob => {}
        // What was left open was filled in from the template's labels.
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => {
            source.node.at("spec.selector")?;
        }
        // The labels of an endpoint's node became fields.
        Kind::EndpointSlice => {
            let endpoints = source.node.at("endpoints").map(Node::items).unwrap_or_default();
            let is_same = endpoints.iter().all(|endpoint| endpoint.get("topology").is_none());
            is_same.then_some(())?;
        }
        Kind::Ingress => {
            edits.extend(ingress(source, editor)?);
        }
        _ => return None,
    }
    Some(edits)
}

/// The edits that write an Ingress with the fields of `networking.k8s.io/v1`: what is `serviceName` and `servicePort` in a
/// backend, `backend` in the spec, and a path whose type was left open. Nothing where one of them cannot be made.
pub(super) fn ingress(source: &Source, editor: &Editor<'_>) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    if source.node.at("spec.backend").is_some() {
        edits.push(editor.rename("spec.backend", "defaultBackend")?);
        edits.extend(backend("spec.backend", source, editor)?);
    }
    for (rule, rules) in source.node.at("spec.rules").map(Node::items).unwrap_or_default().iter().enumerate() {
        for (path, entry) in rules.at("http.paths").map(Node::items).unwrap_or_default().iter().enumerate() {
            let path = format!("spec.rules[{rule}].http.paths[{path}]");
            if entry.get("pathType").is_none() {
                edits.push(editor.insert(&path, "pathType", Scalar::Text("ImplementationSpecific"))?);
            }
            edits.extend(backend(&format!("{path}.backend"), source, editor)?);
        }
    }
    Some(edits)
}

/// The edit of one backend; none where it names a Service in the new way, or a resource.
fn backend(path: &str, source: &Source, editor: &Editor<'_>) -> Option<Option<Edit>> {
    let node = source.node.at(path)?;
    if node.get("serviceName").is_none() && node.get("servicePort").is_none() {
        return Some(None);
    }
    let name = editor.written(&format!("{path}.serviceName"))?;
    let port = editor.written(&format!("{path}.servicePort"))?;
    let by = match &node.get("servicePort")?.value {
        Value::Number(_) => "number",
        // A number in quotes was the name of a port.
        Value::String(text) if text.parse::<u16>().is_err() => "name",
        _ => return None,
    };
    let lines = [
        (0, "service:".to_owned()),
        (1, format!("name: {name}")),
        (1, "port:".to_owned()),
        (2, format!("{by}: {port}")),
    ];
    (node.members().len() == 2).then_some(())?;
    Some(Some(editor.rewrite(path, &lines, format!("service: {{name: {name}, port: {{{by}: {port}}}}}"))?))
}
