//! Workloads in, the pods that their controllers would make out.
//!
//! Files seldom contain pods. So each workload gets the synthetic pods that its controller would make: with the controller's
//! names and labels, running and ready, on the nodes in the files. Their addresses come from the pod ranges and are the same
//! on every run. A pod in a file without a status is completed in the same way.
//!
//! If the files contain objects that a workload owns (the ReplicaSet of a Deployment, the pods of a ReplicaSet: an export of a
//! live cluster), these are used, and the workload gets no synthetic pods.

pub mod addresses;
pub mod names;
pub mod synthetic_pods;

pub use synthetic_pods::SyntheticPods;

use crate::api::meta::{ObjectMeta, OwnerReference};
use crate::api::node::Node;
use crate::api::pod::{HostIP, Pod, PodCondition, PodIP, PodSpec, PodTemplateSpec};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::workload::Workload;
use crate::cluster::Cluster;
use addresses::Addresses;
use std::sync::Arc;

/// The most pods one workload stands for; what is asked of pods does not change beyond that many equal ones.
pub const MOST_PODS: i32 = 5_000;

/// The pods that a workload of that kind stands for, whatever else the cluster holds.
///
/// Mirrors the naming and labelling of `k8s.io/kubernetes/pkg/controller` (deployment/sync.go `getNewReplicaSet`,
/// statefulset/stateful_set_utils.go `newStatefulSetPod`, daemon, replicaset, job and cronjob, v1.36.3).
pub fn pods(
    cluster: &Cluster,
    kind: Kind,
    key: &ObjectKey,
    workload: &Workload,
    addresses: &mut Addresses,
) -> Vec<Pod> {
    let Some(template) = template_of(workload) else { return Vec::new() };
    let nodes = eligible_nodes(cluster, kind);
    let count = count_of(kind, workload, nodes.len());
    let maker = Maker { cluster, kind, key, workload, template, nodes };
    (0..count).map(|index| maker.pod(index, addresses)).collect()
}

/// Completes a pod that a file holds without a status, so that it runs, is ready and has an address.
pub fn complete(cluster: &Cluster, pod: &mut Pod, addresses: &mut Addresses) {
    let key = ObjectKey::in_namespace(&pod.metadata.namespace, pod.metadata.name.as_str());
    if pod.spec.node_name.is_empty() {
        let nodes = eligible_nodes(cluster, Kind::Pod);
        if let Some(node) = pick(&nodes, names::hash(&key.to_string())) {
            pod.spec.node_name.clone_from(&node.metadata.name);
        }
    }
    run(cluster, &key, pod, addresses);
}

/// Whether a pod says nothing about its state: it comes from somebody's file, not from a cluster.
pub fn is_bare(pod: &Pod) -> bool {
    let status = &pod.status;
    status.phase.is_empty() && status.pod_ip.is_empty() && status.pod_ips.is_empty() && status.conditions.is_empty()
}

/// The controller that owns an object, as kind and key.
pub fn owner(metadata: &ObjectMeta) -> Option<(Kind, ObjectKey)> {
    let reference = metadata.owner_references.iter().find(|reference| reference.controller == Some(true))?;
    let kind = Kind::of(&reference.api_version, &reference.kind).filter(|kind| kind.is_workload())?;
    Some((kind, ObjectKey::in_namespace(&metadata.namespace, reference.name.as_str())))
}

/// The template of the pods that a workload makes.
pub(crate) fn template_of(workload: &Workload) -> Option<&PodTemplateSpec> {
    let spec = &workload.spec;
    spec.template.as_ref().or_else(|| spec.job_template.as_ref().map(|job| &job.spec.template))
}

fn count_of(kind: Kind, workload: &Workload, nodes: usize) -> i32 {
    let spec = &workload.spec;
    let job = |parallelism: Option<i32>, completions: Option<i32>| {
        parallelism.unwrap_or(1).min(completions.unwrap_or(i32::MAX))
    };
    let count = match kind {
        Kind::DaemonSet => i32::try_from(nodes.max(1)).unwrap_or(MOST_PODS),
        Kind::Job => job(spec.parallelism, spec.completions),
        Kind::CronJob => {
            spec.job_template.as_ref().map_or(1, |template| job(template.spec.parallelism, template.spec.completions))
        }
        _ => spec.replicas.unwrap_or(1),
    };
    count.clamp(0, MOST_PODS)
}

