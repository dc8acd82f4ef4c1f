//! NET003 `rule-covered`: finds a rule of a NetworkPolicy that another rule makes redundant.

use crate::engine::Engine;
use crate::lint::policy_findings::report_all;
use crate::lint::report::Reporter;
use crate::policy::findings::PolicyFlaw;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    report_all(engine, PolicyFlaw::RuleCovered, "remove one of the two rules", &|_, _| None, report);
}
