//! SVC011 `headless-port-differs`: finds a headless Service whose port differs from the port of its pods.

use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::endpoints::pods::find_port;
use crate::engine::Engine;
use crate::lint::backends::backends;
use crate::lint::container_ports::has_port;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for (key, service) in cluster.services.iter().filter(|(_, service)| service.is_headless()) {
        let pods = engine.endpoints().pods(key);
        for (index, port) in service.ports().iter().enumerate() {
            let targets: BTreeSet<Option<i32>> = pods.iter().map(|pod| find_port(pod, port)).collect();
            let Some(Some(target)) = targets.first().copied().filter(|_| targets.len() == 1) else { continue };
            let listens = |number: i32| pods.iter().any(|pod| has_port(pod, number, &port.protocol));
            if target == port.port || listens(port.port) || !listens(target) {
                continue;
            }
            let name = format!("{}.{}.svc", key.name, key.namespace);
            let message =
                format!("{name} resolves to the addresses of the pods, which do not listen on port {}", port.port);
            let help = format!("write `port: {target}`, or give the Service a cluster IP");
            let field = format!("spec.ports[{index}].port");
            let free = !service.ports().iter().any(|other| other.port == target && other.protocol == port.protocol);
            report.at(Kind::Service, key, &field, message, help).fix(Kind::Service, key, &|edit| {
                let is_named = engine
                    .cluster()
                    .ingresses
                    .in_namespace(&key.namespace)
                    .any(|(_, ingress)| backends(ingress).iter().any(|(_, backend)| backend.name == key.name));
                (free && !is_named).then_some(())?;
                Some(vec![edit.replace(&field, Scalar::Number(i64::from(target)))?])
            });
        }
    }
}
