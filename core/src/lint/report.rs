//! Collects what one rule finds, and builds each finding: its message, its places, its fix.

use super::Rule;
use super::context::LintContext;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::edit::Editor;
use crate::finding::{Edit, Finding, Severity};

/// Collects the findings of one rule.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) rule: &'static Rule,
    pub(super) context: &'a LintContext<'a>,
    pub(super) findings: Vec<Finding>,
    /// The number of references that the rule did not report, because they may be defined in files that are not here.
    pub(super) elsewhere: usize,
}

impl<'a> Reporter<'a> {
    /// Adds a finding at a field of an object. An object that comes from no file (a synthetic pod) has no place: nothing is added.
    pub(super) fn at(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        field: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> FindingBuilder<'_, 'a> {
        let finding = self.cluster.source(kind, key).map(|source| {
            let finding = Finding::new(self.rule.code, self.rule.severity, message, source.place_of(field));
            self.findings.push(finding.about(kind, key.clone()).with_help(help));
            self.findings.len() - 1
        });
        FindingBuilder {
            cluster: self.cluster,
            context: self.context,
            finding: finding.and_then(|at| self.findings.get_mut(at)),
        }
    }
}

/// Adds details to a finding that was just added.
pub(super) struct FindingBuilder<'r, 'a> {
    cluster: &'a Cluster,
    context: &'a LintContext<'a>,
    finding: Option<&'r mut Finding>,
}

impl FindingBuilder<'_, '_> {
    /// Adds another place that the finding is about.
    pub(super) fn and(mut self, kind: Kind, key: &ObjectKey, field: &str, text: impl Into<String>) -> Self {
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key)) {
            finding.related.push((text.into(), source.place_of(field)));
        }
        self
    }

    /// Sets a severity other than the rule's.
    pub(super) fn weighing(mut self, severity: Severity) -> Self {
        if let Some(finding) = self.finding.as_mut() {
            finding.severity = severity;
        }
        self
    }

    /// Adds the fix: the edits that `make` returns, all of them together, in the object's file. No fix if it returns none.
    pub(super) fn fix(mut self, kind: Kind, key: &ObjectKey, make: &dyn Fn(&Editor<'_>) -> Option<Vec<Edit>>) -> Self {
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key))
            && let Some(text) = self.context.text(&source.file)
        {
            finding.fix.extend(make(&Editor::new(text, source)).into_iter().flatten());
        }
        self
    }
}
