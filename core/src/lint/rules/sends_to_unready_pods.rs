//! SVC013 `sends-to-unready-pods`: finds `publishNotReadyAddresses` on a Service with a cluster IP.

use crate::api::resource::Kind;
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, service) in engine.cluster().services.iter() {
        let has_address = !service.is_headless() && service.spec.r#type != "ExternalName";
        // A Service for one pod of a set is there so that the others find it, whatever its state.
        let of_one_pod = selector(service).is_some_and(|it| it.contains_key("statefulset.kubernetes.io/pod-name"));
        if service.spec.publish_not_ready_addresses && has_address && !of_one_pod {
            let message = "connections also go to pods that are not ready";
            let help = "remove it, or make the Service headless";
            report.at(Kind::Service, key, "spec.publishNotReadyAddresses", message, help);
        }
    }
}
