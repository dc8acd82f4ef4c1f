//! `networking.k8s.io/v1` NetworkPolicy.

use super::meta::{IntOrString, LabelSelector, ObjectMeta};

crate::object! {
    /// What traffic the selected pods allow.
    pub struct NetworkPolicy {
        /// `networking.k8s.io/v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `NetworkPolicy`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Its namespace is that of the pods it selects.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: NetworkPolicySpec;
    }

    /// What is wanted of a NetworkPolicy.
    pub struct NetworkPolicySpec {
        /// The pods it is for; empty for all of its namespace.
        "podSelector" => pod_selector: LabelSelector [always];
        /// What they let in.
        "ingress" => ingress: Option<Vec<NetworkPolicyIngressRule>>;
        /// What they let out.
        "egress" => egress: Option<Vec<NetworkPolicyEgressRule>>;
        /// `Ingress`, `Egress`: the directions in which the pods are isolated.
        "policyTypes" => policy_types: Option<Vec<String>> [go "[]v1.PolicyType"];
    }

    /// One thing let in: any of the peers on any of the ports.
    pub struct NetworkPolicyIngressRule {
        /// The ports; none for all.
        "ports" => ports: Option<Vec<NetworkPolicyPort>>;
        /// The peers; none for all.
        "from" => from: Option<Vec<NetworkPolicyPeer>>;
    }

    /// One thing let out: to any of the peers on any of the ports.
    pub struct NetworkPolicyEgressRule {
        /// The ports; none for all.
        "ports" => ports: Option<Vec<NetworkPolicyPort>>;
        /// The peers; none for all.
        "to" => to: Option<Vec<NetworkPolicyPeer>>;
    }

    /// A port or a range of ports.
    pub struct NetworkPolicyPort {
        /// `TCP`, `UDP` or `SCTP`.
        "protocol" => protocol: Option<String> [go "v1.Protocol"];
        /// A number, or the name of a port of the destination pod; absent for all.
        "port" => port: Option<IntOrString>;
        /// The last port of a range that begins at `port`.
        "endPort" => end_port: Option<i32>;
    }

    /// A peer: pods, namespaces, pods in namespaces, or addresses.
    pub struct NetworkPolicyPeer {
        /// Pods, of the policy's namespace or of those that `namespaceSelector` selects.
        "podSelector" => pod_selector: Option<LabelSelector>;
        /// Namespaces.
        "namespaceSelector" => namespace_selector: Option<LabelSelector>;
        /// Addresses.
        "ipBlock" => ip_block: Option<IPBlock>;
    }

    /// A range of addresses, less some.
    pub struct IPBlock {
        /// The range.
        "cidr" => cidr: String [always];
        /// The ranges taken out of it.
        "except" => except: Option<Vec<String>>;
    }
}
