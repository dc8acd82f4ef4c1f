//! Collects what one rule finds, and builds each finding: its message, its places, its fix.

use super::Rule;
use super::context::LintContext;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::edit::Editor;
use crate::finding::{Edit, Finding, Severity};

/// Where a rule puts what it finds.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) rule: &'static Rule,
    pub(super) context: &'a LintContext<'a>,
    pub(super) findings: Vec<Finding>,
    /// How often a rule told nothing because what is missed may stand in files that are not here.
    pub(super) elsewhere: usize,
}

impl<'a> Reporter<'a> {
    /// Adds a finding at a field of an object. An object that comes from no file (a made-up pod) has no place, and gets none.
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

/// A finding that was just added, to say more of.
pub(super) struct FindingBuilder<'r, 'a> {
    cluster: &'a Cluster,
    context: &'a LintContext<'a>,
    finding: Option<&'r mut Finding>,
}

impl FindingBuilder<'_, '_> {
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

    /// Gives it the edits that fix it: what `make` makes, all together, in the object's file. None where one of them
    /// cannot be made.
    pub(super) fn fix(mut self, kind: Kind, key: &ObjectKey, make: &dyn Fn(&Editor<'_>) -> Option<Vec<Edit>>) -> Self {
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key))
            && let Some(text) = self.context.text(&source.file)
        {
            finding.fix.extend(make(&Editor::new(text, source)).into_iter().flatten());
        }
        self
    }
}
