//! Node ports and addresses that cannot be had.

use super::{Report, rule};
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use portolan_base::collections::BTreeMap;

rule! {
    /// Finds a node port outside of 30000 to 32767, where no other range is given.
    ///
    /// A cluster with the usual `--service-node-port-range` refuses the Service. Objects that a cluster has stored are left alone.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   type: NodePort
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080, nodePort: 8080}]
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
    ///   type: NodePort
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
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
    OUT_OF_RANGE = "SVC009", "node-port-out-of-range", Warning, out_of_range
}

rule! {
    /// Finds two stored Services with the same cluster IP, or the same node port for the same protocol.
    ///
    /// No cluster has both: the second would be refused. Mostly objects of two clusters were put together, or one was copied.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, uid: a}
    /// spec:
    ///   type: NodePort
    ///   clusterIP: 10.0.0.5
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web-copy, uid: b}
    /// spec:
    ///   type: NodePort
    ///   clusterIP: 10.0.0.6
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
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
    /// metadata: {name: web, uid: a}
    /// spec:
    ///   type: NodePort
    ///   clusterIP: 10.0.0.5
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web-copy, uid: b}
    /// spec:
    ///   type: NodePort
    ///   clusterIP: 10.0.0.6
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080, nodePort: 30081}]
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
    TAKEN = "SVC010", "address-taken", Error, taken
}

/// The range of node ports where none is given (`--service-node-port-range`).
const USUAL: std::ops::RangeInclusive<i32> = 30000..=32767;

fn out_of_range(engine: &Engine, report: &mut Report<'_>) {
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
            let message = format!("{} is no node port in the usual range, 30000 to 32767", port.node_port);
            let help = "choose one in the range, leave it to the server, or say the cluster's range";
            report.at(Kind::Service, key, &format!("spec.ports[{index}].nodePort"), message, help);
        }
    }
}

fn taken(engine: &Engine, report: &mut Report<'_>) {
    let mut ports: BTreeMap<(i32, &str), &ObjectKey> = BTreeMap::new();
    let mut addresses: BTreeMap<&str, &ObjectKey> = BTreeMap::new();
    for (key, service) in engine.cluster().services.iter() {
        for address in service.cluster_ips().filter(|address| *address != "None") {
            let holder = *addresses.entry(address).or_insert(key);
            if holder != key {
                let message = format!("cluster IP {address} is that of Service {holder} too");
                report.at(Kind::Service, key, "spec.clusterIP", message, "leave the address to the server").and(
                    Kind::Service,
                    holder,
                    "spec.clusterIP",
                    "the other Service",
                );
            }
        }
        for (index, port) in service.ports().iter().enumerate().filter(|(_, port)| port.node_port != 0) {
            let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
            let holder = *ports.entry((port.node_port, protocol)).or_insert(key);
            if holder != key {
                let message = format!("node port {} is that of Service {holder} too", port.node_port);
                let field = format!("spec.ports[{index}].nodePort");
                report.at(Kind::Service, key, &field, message, "choose another, or leave it to the server").and(
                    Kind::Service,
                    holder,
                    "spec.ports",
                    "the other Service",
                );
            }
        }
    }
}
