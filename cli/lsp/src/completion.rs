//! Completion: names of fields, and names of Services, ports and labels that exist.

use crate::fields::{choices, follow, words};
use crate::standing::Standing;
use crate::text::Lines;
use portolan::api::describe::{FieldDescription, Shape};
use portolan::api::resource::Kind;
use portolan::cluster::Cluster;
use std::collections::BTreeMap;
use tower_lsp_server::ls_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent, MarkupKind, TextEdit,
};

/// What may be written at that byte of the text.
pub(crate) fn complete(text: &str, offset: usize, cluster: &Cluster, usual_namespace: &str) -> Vec<CompletionItem> {
    let standing = Standing::at(text, offset);
    let before = text.get(..offset).unwrap_or_default();
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_./-".contains(character);
    let word = before.len() - before.trim_end_matches(is_word).len();
    let options = Options { standing: &standing, before, cluster, usual_namespace };
    let found = if standing.in_value { options.values() } else { options.names() };
    let range = Lines::new(text).range(offset - word, offset);
    let item = |(index, option): (usize, Choice)| CompletionItem {
        label: option.label,
        kind: Some(option.kind),
        detail: option.detail,
        documentation: option.doc.filter(|doc| !doc.is_empty()).map(|value| {
            Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value: value.to_owned() })
        }),
        // In the order in which Kubernetes has them.
        sort_text: Some(format!("{index:04}")),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: option.text })),
        ..CompletionItem::default()
    };
    found.into_iter().enumerate().map(item).collect()
}

/// Something that may be written.
struct Choice {
    label: String,
    text: String,
    kind: CompletionItemKind,
    detail: Option<String>,
    doc: Option<&'static str>,
}

impl Choice {
    fn value(label: impl Into<String>, kind: CompletionItemKind, detail: Option<String>) -> Self {
        let label = label.into();
        Choice { text: label.clone(), label, kind, detail, doc: None }
    }

    fn name(label: &str, field: Option<&FieldDescription>) -> Self {
        let shape = field.map(|field| (field.shape)());
        let is_nested = matches!(&shape, Some(Shape::List(_) | Shape::Map(_) | Shape::Struct(_)));
        Choice {
            label: label.to_owned(),
            text: if is_nested { format!("{label}:") } else { format!("{label}: ") },
            kind: CompletionItemKind::PROPERTY,
            detail: shape.map(|shape| words(&shape)),
            doc: field.map(|field| field.doc.trim()),
        }
    }
}

struct Options<'a> {
    standing: &'a Standing,
    before: &'a str,
    cluster: &'a Cluster,
    usual_namespace: &'a str,
}