/// The nodes that pods may be on: those that take new pods, without the control plane where there are others.
fn eligible_nodes(cluster: &Cluster, kind: Kind) -> Vec<&Arc<Node>> {
    let all: Vec<&Arc<Node>> = cluster.nodes.iter().map(|(_, node)| node).collect();
    if kind == Kind::DaemonSet {
        return all;
    }
    let open = |node: &&Arc<Node>| !node.spec.unschedulable;
    let worker = |node: &&Arc<Node>| open(node) && !node.labels().contains_key("node-role.kubernetes.io/control-plane");
    let workers: Vec<&Arc<Node>> = all.iter().copied().filter(worker).collect();
    if workers.is_empty() { all.into_iter().filter(open).collect() } else { workers }
}

fn pick<'n>(nodes: &[&'n Arc<Node>], number: u64) -> Option<&'n Arc<Node>> {
    let count = u64::try_from(nodes.len()).ok().filter(|count| *count > 0)?;
    nodes.get(usize::try_from(number % count).unwrap_or(0)).copied()
}

/// Makes the pods of one workload.
struct Maker<'a> {
    cluster: &'a Cluster,
    kind: Kind,
    key: &'a ObjectKey,
    workload: &'a Workload,
    template: &'a PodTemplateSpec,
    nodes: Vec<&'a Arc<Node>>,
}

impl Maker<'_> {
    fn pod(&self, index: i32, addresses: &mut Addresses) -> Pod {
        let named = names::name(self.kind, self.key, self.workload, self.template, index);
        let template = &self.template.metadata;
        let mut labels = template.labels.clone();
        labels.extend(named.labels);
        let mut spec: PodSpec = self.template.spec.clone();
        if self.kind == Kind::StatefulSet {
            spec.hostname.clone_from(&named.name);
            spec.subdomain.clone_from(&self.workload.spec.service_name);
        }
        let start = names::hash(&self.key.to_string());
        let turn = u64::try_from(index).unwrap_or(0);
        // A DaemonSet has one pod on each node; the others are spread in turn, each workload from a node of its own.
        let number = if self.kind == Kind::DaemonSet { turn } else { start.wrapping_add(turn) };
        if let Some(node) = pick(&self.nodes, number).filter(|_| spec.node_name.is_empty()) {
            spec.node_name.clone_from(&node.metadata.name);
        }
        let mut pod = Pod {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            metadata: ObjectMeta {
                name: named.name,
                generate_name: named.generate_name,
                namespace: self.key.namespace.clone(),
                labels,
                annotations: template.annotations.clone(),
                creation_timestamp: self.workload.metadata.creation_timestamp.clone(),
                owner_references: vec![OwnerReference {
                    controller: Some(true),
                    block_owner_deletion: Some(true),
                    ..named.owner
                }],
                ..ObjectMeta::default()
            },
            spec,
            ..Pod::default()
        };
        let key = ObjectKey::new(self.key.namespace.as_str(), pod.metadata.name.as_str());
        run(self.cluster, &key, &mut pod, addresses);
        pod
    }
}

