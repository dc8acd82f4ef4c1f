//! `policy.networking.k8s.io/v1alpha2` ClusterNetworkPolicy: the administrator's rules of both tiers
//! (`sigs.k8s.io/network-policy-api/apis/v1alpha2`, v0.2.0).

use super::admin_network_policy::{
    AdminNetworkPolicyEgressPeer, AdminNetworkPolicyIngressPeer, AdminNetworkPolicyStatus, AdminNetworkPolicySubject,
};
use super::meta::ObjectMeta;

crate::object! {
    /// Rules for pods of the whole cluster, before or behind every NetworkPolicy.
    pub struct ClusterNetworkPolicy {
        /// `policy.networking.k8s.io/v1alpha2`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `ClusterNetworkPolicy`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Its name.
        "metadata" => metadata: ObjectMeta [always];
        /// What is wanted.
        "spec" => spec: ClusterNetworkPolicySpec [always];
        /// What is.
        "status" => status: AdminNetworkPolicyStatus;
    }

    /// What is wanted of a ClusterNetworkPolicy.
    pub struct ClusterNetworkPolicySpec {
        /// `Admin`: before every NetworkPolicy; `Baseline`: where none has decided.
        "tier" => tier: String [always, go "v1alpha2.Tier"];
        /// 0 to 1000; within its tier the lower goes first.
        "priority" => priority: i32 [always];
        /// The pods it is for.
        "subject" => subject: AdminNetworkPolicySubject [always];
        /// What is done with traffic to them, the first rule that fits deciding.
        "ingress" => ingress: Vec<ClusterNetworkPolicyIngressRule>;
        /// What is done with traffic from them, the first rule that fits deciding.
        "egress" => egress: Vec<ClusterNetworkPolicyEgressRule>;
    }

    /// What is done with some traffic to the subject.
    pub struct ClusterNetworkPolicyIngressRule {
        /// A name for people.
        "name" => name: String;
        /// `Accept`, `Deny` or `Pass`.
        "action" => action: String [always, go "v1alpha2.ClusterNetworkPolicyRuleAction"];
        /// Where the traffic comes from.
        "from" => from: Vec<AdminNetworkPolicyIngressPeer> [always];
        /// The protocols and destination ports; none for all.
        "protocols" => protocols: Vec<ClusterNetworkPolicyProtocol>;
    }

    /// What is done with some traffic from the subject.
    pub struct ClusterNetworkPolicyEgressRule {
        /// A name for people.
        "name" => name: String;
        /// `Accept`, `Deny` or `Pass`.
        "action" => action: String [always, go "v1alpha2.ClusterNetworkPolicyRuleAction"];
        /// Where the traffic goes to.
        "to" => to: Vec<AdminNetworkPolicyEgressPeer> [always];
        /// The protocols and destination ports; none for all.
        "protocols" => protocols: Vec<ClusterNetworkPolicyProtocol>;
    }

    /// A protocol, with ports of it: exactly one field is set.
    pub struct ClusterNetworkPolicyProtocol {
        /// TCP.
        "tcp" => tcp: Option<ClusterNetworkPolicyProtocolPorts>;
        /// UDP.
        "udp" => udp: Option<ClusterNetworkPolicyProtocolPorts>;
        /// SCTP.
        "sctp" => sctp: Option<ClusterNetworkPolicyProtocolPorts>;
        /// The name of a port of the destination pod.
        "destinationNamedPort" => destination_named_port: String;
    }

    /// Ports of one protocol (`ClusterNetworkPolicyProtocolTCP` and its like in Go).
    pub struct ClusterNetworkPolicyProtocolPorts {
        /// The destination port; absent for all.
        "destinationPort" => destination_port: Option<ClusterNetworkPolicyPort>;
    }

    /// A number or a range (`Port` in Go).
    pub struct ClusterNetworkPolicyPort {
        /// A number; 0 means that it is not set.
        "number" => number: i32;
        /// A range.
        "range" => range: Option<ClusterNetworkPolicyPortRange>;
    }

    /// Ports from `start` to `end` (`PortRange` in Go).
    pub struct ClusterNetworkPolicyPortRange {
        /// The first.
        "start" => start: i32 [always];
        /// The last.
        "end" => end: i32 [always];
    }
}
