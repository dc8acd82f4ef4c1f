//! SVC009 `node-port-out-of-range`: finds a node port outside of 30000 to 32767, unless another range is given.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::report::Reporter;

/// The range of node ports where none is given (`--service-node-port-range`).
const USUAL: std::ops::RangeInclusive<i32> = 30000..=32767;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    if cluster.options.service_ranges_given {
        return;
    }
    for (key, service) in cluster.services.iter() {
        if !service.metadata.uid.is_empty() || !service.metadata.resource_version.is_empty() {
            continue;
        }
        for (index, port) in service.ports().iter().enumerate() {
            if port.node_port == 0 || USUAL.contains(&port.node_port) {
                continue;
            }
            let message = format!("{} is not in the default range of node ports, 30000 to 32767", port.node_port);
            let help = "choose a port in the range, omit it, or set --service-node-port-range";
            report.at(Kind::Service, key, &format!("spec.ports[{index}].nodePort"), message, help);
        }
    }
}