/// Gives the pod an address and the status of one that runs and is ready.
fn run(cluster: &Cluster, key: &ObjectKey, pod: &mut Pod, addresses: &mut Addresses) {
    let node = cluster.nodes.get("", &pod.spec.node_name);
    let host: Vec<String> = node.map(|node| internal_ips(node)).unwrap_or_default();
    let ips = if pod.spec.host_network && !host.is_empty() {
        host.clone()
    } else {
        addresses.take(&cluster.options, node.map(|node| &**node), key)
    };
    let status = &mut pod.status;
    "Running".clone_into(&mut status.phase);
    for kind in ["Initialized", "Ready", "ContainersReady", "PodScheduled"] {
        status.conditions.push(PodCondition { r#type: kind.to_owned(), status: "True".to_owned() });
    }
    status.host_ip = host.first().cloned().unwrap_or_default();
    status.host_ips = host.into_iter().map(|ip| HostIP { ip }).collect();
    status.pod_ip = ips.first().cloned().unwrap_or_default();
    status.pod_ips = ips.into_iter().map(|ip| PodIP { ip }).collect();
}

fn internal_ips(node: &Node) -> Vec<String> {
    let internal = |address: &&crate::api::node::NodeAddress| address.r#type == "InternalIP";
    node.status.addresses.iter().filter(internal).map(|address| address.address.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::resource::{Resource, read};
    use crate::cluster::Options;
    use crate::engine::Engine;
    use portolan_base::json;

    fn engine(objects: &[&str]) -> Engine {
        let mut engine = Engine::new(Options::default());
        let resources = objects.iter().map(|text| {
            let node = json::read(text).unwrap();
            let kind =
                Kind::of(node.at("apiVersion").unwrap().as_str().unwrap(), node.at("kind").unwrap().as_str().unwrap());
            (read(kind.unwrap(), &node).0, None)
        });
        let resources: Vec<(Resource, Option<crate::cluster::Source>)> = resources.collect();
        engine.insert_all(resources);
        engine
    }

    const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},
        "spec":{"replicas":3,"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c"}]}}}}"#;

    #[test]
    fn a_deployment_stands_for_its_replicas() {
        let engine = engine(&[DEPLOYMENT]);
        let pods: Vec<_> = engine.cluster().pods.in_namespace("shop").map(|(_, pod)| pod.clone()).collect();
        assert_eq!(pods.len(), 3);
        let hash = pods[0].metadata.labels.get("pod-template-hash").unwrap().clone();
        for pod in &pods {
            assert!(pod.metadata.name.starts_with(&format!("web-{hash}-")), "{}", pod.metadata.name);
            assert!(pod.is_ready() && pod.status.pod_ip.starts_with("10.244."), "{:?}", pod.status);
            assert_eq!(owner(&pod.metadata), Some((Kind::ReplicaSet, ObjectKey::new("shop", format!("web-{hash}")))));
        }
        let again = self::engine(&[DEPLOYMENT]);
        let ips = |engine: &Engine| -> Vec<String> {
            engine.cluster().pods.iter().map(|(_, pod)| pod.status.pod_ip.clone()).collect()
        };
        assert_eq!(ips(&engine), ips(&again));
    }

    #[test]
    fn a_stateful_set_counts_its_pods_and_a_daemon_set_has_one_on_each_node() {
        let node = |name: &str, ip: &str| {
            format!(
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}"}},"spec":{{"podCIDR":"10.9.{ip}.0/24"}},
                "status":{{"addresses":[{{"type":"InternalIP","address":"192.168.0.{ip}"}}]}}}}"#
            )
        };
        let engine = engine(&[
            &node("n1", "1"),
            &node("n2", "2"),
            r#"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"replicas":2,"serviceName":"db",
                "ordinals":{"start":5},"template":{"metadata":{"labels":{"app":"db"}},"spec":{}}}}"#,
            r#"{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"log"},"spec":{"template":{"spec":{"hostNetwork":true}}}}"#,
        ]);
        let pod = |name: &str| engine.cluster().pods.get("default", name).unwrap().clone();
        assert_eq!(pod("db-5").spec.hostname, "db-5");
        assert_eq!(pod("db-6").spec.subdomain, "db");
        let node = pod("db-5").spec.node_name.clone();
        let subnet = if node == "n1" { "10.9.1." } else { "10.9.2." };
        assert!(pod("db-5").status.pod_ip.starts_with(subnet));
        let mut hosts: Vec<String> = engine
            .cluster()
            .pods
            .iter()
            .filter(|(key, _)| key.name.starts_with("log-"))
            .map(|(_, pod)| pod.status.pod_ip.clone())
            .collect();
        hosts.sort();
        assert_eq!(hosts, ["192.168.0.1", "192.168.0.2"]);
    }

    #[test]
    fn what_the_files_hold_is_not_made_up_again() {
        let replica_set = r#"{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","namespace":"shop",
            "ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"u","controller":true}]},
            "spec":{"replicas":1,"template":{"metadata":{"labels":{"app":"web"}},"spec":{}}}}"#;
        let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1-x","namespace":"shop",
            "ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-1","uid":"u","controller":true}]},
            "status":{"phase":"Running","podIP":"10.244.7.7"}}"#;
        assert_eq!(engine(&[DEPLOYMENT, replica_set]).cluster().pods.len(), 1);
        let engine = engine(&[DEPLOYMENT, replica_set, pod]);
        let keys: Vec<_> = engine.cluster().pods.iter().map(|(key, _)| key.name.clone()).collect();
        assert_eq!(keys, ["web-1-x"]);
    }

    #[test]
    fn a_stateful_set_keeps_its_pods_when_a_node_goes() {
        let node = |name: &str| format!(r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"{name}"}}}}"#);
        let set =
            r#"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"template":{"spec":{}}}}"#;
        let mut engine = engine(&[&node("n1"), &node("n2"), set]);
        for gone in ["n1", "n2"] {
            engine.remove(Kind::Node, &ObjectKey::new("", gone));
            assert!(engine.cluster().pods.get("default", "db-0").unwrap().spec.node_name != gone);
        }
    }

    #[test]
    fn a_change_of_the_workload_changes_its_pods() {
        let mut engine = engine(&[DEPLOYMENT]);
        let node = json::read(&DEPLOYMENT.replace("\"replicas\":3", "\"replicas\":1")).unwrap();
        engine.insert(read(Kind::Deployment, &node).0, None);
        assert_eq!(engine.cluster().pods.len(), 1);
        assert!(engine.remove(Kind::Deployment, &ObjectKey::new("shop", "web")));
        assert_eq!(engine.cluster().pods.len(), 0);
    }
}
