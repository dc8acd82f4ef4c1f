//! `discovery.k8s.io/v1` EndpointSlice.

use super::endpoints::ObjectReference;
use super::meta::{ObjectMeta, StringMap};

crate::object! {
    /// A part of the endpoints of a Service, of one address family.
    pub struct EndpointSlice {
        /// `discovery.k8s.io/v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `EndpointSlice`
        "kind" => kind: String [embedded "TypeMeta"];
        /// The label `kubernetes.io/service-name` names the Service.
        "metadata" => metadata: ObjectMeta;
        /// `IPv4`, `IPv6` or `FQDN`.
        "addressType" => address_type: String [always, go "v1.AddressType"];
        /// The endpoints.
        "endpoints" => endpoints: Option<Vec<Endpoint>> [always];
        /// The ports of every endpoint.
        "ports" => ports: Option<Vec<SlicePort>> [always, go "[]v1.EndpointPort"];
    }

    /// One endpoint: a pod, mostly.
    pub struct Endpoint {
        /// Its addresses; consumers use the first.
        "addresses" => addresses: Option<Vec<String>> [always];
        /// Its state.
        "conditions" => conditions: EndpointConditions;
        /// Its host name, for DNS.
        "hostname" => hostname: Option<String>;
        /// The object behind it.
        "targetRef" => target_ref: Option<ObjectReference>;
        /// Where it was, in the version before; kept when it was there.
        "deprecatedTopology" => deprecated_topology: Option<StringMap>;
        /// The node it is on.
        "nodeName" => node_name: Option<String>;
        /// The zone it is in.
        "zone" => zone: Option<String>;
        /// Who should use it.
        "hints" => hints: Option<EndpointHints>;
    }

    /// The state of an endpoint. Absent means: ready and serving yes, terminating no.
    pub struct EndpointConditions {
        /// Whether it takes new traffic.
        "ready" => ready: Option<bool>;
        /// Whether it can serve, though it may be ending.
        "serving" => serving: Option<bool>;
        /// Whether it is ending.
        "terminating" => terminating: Option<bool>;
    }

    /// Who should use an endpoint.
    pub struct EndpointHints {
        /// The zones.
        "forZones" => for_zones: Option<Vec<ForZone>>;
        /// The nodes.
        "forNodes" => for_nodes: Option<Vec<ForNode>>;
    }

    /// A zone that should use an endpoint.
    pub struct ForZone {
        /// The zone's name.
        "name" => name: String [always];
    }

    /// A node that should use an endpoint.
    pub struct ForNode {
        /// The node's name.
        "name" => name: String [always];
    }

    /// A port of a slice (`discovery.EndpointPort`).
    pub struct SlicePort as "EndpointPort" {
        /// The Service port's name; empty for the only port.
        "name" => name: Option<String>;
        /// `TCP`, `UDP` or `SCTP`.
        "protocol" => protocol: Option<String> [go "v1.Protocol"];
        /// The number; absent means every port.
        "port" => port: Option<i32>;
        /// The application protocol.
        "appProtocol" => app_protocol: Option<String>;
    }
}
