//! NET004 `dns-cut-off`: finds pods that NetworkPolicies isolate for egress without a rule that allows DNS.

use crate::engine::Engine;
use crate::lint::policy_findings::report_all;
use crate::lint::report::Reporter;
use crate::policy::findings::PolicyFlaw;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    report_all(engine, PolicyFlaw::DnsCutOff, "allow UDP and TCP port 53", &|_, _| None, report);
}
