//! NET006 `split-peer`: finds two peers, one with a `namespaceSelector` and one with a `podSelector`, that were
//! probably meant as one.

use crate::edit::Editor;
use crate::engine::Engine;
use crate::finding::Edit;
use crate::lint::policy_findings::found;
use crate::lint::report::Reporter;
use crate::policy::findings::{PolicyFinding, PolicyFlaw};

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for finding in found(engine, PolicyFlaw::SplitPeer, report.context) {
        let (kind, key) = &finding.policy;
        report.at(*kind, key, &finding.field, finding.message.as_str(), "put both selectors into one item").fix(
            *kind,
            key,
            &|edit| join_peers(finding, edit),
        );
    }
}

/// Makes one peer of the two.
fn join_peers(finding: &PolicyFinding, edit: &Editor<'_>) -> Option<Vec<Edit>> {
    let (list, index) = finding.field.strip_suffix(']')?.rsplit_once('[')?;
    Some(vec![edit.join(list, index.parse().ok()?)?])
}
