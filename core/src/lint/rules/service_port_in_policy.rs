//! NET005 `service-port-in-policy`: finds a port in a NetworkPolicy that is the Service's port, not the pods'.

use crate::api::meta::IntOrString;
use crate::edit::{Editor, Scalar};
use crate::engine::Engine;
use crate::finding::Edit;
use crate::lint::policy_findings::report_all;
use crate::lint::report::Reporter;
use crate::policy::findings::{PolicyFinding, PolicyFlaw};

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let fix = |finding: &PolicyFinding, edit: &Editor<'_>| write_target_port(engine, finding, edit);
    report_all(engine, PolicyFlaw::ServicePort, "write the target port", &fix, report);
}

/// Writes the target port in place of the Service's.
fn write_target_port(engine: &Engine, finding: &PolicyFinding, edit: &Editor<'_>) -> Option<Vec<Edit>> {
    let (_, service, _) = finding.other.as_ref()?;
    let wanted = edit.value(&finding.field)?.as_int()?;
    let service = engine.cluster().services.by_key(service)?;
    let port = service.ports().iter().find(|port| i64::from(port.port) == wanted)?;
    let target = match &port.target_port {
        IntOrString::Int(number) => Scalar::Number(i64::from(*number)),
        IntOrString::String(name) => Scalar::Text(name),
    };
    Some(vec![edit.replace(&finding.field, target)?])
}
