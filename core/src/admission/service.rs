//! Service (`v1`): what the server fills in, refuses, warns of and stores.

pub mod cluster_ips;
pub mod defaults;
pub mod storage;
pub mod strategy;
pub mod update;
pub mod validate;
pub mod warnings;

use crate::api::service::Service;

/// Whether clients outside of the cluster can reach it (`ExternallyAccessible`, `pkg/api/service/util.go`).
pub fn externally_accessible(service: &Service) -> bool {
    match service.spec.r#type.as_str() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" => service.spec.external_ips.as_ref().is_some_and(|ips| !ips.is_empty()),
        _ => false,
    }
}

/// Whether load balancers ask each node for its health on a node port of its own (`NeedsHealthCheck`).
pub fn needs_health_check(service: &Service) -> bool {
    service.spec.r#type == "LoadBalancer" && service.spec.external_traffic_policy == "Local"
}

/// Whether its type has cluster IPs (`needsClusterIP`); `None` counts as one.
pub fn needs_cluster_ip(service: &Service) -> bool {
    service.spec.r#type != "ExternalName"
}

/// Whether `clusterIPs` is `["None"]`: what validation takes for headless (`isHeadlessService`,
/// `pkg/apis/core/validation`). The singular field does not count.
pub fn is_headless(service: &Service) -> bool {
    matches!(service.spec.cluster_ips.as_deref(), Some([only]) if only == "None")
}
