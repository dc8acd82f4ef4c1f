//! POD002 `port-number-twice`: finds two containers of a pod that declare the same port.

use crate::engine::Engine;
use crate::lint::container_ports::protocol;
use crate::lint::context::PodTemplate;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeMap;

pub(super) fn check(_: &Engine, report: &mut Reporter<'_>) {
    for &PodTemplate { kind, object, template, pod } in report.context.pod_templates() {
        let mut known: BTreeMap<(i32, &str), &str> = BTreeMap::new();
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for (at, port) in container.ports.iter().enumerate() {
                let holder = *known.entry((port.container_port, protocol(&port.protocol))).or_insert(&container.name);
                if holder != container.name {
                    let message = format!(
                        "container {holder} also declares port {}; two containers of a pod cannot listen on the same port",
                        port.container_port
                    );
                    let field = format!("{template}spec.containers[{index}].ports[{at}].containerPort");
                    report.at(kind, object, &field, message, "change the port of one of them");
                }
            }
        }
    }
}
