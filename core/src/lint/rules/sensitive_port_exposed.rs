//! SVC015 `sensitive-port-exposed`: finds a Service that accepts connections from everywhere to the port of a shell or
//! a database.

use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::endpoints::pods::find_port;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use crate::net::Protocol;
use crate::policy::End;
use std::net::{IpAddr, Ipv4Addr};

/// Ports that are for those who run a system: shells, databases, queues.
const SENSITIVE: &[(i32, &str)] = &[
    (22, "SSH"),
    (1433, "SQL Server"),
    (2181, "ZooKeeper"),
    (2379, "etcd"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];

/// An address outside every cluster (RFC 5737).
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for (key, service) in cluster.services.iter() {
        let spec = &service.spec;
        let open = match spec.r#type.as_str() {
            "LoadBalancer" => {
                let is_limited = spec.load_balancer_source_ranges.iter().flatten().next().is_some();
                let internal = |(name, value): (&String, &String)| {
                    name.contains("internal") || name.contains("scheme") || value.eq_ignore_ascii_case("internal")
                };
                !is_limited && !service.metadata.annotations.iter().any(internal)
            }
            "NodePort" => true,
            _ => spec.external_ips.iter().flatten().next().is_some(),
        };
        if !open {
            continue;
        }
        for (index, port) in service.ports().iter().enumerate() {
            let pods = engine.endpoints().pods(key);
            let target = pods.first().and_then(|pod| find_port(pod, port)).unwrap_or(port.port);
            let Some((_, name)) = SENSITIVE.iter().find(|(known, _)| *known == target) else { continue };
            if !pods.is_empty() && !pods.iter().any(|pod| is_reached(engine, key, pod, target)) {
                continue;
            }
            let message = format!("accepts connections to {name} (port {target}) from everywhere outside the cluster");
            let help = "set loadBalancerSourceRanges, or deny traffic from outside with a NetworkPolicy";
            report.at(Kind::Service, key, &format!("spec.ports[{index}].port"), message, help);
        }
    }
}

/// Whether policies let somebody from outside in to the pod.
fn is_reached(engine: &Engine, service: &ObjectKey, pod: &Pod, port: i32) -> bool {
    let to = engine.policies().pod_named(&service.namespace, &pod.metadata.name);
    let (Some(to), Ok(port)) = (to, u16::try_from(port)) else { return true };
    engine.policies().verdict(End::Address(OUTSIDE), End::Pod(to), port, Protocol::Tcp).ingress
}
