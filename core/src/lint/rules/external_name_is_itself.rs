//! SVC005 `external-name-is-itself`: finds an `externalName` that leads back to the same Service, directly or through
//! other Services.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let domain = format!(".svc.{}", cluster.options.cluster_domain);
    let leads_to = |name: &str| -> Option<crate::api::resource::ObjectKey> {
        let (service, namespace) = name.trim_end_matches('.').strip_suffix(&domain)?.split_once('.')?;
        Some(crate::api::resource::ObjectKey::new(namespace, service))
    };
    for (key, service) in cluster.services.iter().filter(|(_, service)| service.spec.r#type == "ExternalName") {
        let mut at = leads_to(&service.spec.external_name);
        // A chain longer than there are Services has gone round.
        for _ in 0..cluster.services.len() {
            let Some(next) = at else { break };
            if next == *key {
                let message = format!("{} leads back to the Service itself", service.spec.external_name);
                report.at(
                    Kind::Service,
                    key,
                    "spec.externalName",
                    message,
                    "write the name of a host outside the cluster, or of another Service",
                );
                break;
            }
            let stored = cluster.services.by_key(&next).filter(|service| service.spec.r#type == "ExternalName");
            at = stored.and_then(|service| leads_to(&service.spec.external_name));
        }
    }
}
