//! DNS002 `hostname-without-record`: finds a pod with `hostname` and `subdomain`, if no headless Service has the name
//! of the subdomain.

use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::pod_dns_names::{fault, only_headless};
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, pod) in engine.cluster().pods.iter() {
        if pod.spec.hostname.is_empty() || pod.spec.subdomain.is_empty() || engine.stands_for(key).is_some() {
            continue;
        }
        let service = ObjectKey::new(key.namespace.as_str(), pod.spec.subdomain.as_str());
        let Some(fault) = fault(engine, &service, &key.name) else { continue };
        let meant = only_headless(engine, &key.namespace, &key.name);
        let help = match &meant {
            Some(meant) => format!("write `{meant}`, which is headless and selects the pod"),
            None => "add a headless Service of this name that selects the pod".to_owned(),
        };
        let message = format!("{}.{} does not resolve: {fault}", pod.spec.hostname, pod.spec.subdomain);
        report
            .at(Kind::Pod, key, "spec.subdomain", message, help)
            .fix(Kind::Pod, key, &|edit| Some(vec![edit.replace("spec.subdomain", Scalar::Text(meant.as_deref()?))?]));
    }
}
