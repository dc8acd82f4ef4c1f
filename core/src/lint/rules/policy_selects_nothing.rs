//! NET001 `policy-selects-nothing`: finds a NetworkPolicy that selects no pod.

use crate::engine::Engine;
use crate::lint::policy_findings::matches_nothing;
use crate::lint::report::Reporter;
use crate::policy::findings::PolicyFlaw;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    matches_nothing(engine, PolicyFlaw::SelectsNothing, report);
}
