//! Settings of a Service that do nothing, or more than is meant.

use super::{Report, rule};
use crate::api::namespace::Namespace;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::ServicePort;
use crate::cluster::Cluster;
use crate::endpoints::pods::find_port;
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::policy::{End, Protocol};
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

rule! {
    /// Finds `publishNotReadyAddresses` on a Service that has an address.
    ///
    /// Connections go to pods that have not started yet or say that they cannot serve. It is meant for headless Services, whose
    /// pods have to find each other before they are ready.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   publishNotReadyAddresses: true
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   clusterIP: None
    ///   publishNotReadyAddresses: true
    ///   selector: {app: web}
    ///   ports: [{port: 8080, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    NOT_READY = "SVC013", "sends-to-unready-pods", Info, not_ready
}

rule! {
    /// Finds a port of a Service in a namespace of Istio's mesh whose name does not begin with a protocol, and that has no
    /// `appProtocol`.
    ///
    /// The mesh has to guess what is spoken there: routing by HTTP, retries and metrics may not work (IST0118).
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: default, labels: {istio-injection: enabled}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: default, labels: {istio-injection: enabled}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{name: http, port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    PORT_NAME = "SVC014", "mesh-port-name", Info, port_name
}

rule! {
    /// Finds a Service that takes connections from outside the cluster to a port of a shell or a database, whoever they come from.
    ///
    /// Source ranges, the annotation of an internal load balancer, and policies that keep the outside away count.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   type: LoadBalancer
    ///   selector: {app: web}
    ///   ports: [{port: 22}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 22
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   type: LoadBalancer
    ///   loadBalancerSourceRanges: [192.0.2.0/24]
    ///   selector: {app: web}
    ///   ports: [{port: 22}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 22
    /// ```
    EXPOSED = "SVC015", "sensitive-port-exposed", Info, exposed
}

rule! {
    /// Finds two Services of Istio's mesh that send on the same port to the same pods, and say that different protocols are spoken.
    ///
    /// The pods' proxy can listen for one of them alone: the other's connections are read wrongly (IST0116).
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: default, labels: {istio-injection: enabled}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{name: http, port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web-tcp}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{name: tcp, port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: default, labels: {istio-injection: enabled}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{name: http, port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web-tcp}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{name: http-web, port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    PORTS_CONFLICT = "SVC016", "mesh-ports-conflict", Warning, ports_conflict
}

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

/// An address of nobody in the cluster (RFC 5737).
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// What Istio takes for a protocol at the beginning of a port's name.
const PROTOCOLS: &[&str] =
    &["grpc", "grpc-web", "http", "http2", "https", "mongo", "mysql", "redis", "tcp", "tls", "udp", "auto"];

fn not_ready(engine: &Engine, report: &mut Report<'_>) {
    for (key, service) in engine.cluster().services.iter() {
        let has_address = !service.is_headless() && service.spec.r#type != "ExternalName";
        // A Service for one pod of a set is there so that the others find it, whatever its state.
        let of_one_pod = selector(service).is_some_and(|it| it.contains_key("statefulset.kubernetes.io/pod-name"));
        if service.spec.publish_not_ready_addresses && has_address && !of_one_pod {
            let message = "connections go to pods that are not ready, too";
            let help = "take it away, or make the Service headless";
            report.at(Kind::Service, key, "spec.publishNotReadyAddresses", message, help);
        }
    }
}

fn port_name(engine: &Engine, report: &mut Report<'_>) {
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
                let name = if port.name.is_empty() { "no name" } else { &port.name };
                let message = format!("port {} has {name}, which names no protocol: the mesh has to guess", port.port);
                let help = "begin its name with the protocol (http-web), or set appProtocol";
                report.at(Kind::Service, key, &format!("spec.ports[{index}].name"), message, help);
            }
        }
    }
}

/// The namespaces of Istio's mesh, as far as their labels tell.
fn meshed(cluster: &Cluster) -> BTreeSet<&str> {
    let is_meshed = |namespace: &Namespace| {
        let label = |name: &str| namespace.metadata.labels.get(name);
        label("istio-injection").is_some_and(|value| value == "enabled") || label("istio.io/rev").is_some()
    };
    cluster.namespaces.iter().filter(|(_, it)| is_meshed(it)).map(|(key, _)| key.name.as_str()).collect()
}

/// The protocol that a port says is spoken, where it says one.
fn spoken(port: &ServicePort) -> Option<&str> {
    let named = || port.name.split('-').next().filter(|name| PROTOCOLS.contains(name));
    port.app_protocol.as_deref().or_else(named)
}

fn ports_conflict(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for namespace in meshed(cluster) {
        let mut known: BTreeMap<(&str, i32), (&ObjectKey, &str)> = BTreeMap::new();
        for (key, service) in cluster.services.in_namespace(namespace) {
            for (index, port) in service.ports().iter().enumerate() {
                let Some(protocol) = spoken(port) else { continue };
                let clash = engine.endpoints().pods(key).iter().find_map(|pod| {
                    let of_pod = (pod.metadata.name.as_str(), port.port);
                    let (other, others) = *known.entry(of_pod).or_insert((key, protocol));
                    (other != key && others != protocol).then_some((other, others))
                });
                let Some((other, others)) = clash else { continue };
                let message = format!(
                    "says {protocol} is spoken on port {}, and Service {other} before the same pods says {others}",
                    port.port
                );
                let help = "say the same protocol in both, or use another port";
                report.at(Kind::Service, key, &format!("spec.ports[{index}]"), message, help).and(
                    Kind::Service,
                    other,
                    "spec.ports",
                    "the other Service",
                );
            }
        }
    }
}

fn exposed(engine: &Engine, report: &mut Report<'_>) {
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
            let message =
                format!("takes connections to {name} (port {target}) from outside the cluster, from everywhere");
            let help = "set loadBalancerSourceRanges, or let a policy keep the outside away";
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
