//! EPS003 `endpoints-of-other-port`: finds a port of a Service without selector whose name is in none of its
//! EndpointSlices.

use crate::api::endpoint_slice::EndpointSlice;
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::endpoints::selection::selector;
use crate::endpoints::slices::MANAGED_BY;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, service) in engine.cluster().services.iter() {
        if selector(service).is_some() {
            continue;
        }
        let slices = engine.endpoints().slices(key);
        if slices.iter().all(|slice| slice.endpoints.iter().flatten().next().is_none()) {
            continue;
        }
        let names: BTreeSet<&str> = slices.iter().flat_map(port_names).collect();
        for (index, port) in service.ports().iter().enumerate() {
            if names.contains(port.name.as_str()) {
                continue;
            }
            let shown = |name: &str| if name.is_empty() { "one without a name".to_owned() } else { name.to_owned() };
            let known: Vec<String> = names.iter().map(|name| shown(name)).collect();
            let message = format!("no EndpointSlice has port {}; they have: {}", shown(&port.name), known.join(", "));
            let help = "give the port of the EndpointSlice the name of the Service's port";
            let field = format!("spec.ports[{index}].name");
            let written = slices.iter().filter(|slice| !slice.metadata.labels.contains_key(MANAGED_BY));
            let slice =
                written.map(|slice| ObjectKey::new(key.namespace.as_str(), slice.metadata.name.as_str())).next();
            let finding = report.at(Kind::Service, key, &field, message, help);
            let Some(slice) = slice else { continue };
            let only = slices.len() == 1 && service.ports().len() == 1 && names.len() == 1;
            finding.and(Kind::EndpointSlice, &slice, "ports", "its ports").fix(Kind::EndpointSlice, &slice, &|edit| {
                let name = Some(port.name.as_str()).filter(|name| only && !name.is_empty())?;
                Some(vec![match edit.value("ports[0].name") {
                    Some(_) => edit.replace("ports[0].name", Scalar::Text(name))?,
                    None => edit.insert("ports[0]", "name", Scalar::Text(name))?,
                }])
            });
        }
    }
}

fn port_names(slice: &Arc<EndpointSlice>) -> impl Iterator<Item = &str> {
    slice.ports.iter().flatten().map(|port| port.name.as_deref().unwrap_or_default())
}
