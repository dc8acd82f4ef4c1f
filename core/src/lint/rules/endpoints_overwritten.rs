//! EPS002 `endpoints-overwritten`: finds an Endpoints object whose Service has a selector.

use crate::api::resource::Kind;
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for (key, endpoints) in cluster.endpoints.iter() {
        let is_written = endpoints.metadata.uid.is_empty() && endpoints.metadata.resource_version.is_empty();
        let Some(service) = cluster.services.by_key(key).filter(|_| is_written) else { continue };
        if selector(service).is_some() && endpoints.subsets.iter().flatten().next().is_some() {
            let message = format!(
                "Service {key} has a selector, so the controller replaces these addresses with those of its pods"
            );
            let help = "remove the selector from the Service, or delete these Endpoints";
            report.at(Kind::Endpoints, key, "subsets", message, help).and(
                Kind::Service,
                key,
                "spec.selector",
                "the selector",
            );
        }
    }
}
