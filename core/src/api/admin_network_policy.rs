//! `policy.networking.k8s.io/v1alpha1` AdminNetworkPolicy and BaselineAdminNetworkPolicy: the administrator's rules
//! above and below NetworkPolicy (`sigs.k8s.io/network-policy-api/apis/v1alpha1`, v0.1.7).

use super::meta::{Condition, LabelSelector, ObjectMeta};

crate::object! {
    /// Rules that go before every NetworkPolicy.
    pub struct AdminNetworkPolicy {
        /// `policy.networking.k8s.io/v1alpha1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `AdminNetworkPolicy`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Its name.
        "metadata" => metadata: ObjectMeta [always];
        /// What is wanted.
        "spec" => spec: AdminNetworkPolicySpec [always];
        /// What is.
        "status" => status: AdminNetworkPolicyStatus;
    }

    /// What is wanted of an AdminNetworkPolicy.
    pub struct AdminNetworkPolicySpec {
        /// 0 to 1000; the lower goes first.
        "priority" => priority: i32 [always];
        /// The pods it is for.
        "subject" => subject: AdminNetworkPolicySubject [always];
        /// What is done with traffic to them, the first rule that fits deciding.
        "ingress" => ingress: Vec<AdminNetworkPolicyIngressRule>;
        /// What is done with traffic from them, the first rule that fits deciding.
        "egress" => egress: Vec<AdminNetworkPolicyEgressRule>;
    }

    /// Rules that apply where neither an AdminNetworkPolicy nor a NetworkPolicy has decided.
    pub struct BaselineAdminNetworkPolicy {
        /// `policy.networking.k8s.io/v1alpha1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `BaselineAdminNetworkPolicy`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Its name, which is `default`: there is one at most.
        "metadata" => metadata: ObjectMeta [always];
        /// What is wanted.
        "spec" => spec: BaselineAdminNetworkPolicySpec [always];
        /// What is.
        "status" => status: AdminNetworkPolicyStatus;
    }

    /// What is wanted of a BaselineAdminNetworkPolicy.
    pub struct BaselineAdminNetworkPolicySpec {
        /// The pods it is for.
        "subject" => subject: AdminNetworkPolicySubject [always];
        /// What is done with traffic to them, the first rule that fits deciding.
        "ingress" => ingress: Vec<AdminNetworkPolicyIngressRule>;
        /// What is done with traffic from them, the first rule that fits deciding.
        "egress" => egress: Vec<AdminNetworkPolicyEgressRule>;
    }

    /// What is of an administrator's policy.
    pub struct AdminNetworkPolicyStatus {
        /// Conditions.
        "conditions" => conditions: Vec<Condition> [always];
    }

    /// The pods a policy is for: exactly one field is set.
    pub struct AdminNetworkPolicySubject {
        /// Every pod of these namespaces.
        "namespaces" => namespaces: Option<LabelSelector>;
        /// Pods of namespaces.
        "pods" => pods: Option<NamespacedPod>;
    }

    /// Pods of namespaces.
    pub struct NamespacedPod {
        /// The namespaces; empty for all.
        "namespaceSelector" => namespace_selector: LabelSelector [always];
        /// The pods in them; empty for all.
        "podSelector" => pod_selector: LabelSelector [always];
    }

    /// What is done with some traffic to the subject.
    pub struct AdminNetworkPolicyIngressRule {
        /// A name for people.
        "name" => name: String;
        /// `Allow`, `Deny` or `Pass`; for a baseline `Allow` or `Deny`.
        "action" => action: String [always, go "v1alpha1.AdminNetworkPolicyRuleAction"];
        /// Where the traffic comes from.
        "from" => from: Vec<AdminNetworkPolicyIngressPeer> [always];
        /// The destination ports; absent for all.
        "ports" => ports: Option<Vec<AdminNetworkPolicyPort>>;
    }

    /// What is done with some traffic from the subject.
    pub struct AdminNetworkPolicyEgressRule {
        /// A name for people.
        "name" => name: String;
        /// `Allow`, `Deny` or `Pass`; for a baseline `Allow` or `Deny`.
        "action" => action: String [always, go "v1alpha1.AdminNetworkPolicyRuleAction"];
        /// Where the traffic goes to.
        "to" => to: Vec<AdminNetworkPolicyEgressPeer> [always];
        /// The destination ports; absent for all.
        "ports" => ports: Option<Vec<AdminNetworkPolicyPort>>;
    }

    /// Where traffic comes from: exactly one field is set.
    pub struct AdminNetworkPolicyIngressPeer {
        /// Every pod of these namespaces.
        "namespaces" => namespaces: Option<LabelSelector>;
        /// Pods of namespaces.
        "pods" => pods: Option<NamespacedPod>;
    }

    /// Where traffic goes to: exactly one field is set.
    pub struct AdminNetworkPolicyEgressPeer {
        /// Every pod of these namespaces.
        "namespaces" => namespaces: Option<LabelSelector>;
        /// Pods of namespaces.
        "pods" => pods: Option<NamespacedPod>;
        /// Nodes, by their addresses; empty for all.
        "nodes" => nodes: Option<LabelSelector>;
        /// Ranges of addresses, of pods as well.
        "networks" => networks: Vec<String> [go "[]v1alpha1.CIDR"];
        /// Domain names, in `Allow` rules only.
        "domainNames" => domain_names: Vec<String> [go "[]v1alpha1.DomainName"];
    }

    /// A destination port: exactly one field is set.
    pub struct AdminNetworkPolicyPort {
        /// A number.
        "portNumber" => port_number: Option<AdminNetworkPolicyPortNumber>;
        /// The name of a port of the destination pod.
        "namedPort" => named_port: Option<String>;
        /// A range.
        "portRange" => port_range: Option<AdminNetworkPolicyPortRange>;
    }

    /// A port by its number (`Port` in Go).
    pub struct AdminNetworkPolicyPortNumber {
        /// `TCP`, `UDP` or `SCTP`.
        "protocol" => protocol: String [always, go "v1.Protocol"];
        /// 1 to 65535.
        "port" => port: i32 [always];
    }

    /// Ports from `start` to `end` (`PortRange` in Go).
    pub struct AdminNetworkPolicyPortRange {
        /// `TCP`, `UDP` or `SCTP`.
        "protocol" => protocol: String [go "v1.Protocol"];
        /// The first.
        "start" => start: i32 [always];
        /// The last.
        "end" => end: i32 [always];
    }
}
