//! What a Service is filled in with before anything looks at it (`pkg/apis/core/v1/defaults.go`, Kubernetes v1.36.3).

use super::externally_accessible;
use crate::api::meta::IntOrString;
use crate::api::service::{ClientIPConfig, Service, SessionAffinityConfig};

/// Three hours: how long a client keeps its endpoint where nobody says.
const DEFAULT_CLIENT_IP_SERVICE_AFFINITY_SECONDS: i32 = 10_800;

/// `SetDefaults_Service`
pub fn set_defaults_service(service: &mut Service) {
    let spec = &mut service.spec;
    if spec.session_affinity.is_empty() {
        "None".clone_into(&mut spec.session_affinity);
    }
    match spec.session_affinity.as_str() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let config = spec.session_affinity_config.as_ref();
            let client_ip = config.and_then(|config| config.client_ip.as_ref());
            if client_ip.and_then(|client_ip| client_ip.timeout_seconds).is_none() {
                let timeout_seconds = Some(DEFAULT_CLIENT_IP_SERVICE_AFFINITY_SECONDS);
                let client_ip = Some(ClientIPConfig { timeout_seconds });
                spec.session_affinity_config = Some(SessionAffinityConfig { client_ip });
            }
        }
        _ => {}
    }
    if spec.r#type.is_empty() {
        "ClusterIP".clone_into(&mut spec.r#type);
    }
    for port in spec.ports.iter_mut().flatten() {
        if port.protocol.is_empty() {
            "TCP".clone_into(&mut port.protocol);
        }
        let empty = match &port.target_port {
            IntOrString::Int(number) => *number == 0,
            IntOrString::String(name) => name.is_empty(),
        };
        if empty {
            port.target_port = IntOrString::Int(port.port);
        }
    }
    if externally_accessible(service) && service.spec.external_traffic_policy.is_empty() {
        "Cluster".clone_into(&mut service.spec.external_traffic_policy);
    }
    let spec = &mut service.spec;
    if matches!(spec.r#type.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.internal_traffic_policy.get_or_insert_with(|| "Cluster".to_owned());
    }
    if spec.r#type == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        for ingress in &mut service.status.load_balancer.ingress {
            if !ingress.ip.is_empty() {
                ingress.ip_mode.get_or_insert_with(|| "VIP".to_owned());
            }
        }
    }
}
