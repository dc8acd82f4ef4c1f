//! Named target ports of Services: the selected pods that declare the name, and those that do not.

use crate::api::meta::IntOrString;
use crate::api::resource::ObjectKey;
use crate::endpoints::pods::find_port;
use crate::engine::Engine;

/// A named target port of a Service that has pods, of which some lack it.
pub(super) struct NamedPort<'a> {
    pub(super) service: &'a ObjectKey,
    pub(super) index: usize,
    pub(super) name: &'a str,
    /// How many pods have it.
    pub(super) with: usize,
    /// The names of those that lack it.
    pub(super) without: Vec<&'a str>,
}

pub(super) fn named_ports(engine: &Engine) -> Vec<NamedPort<'_>> {
    let mut found = Vec::new();
    for (key, service) in engine.cluster().services.iter() {
        let pods = engine.endpoints().pods(key);
        for (index, port) in service.ports().iter().enumerate().filter(|_| !pods.is_empty()) {
            let IntOrString::String(name) = &port.target_port else { continue };
            let lacking = pods.iter().filter(|pod| find_port(pod, port).is_none());
            let without: Vec<&str> = lacking.map(|pod| pod.metadata.name.as_str()).collect();
            if !without.is_empty() {
                found.push(NamedPort { service: key, index, name, with: pods.len() - without.len(), without });
            }
        }
    }
    found
}
