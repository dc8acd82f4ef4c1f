//! ING003 `backend-without-endpoint`: finds a backend of an Ingress whose Service has no ready endpoint for the port.

use crate::api::resource::{Kind, ObjectKey};
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::lint::backends::Target;
use crate::lint::report::Reporter;
use crate::lint::service_pods::{has_pods, may_be_elsewhere};

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for target in report.context.targets() {
        let Target { ingress, key, service: Some(stored), port: Some(port), .. } = target else { continue };
        if stored.spec.r#type == "ExternalName" || serves(engine, key, &port.name) {
            continue;
        }
        let message = format!("Service {key} has no ready endpoint for port {}", port.port);
        let help = "compare its selector with the labels of the pods, and check that the pods are ready";
        let is_selecting = selector(stored).is_some();
        let is_far = selector(stored).is_some_and(|selector| may_be_elsewhere(report, key, selector));
        if is_far && !has_pods(engine, report, key, stored) {
            continue;
        }
        // Slices may be anybody's to write, and what is scaled to nothing may be scaled up: it is only worth knowing.
        let is_empty = engine.endpoints().pods(key).is_empty();
        let nothing_known = report.context.labels(report.cluster, &key.namespace).is_none();
        let may_come = !is_selecting || is_empty && (nothing_known || has_pods(engine, report, key, stored));
        let severity = if may_come { Severity::Info } else { Severity::Warning };
        report.at(Kind::Ingress, ingress, &format!("{}.name", target.field()), message, help).weighing(severity).and(
            Kind::Service,
            key,
            "spec.selector",
            "its selector",
        );
    }
}

/// Whether a slice of the Service has a ready endpoint for the port of that name.
fn serves(engine: &Engine, service: &ObjectKey, port: &str) -> bool {
    engine.endpoints().slices(service).iter().any(|slice| {
        let has_port = slice.ports.iter().flatten().any(|known| known.name.as_deref().unwrap_or_default() == port);
        has_port && slice.endpoints.iter().flatten().any(|endpoint| endpoint.conditions.ready != Some(false))
    })
}
