//! `v1` Pod: the part of it that Services, DNS, the kubelet's files and NetworkPolicy look at.

use super::meta::{ObjectMeta, Time};
use portolan_base::json::Json;

crate::object! {
    /// Containers that run together on one node and share an address.
    pub struct Pod {
        /// `v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Pod`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name, namespace, labels.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: PodSpec;
        /// What is.
        "status" => status: PodStatus;
    }

    /// What makes pods: their metadata and spec.
    pub struct PodTemplateSpec {
        /// Labels and annotations of the pods.
        "metadata" => metadata: ObjectMeta;
        /// The pods' spec.
        "spec" => spec: PodSpec;
    }

    /// What is wanted of a Pod.
    pub struct PodSpec {
        /// Containers that run before the others, or beside them where `restartPolicy` is `Always`.
        "initContainers" => init_containers: Vec<Container>;
        /// The containers.
        "containers" => containers: Vec<Container>;
        /// `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` or `None`.
        "dnsPolicy" => dns_policy: String;
        /// The node it is on.
        "nodeName" => node_name: String;
        /// Whether it shares the node's network.
        "hostNetwork" => host_network: bool;
        /// Its host name.
        "hostname" => hostname: String;
        /// The domain its host name is under: the name of a headless Service.
        "subdomain" => subdomain: String;
        /// Its host name whatever else is said.
        "hostnameOverride" => hostname_override: Option<String>;
        /// Whether the kernel's host name is the full one.
        "setHostnameAsFQDN" => set_hostname_as_fqdn: Option<bool>;
        /// Further lines of `/etc/hosts`.
        "hostAliases" => host_aliases: Vec<HostAlias>;
        /// Further lines of `/etc/resolv.conf`.
        "dnsConfig" => dns_config: Option<PodDNSConfig>;
        /// Whether its containers get the variables of Services.
        "enableServiceLinks" => enable_service_links: Option<bool>;
        /// The account it runs as.
        "serviceAccountName" => service_account_name: String;
        /// `Always`, `OnFailure` or `Never`.
        "restartPolicy" => restart_policy: String;
    }

    /// One container.
    pub struct Container {
        /// Its name.
        "name" => name: String;
        /// Its image.
        "image" => image: String;
        /// Its command.
        "command" => command: Vec<String>;
        /// Its arguments.
        "args" => args: Vec<String>;
        /// Its ports; only their names and numbers matter.
        "ports" => ports: Vec<ContainerPort>;
        /// Sources of whole sets of variables.
        "envFrom" => env_from: Vec<Json>;
        /// Its variables.
        "env" => env: Vec<EnvVar>;
        /// `Always` makes an init container a sidecar.
        "restartPolicy" => restart_policy: Option<String>;
        /// Whether the container has to be started anew.
        "livenessProbe" => liveness_probe: Option<Json>;
        /// Whether it can serve.
        "readinessProbe" => readiness_probe: Option<Json>;
        /// Whether it has started.
        "startupProbe" => startup_probe: Option<Json>;
    }

    /// A port of a container.
    pub struct ContainerPort {
        /// Its name.
        "name" => name: String;
        /// Its port on the node.
        "hostPort" => host_port: i32;
        /// Its number.
        "containerPort" => container_port: i32 [always];
        /// `TCP`, `UDP` or `SCTP`; empty means TCP.
        "protocol" => protocol: String;
        /// The address of the node it is on.
        "hostIP" => host_ip: String;
    }

    /// A variable of a container.
    pub struct EnvVar {
        /// Its name.
        "name" => name: String [always];
        /// Its value, in which `$(NAME)` is replaced.
        "value" => value: String;
        /// Where its value comes from.
        "valueFrom" => value_from: Option<Json>;
    }

    /// A line of `/etc/hosts`.
    pub struct HostAlias {
        /// The address.
        "ip" => ip: String [always];
        /// Its names.
        "hostnames" => hostnames: Vec<String>;
    }

    /// Lines of `/etc/resolv.conf`.
    pub struct PodDNSConfig {
        /// Name servers.
        "nameservers" => nameservers: Vec<String>;
        /// Search domains.
        "searches" => searches: Vec<String>;
        /// Options.
        "options" => options: Vec<PodDNSConfigOption>;
    }

    /// An option of `/etc/resolv.conf`.
    pub struct PodDNSConfigOption {
        /// Its name.
        "name" => name: Option<String>;
        /// Its value.
        "value" => value: Option<String>;
    }

    /// What is of a Pod.
    pub struct PodStatus {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        "phase" => phase: String;
        /// Conditions; `Ready` decides whether it serves.
        "conditions" => conditions: Vec<PodCondition>;
        /// The address of its node.
        "hostIP" => host_ip: String;
        /// The addresses of its node.
        "hostIPs" => host_ips: Vec<HostIP>;
        /// Its address.
        "podIP" => pod_ip: String;
        /// Its addresses, one a family.
        "podIPs" => pod_ips: Vec<PodIP>;
        /// When the kubelet took it on.
        "startTime" => start_time: Option<Time>;
    }

    /// A condition of a Pod.
    pub struct PodCondition {
        /// Its type: `Ready`, …
        "type" => r#type: String [always];
        /// `True`, `False` or `Unknown`.
        "status" => status: String [always];
    }

    /// An address of a Pod.
    pub struct PodIP {
        /// The address.
        "ip" => ip: String;
    }

    /// An address of a Pod's node.
    pub struct HostIP {
        /// The address.
        "ip" => ip: String;
    }
}

impl Pod {
    /// Its addresses: `podIPs`, or `podIP` alone where only that is given or where the two differ
    /// (`Convert_v1_PodStatus_To_core_PodStatus`, k8s.io/kubernetes/pkg/apis/core/v1 v1.36.3).
    pub fn ips(&self) -> impl Iterator<Item = &str> {
        let (plural, single) = (&self.status.pod_ips, self.status.pod_ip.as_str());
        let single_holds = !single.is_empty() && plural.first().is_none_or(|first| first.ip != single);
        let plural: &[PodIP] = if single_holds { &[] } else { plural };
        plural.iter().map(|address| address.ip.as_str()).chain(single_holds.then_some(single))
    }

    /// Whether its condition `Ready` is `True`.
    pub fn is_ready(&self) -> bool {
        let ready = self.status.conditions.iter().find(|condition| condition.r#type == "Ready");
        ready.is_some_and(|condition| condition.status == "True")
    }
}
