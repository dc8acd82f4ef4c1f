//! `v1` Endpoints (`k8s.io/api/core/v1`).

use super::meta::ObjectMeta;

crate::object! {
    /// The addresses and ports that implement a Service, as one object; deprecated since 1.33 for EndpointSlices.
    pub struct Endpoints {
        /// `v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Endpoints`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Its name is the Service's.
        "metadata" => metadata: ObjectMeta [always];
        /// Groups of addresses with the same ports.
        "subsets" => subsets: Option<Vec<EndpointSubset>>;
    }

    /// Addresses that share ports: every address with every port.
    pub struct EndpointSubset {
        /// Addresses that are ready.
        "addresses" => addresses: Option<Vec<EndpointAddress>>;
        /// Addresses that are not.
        "notReadyAddresses" => not_ready_addresses: Option<Vec<EndpointAddress>>;
        /// The ports.
        "ports" => ports: Option<Vec<EndpointPort>>;
    }

    /// One address.
    pub struct EndpointAddress {
        /// The IP.
        "ip" => ip: String [always];
        /// Its host name.
        "hostname" => hostname: String;
        /// The node it is on.
        "nodeName" => node_name: Option<String>;
        /// The object behind it.
        "targetRef" => target_ref: Option<ObjectReference>;
    }

    /// One port.
    pub struct EndpointPort {
        /// The Service port's name.
        "name" => name: String;
        /// The number.
        "port" => port: i32 [always];
        /// `TCP`, `UDP` or `SCTP`.
        "protocol" => protocol: String [go "v1.Protocol"];
        /// The application protocol.
        "appProtocol" => app_protocol: Option<String>;
    }

    /// A reference to an object (`v1.ObjectReference`).
    pub struct ObjectReference {
        /// Its kind.
        "kind" => kind: String;
        /// Its namespace.
        "namespace" => namespace: String;
        /// Its name.
        "name" => name: String;
        /// Its UID.
        "uid" => uid: String [go "types.UID"];
        /// The version of its API.
        "apiVersion" => api_version: String;
        /// The version of the object.
        "resourceVersion" => resource_version: String;
        /// A part of it.
        "fieldPath" => field_path: String;
    }
}
