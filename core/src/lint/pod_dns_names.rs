//! Names of pods in DNS: which headless Service publishes the name of a pod, or why none does.

use crate::api::resource::ObjectKey;
use crate::engine::Engine;

/// Why a Service does not publish the name of the pod; none if it does.
pub(super) fn fault(engine: &Engine, service: &ObjectKey, pod: &str) -> Option<String> {
    let Some(stored) = engine.cluster().services.by_key(service) else {
        return Some(format!("no Service `{service}`"));
    };
    if !stored.is_headless() {
        return Some(format!("Service {service} is not headless"));
    }
    (!selects(engine, service, pod)).then(|| format!("Service {service} does not select the pod"))
}

/// Whether the Service selects the pod of that name in its namespace.
pub(super) fn selects(engine: &Engine, service: &ObjectKey, pod: &str) -> bool {
    engine.endpoints().pods(service).binary_search_by(|known| known.metadata.name.as_str().cmp(pod)).is_ok()
}

/// The headless Service that selects the pod, if there is exactly one.
pub(super) fn only_headless(engine: &Engine, namespace: &str, pod: &str) -> Option<String> {
    let services = engine.cluster().services.in_namespace(namespace);
    let mut fitting = services.filter(|(key, service)| service.is_headless() && selects(engine, key, pod));
    let (only, _) = fitting.next()?;
    fitting.next().is_none().then(|| only.name.clone())
}
