//! DNS001 `stateful-set-service`: finds a StatefulSet whose `serviceName` is not a headless Service that selects its
//! pods.

use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::context::AbsenceScope;
use crate::lint::pod_dns_names::{fault, only_headless};
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let Some(sets) = engine.cluster().workloads.get(&Kind::StatefulSet) else { return };
    for (key, set) in sets.iter() {
        let name = &set.spec.service_name;
        let pods = engine.pods_made_by(Kind::StatefulSet, key);
        let Some(pod) = pods.first().filter(|_| !name.is_empty()) else { continue };
        let service = ObjectKey::new(key.namespace.as_str(), name.as_str());
        let Some(fault) = fault(engine, &service, &pod.name) else { continue };
        let meant = only_headless(engine, &key.namespace, &pod.name);
        let help = match &meant {
            Some(meant) => format!("write `{meant}`, which is headless and selects the pods"),
            None => "write the name of a headless Service that selects the pods".to_owned(),
        };
        let is_missing = engine.cluster().services.by_key(&service).is_none();
        // A single pod, and no Service for its name: no other pod needs the name.
        if meant.is_none() && pods.len() == 1 {
            continue;
        }
        if meant.is_none()
            && is_missing
            && report.context.may_be_elsewhere(report.cluster, (Kind::StatefulSet, key), AbsenceScope::Service)
        {
            report.elsewhere += 1;
            continue;
        }
        let message = format!("the names of its pods do not resolve: {fault}");
        report
            .at(Kind::StatefulSet, key, "spec.serviceName", message, help)
            .and(Kind::Service, &service, "spec.selector", "this Service")
            .fix(Kind::StatefulSet, key, &|edit| {
                Some(vec![edit.replace("spec.serviceName", Scalar::Text(meant.as_deref()?))?])
            });
    }
}
