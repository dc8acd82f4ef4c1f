//! SVC014 `mesh-port-name`: finds a Service port in Istio's mesh whose name does not begin with a protocol and that has
//! no `appProtocol`.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::mesh::{PROTOCOLS, meshed};
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for namespace in meshed(cluster) {
        for (key, service) in cluster.services.in_namespace(namespace) {
            for (index, port) in service.ports().iter().enumerate() {
                let begins = |protocol: &&str| {
                    port.name.strip_prefix(*protocol).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                };
                if port.app_protocol.is_some() || port.protocol == "UDP" || PROTOCOLS.iter().any(begins) {
                    continue;
                }
                let name =
                    if port.name.is_empty() { "no name".to_owned() } else { format!("the name `{}`", port.name) };
                let message =
                    format!("port {} has {name}, which does not name a protocol: the mesh must guess it", port.port);
                let help = "begin the name with the protocol, for example http-web, or set appProtocol";
                report.at(Kind::Service, key, &format!("spec.ports[{index}].name"), message, help);
            }
        }
    }
}
