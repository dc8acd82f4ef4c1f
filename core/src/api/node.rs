//! `v1` Node: the part of it that Services and routing look at.

use super::meta::{ObjectMeta, StringMap};
use crate::net::parse_sloppy;
use std::net::IpAddr;

crate::object! {
    /// A machine of the cluster.
    pub struct Node {
        /// `v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Node`
        "kind" => kind: String [embedded "TypeMeta"];
        /// The label `topology.kubernetes.io/zone` says its zone.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: NodeSpec;
        /// What is.
        "status" => status: NodeStatus;
    }

    /// What is wanted of a Node.
    pub struct NodeSpec {
        /// The range its pods take their addresses from.
        "podCIDR" => pod_cidr: String;
        /// The same, one a family.
        "podCIDRs" => pod_cidrs: Vec<String>;
        /// Whether no new pod is placed on it.
        "unschedulable" => unschedulable: bool;
    }

    /// What is of a Node.
    pub struct NodeStatus {
        /// Its addresses.
        "addresses" => addresses: Vec<NodeAddress>;
        /// What it has in all.
        "capacity" => capacity: StringOrNumberMap;
        /// What pods may use of it.
        "allocatable" => allocatable: StringOrNumberMap;
        /// Conditions.
        "conditions" => conditions: Vec<NodeCondition>;
    }

    /// An address of a Node.
    pub struct NodeAddress {
        /// `InternalIP`, `ExternalIP`, `Hostname`, …
        "type" => r#type: String [always];
        /// The address.
        "address" => address: String [always];
    }

    /// A condition of a Node.
    pub struct NodeCondition {
        /// Its type: `Ready`, …
        "type" => r#type: String [always];
        /// `True`, `False` or `Unknown`.
        "status" => status: String [always];
    }
}

/// Quantities by resource: `cpu: 4` and `cpu: "4"` are the same.
pub type StringOrNumberMap = portolan_base::collections::BTreeMap<String, portolan_base::json::Json>;

impl Node {
    /// Its labels.
    pub fn labels(&self) -> &StringMap {
        &self.metadata.labels
    }

    /// Its zone, where it has one.
    pub fn zone(&self) -> Option<&str> {
        self.metadata.labels.get("topology.kubernetes.io/zone").map(String::as_str).filter(|zone| !zone.is_empty())
    }

    /// Its first address of each family, internal ones before external ones (`GetNodeHostIPs`,
    /// `k8s.io/kubernetes/pkg/util/node`, v1.36.3).
    pub fn host_ips(&self) -> Vec<IpAddr> {
        let mut addresses: Vec<IpAddr> = Vec::new();
        for wanted in ["InternalIP", "ExternalIP"] {
            for address in self.status.addresses.iter().filter(|address| address.r#type == wanted) {
                if let Some(ip) = parse_sloppy(&address.address)
                    && addresses.iter().all(|known| known.is_ipv4() != ip.is_ipv4())
                {
                    addresses.push(ip);
                }
            }
        }
        addresses
    }
}