impl Options<'_> {
    fn namespace(&self) -> &str {
        self.standing.namespace.as_deref().unwrap_or(self.usual_namespace)
    }

    /// Names of fields that are not there yet, of labels, or plain items of a list.
    fn names(&self) -> Vec<Choice> {
        let above = &self.standing.above;
        let is_new = |name: &str| !self.standing.beside.iter().any(|known| known == name);
        let Some(kind) = self.standing.kind else {
            let first = ["apiVersion", "kind", "metadata", "spec"].into_iter().filter(|name| is_new(name));
            return if above.is_empty() { first.map(|name| Choice::name(name, None)).collect() } else { Vec::new() };
        };
        let Some(found) = follow(kind, above) else { return Vec::new() };
        if found.is_map {
            return self.label_names(&is_new);
        }
        if let (Some("-"), [], Some(field)) = (above.last().map(String::as_str), found.fields, &found.field) {
            return choices(field)
                .into_iter()
                .map(|label| Choice::value(label, CompletionItemKind::ENUM_MEMBER, None))
                .collect();
        }
        let fields = found.fields.iter().filter(|field| is_new(field.name));
        fields.map(|field| Choice::name(field.name, Some(field))).collect()
    }

    fn values(&self) -> Vec<Choice> {
        let Standing { kind, above, key, .. } = self.standing;
        if above.is_empty() && key == "kind" {
            return Kind::ALL.iter().map(|kind| Choice::value(kind.name(), CompletionItemKind::CLASS, None)).collect();
        }
        if above.is_empty() && key == "apiVersion" {
            return versions().map(|label| Choice::value(label, CompletionItemKind::MODULE, None)).collect();
        }
        let parent = above.iter().rev().find(|step| *step != "-").map_or("", String::as_str);
        match (parent, key.as_str()) {
            (_, "namespace") => return self.namespaces(),
            ("service", "name") | (_, "serviceName") => {
                return self.named("Service", self.cluster.services.in_namespace(self.namespace()).map(|(key, _)| key));
            }
            ("port", "name" | "number") => return self.service_ports(key == "number"),
            (_, "secretName") => {
                return self.named("Secret", self.cluster.secrets.in_namespace(self.namespace()).map(|(key, _)| key));
            }
            (_, "ingressClassName") => {
                return self.named("IngressClass", self.cluster.ingress_classes.iter().map(|(key, _)| key));
            }
            (_, "targetPort") => return self.container_ports(),
            _ => {}
        }
        let Some(kind) = kind else { return Vec::new() };
        if follow(*kind, above).is_some_and(|found| found.is_map) {
            return self.label_values(key);
        }
        let path: Vec<String> = above.iter().chain(std::iter::once(key)).cloned().collect();
        let field = follow(*kind, &path).and_then(|found| found.field);
        let choices = field.as_ref().map(choices).unwrap_or_default();
        choices.into_iter().map(|label| Choice::value(label, CompletionItemKind::ENUM_MEMBER, None)).collect()
    }

    fn named<'k>(&self, kind: &str, keys: impl Iterator<Item = &'k portolan::api::resource::ObjectKey>) -> Vec<Choice> {
        keys.map(|key| Choice::value(key.name.as_str(), CompletionItemKind::REFERENCE, Some(kind.to_owned()))).collect()
    }

    fn namespaces(&self) -> Vec<Choice> {
        let stored = self.cluster.namespaces.iter().map(|(key, _)| key.name.as_str());
        let used = self.cluster.services.iter().map(|(key, _)| key).chain(self.cluster.pods.iter().map(|(key, _)| key));
        let mut names: Vec<&str> = stored.chain(used.map(|key| key.namespace.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        let choice = |name: &str| Choice::value(name, CompletionItemKind::REFERENCE, Some("Namespace".to_owned()));
        names.into_iter().map(choice).collect()
    }

    /// The ports of the Service that is named just above, or of all in the namespace.
    fn service_ports(&self, as_number: bool) -> Vec<Choice> {
        let near = self.before.lines().rev().take(8).find_map(|line| line.trim().strip_prefix("name:"));
        let near = near.map(|name| name.trim().trim_matches(['"', '\'']));
        let near = near.filter(|name| self.cluster.services.get(self.namespace(), name).is_some());
        let services = self.cluster.services.in_namespace(self.namespace());
        let services = services.filter(|(key, _)| near.is_none_or(|near| key.name == near));
        let mut found = Vec::new();
        for (key, service) in services {
            for port in service.ports() {
                let (label, other) = if as_number {
                    (port.port.to_string(), port.name.clone())
                } else {
                    (port.name.clone(), port.port.to_string())
                };
                if !label.is_empty() {
                    let detail = format!("{} {other}", key.name).trim_end().to_owned();
                    found.push(Choice::value(label, CompletionItemKind::REFERENCE, Some(detail)));
                }
            }
        }
        found
    }

    fn container_ports(&self) -> Vec<Choice> {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (key, pod) in self.cluster.pods.in_namespace(self.namespace()) {
            for port in pod.spec.containers.iter().flat_map(|container| &container.ports) {
                if !port.name.is_empty() {
                    seen.entry(port.name.clone()).or_insert(&key.name);
                }
                seen.entry(port.container_port.to_string()).or_insert(&key.name);
            }
        }
        let choice =
            |(label, pod): (String, &str)| Choice::value(label, CompletionItemKind::REFERENCE, Some(pod.to_owned()));
        seen.into_iter().map(choice).collect()
    }

    fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let pods = self.cluster.pods.iter().map(|(_, pod)| &pod.metadata.labels);
        let namespaces = self.cluster.namespaces.iter().map(|(_, namespace)| &namespace.metadata.labels);
        pods.chain(namespaces).flat_map(|labels| labels.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    fn label_names(&self, is_new: &dyn Fn(&str) -> bool) -> Vec<Choice> {
        let is_about_labels =
            |step: &String| ["label", "selector"].iter().any(|part| step.to_ascii_lowercase().contains(part));
        if !self.standing.above.iter().any(is_about_labels) {
            return Vec::new();
        }
        let mut names: Vec<&str> = self.labels().map(|(name, _)| name).filter(|name| is_new(name)).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|name| Choice { detail: Some("label".to_owned()), ..Choice::name(name, None) }).collect()
    }

    fn label_values(&self, key: &str) -> Vec<Choice> {
        let mut values: Vec<&str> = self.labels().filter(|(name, _)| *name == key).map(|(_, value)| value).collect();
        values.sort_unstable();
        values.dedup();
        values.into_iter().map(|value| Choice::value(value, CompletionItemKind::VALUE, None)).collect()
    }
}

/// The versions that the kinds are served in.
fn versions() -> impl Iterator<Item = String> {
    let mut groups: Vec<&str> = Kind::ALL.iter().map(|kind| kind.group()).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.into_iter().flat_map(|group| match group {
        "" => vec!["v1".to_owned()],
        // The tiers of policies are not of one version.
        "policy.networking.k8s.io" => vec![format!("{group}/v1alpha1"), format!("{group}/v1alpha2")],
        group => vec![format!("{group}/v1")],
    })
}
