//! `v1` Service (`k8s.io/api/core/v1`).

use super::meta::{Condition, IntOrString, ObjectMeta, StringMap};

crate::object! {
    /// A named set of ports on which pods answer, and a policy by which to reach them.
    pub struct Service {
        /// `v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Service`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name, namespace, labels, annotations.
        "metadata" => metadata: ObjectMeta [always];
        /// What is wanted.
        "spec" => spec: ServiceSpec [always];
        /// What is.
        "status" => status: ServiceStatus [always];
    }

    /// What is wanted of a Service.
    pub struct ServiceSpec {
        /// The ports it is reached on.
        "ports" => ports: Option<Vec<ServicePort>>;
        /// The labels of the pods it sends traffic to; absent: somebody else keeps its endpoints.
        "selector" => selector: Option<StringMap>;
        /// Its address inside the cluster; `None` makes it headless.
        "clusterIP" => cluster_ip: String;
        /// Its addresses inside the cluster, one a family; the first is `clusterIP`.
        "clusterIPs" => cluster_ips: Option<Vec<String>>;
        /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
        "type" => r#type: String [go "v1.ServiceType"];
        /// Further addresses that nodes accept traffic for.
        "externalIPs" => external_ips: Option<Vec<String>>;
        /// `None` or `ClientIP`: whether a client keeps its endpoint.
        "sessionAffinity" => session_affinity: String [go "v1.ServiceAffinity"];
        /// Deprecated: the address asked of the load balancer.
        "loadBalancerIP" => load_balancer_ip: String;
        /// The client ranges a load balancer lets in.
        "loadBalancerSourceRanges" => load_balancer_source_ranges: Option<Vec<String>>;
        /// The DNS name that an ExternalName Service stands for.
        "externalName" => external_name: String;
        /// `Cluster` or `Local`: which endpoints serve traffic from outside.
        "externalTrafficPolicy" => external_traffic_policy: String [go "v1.ServiceExternalTrafficPolicy"];
        /// The node port of the health check, for LoadBalancer with `Local`.
        "healthCheckNodePort" => health_check_node_port: i32;
        /// Whether endpoints that are not ready are published as ready.
        "publishNotReadyAddresses" => publish_not_ready_addresses: bool;
        /// How session affinity works.
        "sessionAffinityConfig" => session_affinity_config: Option<SessionAffinityConfig>;
        /// The address families, the first the primary one.
        "ipFamilies" => ip_families: Option<Vec<String>> [go "[]v1.IPFamily"];
        /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
        "ipFamilyPolicy" => ip_family_policy: Option<String> [go "v1.IPFamilyPolicy"];
        /// Whether a LoadBalancer Service gets node ports.
        "allocateLoadBalancerNodePorts" => allocate_load_balancer_node_ports: Option<bool>;
        /// Which implementation the load balancer is of.
        "loadBalancerClass" => load_balancer_class: Option<String>;
        /// `Cluster` or `Local`: which endpoints serve traffic from inside.
        "internalTrafficPolicy" => internal_traffic_policy: Option<String> [go "v1.ServiceInternalTrafficPolicy"];
        /// `PreferSameZone`, `PreferSameNode`, or the older `PreferClose`.
        "trafficDistribution" => traffic_distribution: Option<String>;
    }

    /// One port of a Service.
    pub struct ServicePort {
        /// Its name, unique within the Service.
        "name" => name: String;
        /// `TCP`, `UDP` or `SCTP`.
        "protocol" => protocol: String [go "v1.Protocol"];
        /// The application protocol spoken on it.
        "appProtocol" => app_protocol: Option<String>;
        /// The port the Service is reached on.
        "port" => port: i32 [always];
        /// The port of the pods, by number or by name.
        "targetPort" => target_port: IntOrString [always];
        /// The port on every node.
        "nodePort" => node_port: i32;
    }

    /// How session affinity works.
    pub struct SessionAffinityConfig {
        /// By client address.
        "clientIP" => client_ip: Option<ClientIPConfig>;
    }

    /// Affinity by client address.
    pub struct ClientIPConfig {
        /// Seconds a client keeps its endpoint, 1 to 86,400.
        "timeoutSeconds" => timeout_seconds: Option<i32>;
    }

    /// What is of a Service.
    pub struct ServiceStatus {
        /// What the load balancer reports.
        "loadBalancer" => load_balancer: LoadBalancerStatus [always];
        /// Conditions.
        "conditions" => conditions: Vec<Condition>;
    }

    /// What a load balancer reports.
    pub struct LoadBalancerStatus {
        /// The points at which it takes traffic in.
        "ingress" => ingress: Vec<LoadBalancerIngress>;
    }

    /// One point at which a load balancer takes traffic in.
    pub struct LoadBalancerIngress {
        /// Its address.
        "ip" => ip: String;
        /// Its DNS name.
        "hostname" => hostname: String;
        /// `VIP`: packets arrive with this destination; `Proxy`: with a node's or a pod's.
        "ipMode" => ip_mode: Option<String> [go "v1.LoadBalancerIPMode"];
        /// Its ports.
        "ports" => ports: Vec<PortStatus>;
    }

    /// One port of a load balancer.
    pub struct PortStatus {
        /// The port.
        "port" => port: i32 [always];
        /// The protocol.
        "protocol" => protocol: String [always, go "v1.Protocol"];
        /// What is wrong with it.
        "error" => error: Option<String>;
    }
}

impl Service {
    /// Its ports, none where the list is absent.
    pub fn ports(&self) -> &[ServicePort] {
        self.spec.ports.as_deref().unwrap_or_default()
    }

    /// Its cluster IPs: `clusterIPs`, or `clusterIP` alone where only that is given.
    pub fn cluster_ips(&self) -> impl Iterator<Item = &str> {
        let plural = self.spec.cluster_ips.as_deref().unwrap_or_default();
        let single = (plural.is_empty() && !self.spec.cluster_ip.is_empty()).then_some(self.spec.cluster_ip.as_str());
        plural.iter().map(String::as_str).chain(single)
    }

    /// Whether it asked for no cluster IP (`clusterIP: None`).
    pub fn is_headless(&self) -> bool {
        self.cluster_ips().next() == Some("None")
    }
}
