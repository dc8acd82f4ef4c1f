//! Where rules put what they find, and what several of them look at.

use super::Rule;
use crate::api::meta::StringMap;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::collections::{BTreeMap, BTreeSet};
use crate::edit::Editor;
use crate::finding::{Edit, Finding, Severity};
use crate::load::{File, OtherPods};
use crate::policy::findings::PolicyFinding;
use crate::spelling::nearest;
use crate::workload::template_of;
use std::cell::OnceCell;

/// What several rules look at, made once a check.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    files: &'a [File],
    others: &'a [OtherPods],
    texts: OnceCell<BTreeMap<&'a str, &'a str>>,
    /// What the policy room finds.
    pub(super) policies: OnceCell<Vec<PolicyFinding>>,
    labels: OnceCell<BTreeMap<&'a str, BTreeSet<&'a StringMap>>>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(files: &'a [File], others: &'a [OtherPods]) -> Self {
        Shared { others, files, texts: OnceCell::new(), policies: OnceCell::new(), labels: OnceCell::new() }
    }

    /// The labels that pods of a namespace have or would have: of those there are, and of the templates of workloads,
    /// also of those that make none at the time and of kinds that are not known here.
    pub(super) fn labels(&self, cluster: &'a Cluster, namespace: &str) -> Option<&BTreeSet<&'a StringMap>> {
        let all = self.labels.get_or_init(|| {
            let mut all: BTreeMap<&str, BTreeSet<&StringMap>> = BTreeMap::new();
            for (key, pod) in cluster.pods.iter() {
                all.entry(&key.namespace).or_default().insert(&pod.metadata.labels);
            }
            for (key, workload) in cluster.workloads.values().flat_map(|store| store.iter()) {
                let template = template_of(workload).map(|template| &template.metadata.labels);
                all.entry(&key.namespace).or_default().extend(template);
            }
            for other in self.others {
                all.entry(&other.namespace).or_default().insert(&other.labels);
            }
            all
        });
        all.get(namespace)
    }

    /// The label of a selector that was surely written otherwise than meant, and its value in the pods: all other labels
    /// fit, and this one's value is near to what pods have.
    pub(super) fn misspelt(
        &self,
        cluster: &'a Cluster,
        namespace: &str,
        selector: &StringMap,
    ) -> Option<(String, String)> {
        let labels = self.labels(cluster, namespace)?;
        selector.iter().find_map(|(name, value)| {
            let others_fit = |known: &&&StringMap| {
                selector.iter().all(|(other, value)| other == name || known.get(other) == Some(value))
            };
            let fitting = labels.iter().filter(others_fit);
            let mut values = fitting.filter_map(|known| known.get(name)).map(String::as_str);
            let meant = nearest(value, &mut values)?;
            Some((name.clone(), meant.to_owned()))
        })
    }
}

/// Where a rule puts what it finds.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) rule: &'static Rule,
    pub(super) shared: &'a Shared<'a>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    /// Adds a finding at a field of an object. An object that comes from no file (a made-up pod) has no place, and gets none.
    pub(super) fn at(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        field: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Found<'_, 'a> {
        let finding = self.cluster.source(kind, key).map(|source| {
            let finding = Finding::new(self.rule.code, self.rule.severity, message, source.place_of(field));
            self.findings.push(finding.about(kind, key.clone()).with_help(help));
            self.findings.len() - 1
        });
        Found { cluster: self.cluster, shared: self.shared, finding: finding.and_then(|at| self.findings.get_mut(at)) }
    }
}

/// A finding that was just added, to say more of.
pub(super) struct Found<'r, 'a> {
    cluster: &'a Cluster,
    shared: &'a Shared<'a>,
    finding: Option<&'r mut Finding>,
}

impl Found<'_, '_> {
    /// Notes another place that it is about.
    pub(super) fn and(mut self, kind: Kind, key: &ObjectKey, field: &str, text: impl Into<String>) -> Self {
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key)) {
            finding.related.push((text.into(), source.place_of(field)));
        }
        self
    }

    /// Says how much it weighs, where that is not what the rule's findings weigh.
    pub(super) fn weighing(mut self, severity: Severity) -> Self {
        if let Some(finding) = self.finding.as_mut() {
            finding.severity = severity;
        }
        self
    }

    /// Gives it the edits that mend it: what `make` makes, all together, in the object's file. None where one of them
    /// cannot be made.
    pub(super) fn mend(mut self, kind: Kind, key: &ObjectKey, make: &dyn Fn(&Editor<'_>) -> Option<Vec<Edit>>) -> Self {
        let texts =
            self.shared.texts.get_or_init(|| self.shared.files.iter().map(|file| (&*file.name, &*file.text)).collect());
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key))
            && let Some(text) = texts.get(&*source.file)
        {
            finding.fix.extend(make(&Editor::new(text, source)).into_iter().flatten());
        }
        self
    }
}
