//! A pod's host name and domain.

use super::Cluster;
use crate::api::pod::Pod;

/// What a pod calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodName {
    /// Its host name, at most 63 bytes.
    pub hostname: String,
    /// Its domain: `SUBDOMAIN.NAMESPACE.svc.DOMAIN`, or empty. That a Service of the subdomain's name is there is not
    /// looked at.
    pub domain: String,
    /// What `uname -n` and `hostname` say in its containers. On the node's network it is the node's name; empty where the
    /// pod is on no node yet.
    pub kernel: Result<String, String>,
}

/// The names of a pod. Mirrors `Kubelet.GeneratePodHostNameAndDomain` and `GetNodenameForKernel`
/// (k8s.io/kubernetes/pkg/kubelet, v1.36.3), and `generatePodSandboxConfig` (pkg/kubelet/kuberuntime), which names no pod
/// that is on the node's network.
pub fn of_pod(cluster: &Cluster, pod: &Pod) -> PodName {
    let mut name = own_name(cluster, pod);
    if pod.spec.host_network {
        let node = cluster.nodes.get("", &pod.spec.node_name);
        let label = node.and_then(|node| node.labels().get("kubernetes.io/hostname"));
        name.kernel = Ok(label.unwrap_or(&pod.spec.node_name).clone());
    }
    name
}

fn own_name(cluster: &Cluster, pod: &Pod) -> PodName {
    let spec = &pod.spec;
    if let Some(name) = &spec.hostname_override {
        let hostname = truncate(name);
        return PodName { kernel: Ok(hostname.clone()), hostname, domain: String::new() };
    }
    let hostname = truncate(if spec.hostname.is_empty() { &pod.metadata.name } else { &spec.hostname });
    let namespace = super::env::namespace_of(pod);
    let domain = match spec.subdomain.as_str() {
        "" => String::new(),
        subdomain => format!("{subdomain}.{namespace}.svc.{}", cluster.options.cluster_domain),
    };
    let kernel = if domain.is_empty() || spec.set_hostname_as_fqdn != Some(true) {
        Ok(hostname.clone())
    } else {
        match format!("{hostname}.{domain}") {
            name if name.len() <= 64 => Ok(name),
            name => Err(format!(
                "failed to construct FQDN from pod hostname and cluster domain, FQDN {name} is too long (64 characters is \
                 the max, {} characters requested)",
                name.len()
            )),
        }
    };
    PodName { hostname, domain, kernel }
}

/// A host name has at most 63 bytes and ends in no `-` or `.`.
fn truncate(name: &str) -> String {
    match name.get(..63) {
        Some(start) if name.len() > 63 => start.trim_end_matches(['-', '.']).to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;

    /// Facts of upstream's `TestGeneratePodHostNameAndDomain` and `TestGetNodenameForKernel`.
    #[test]
    fn names_are_cut_and_domains_are_made() {
        let cluster = Cluster::new(Options::default());
        let mut pod = Pod::default();
        pod.metadata.name = "web-0".to_owned();
        pod.metadata.namespace = "ns".to_owned();
        let name = of_pod(&cluster, &pod);
        assert_eq!((name.hostname.as_str(), name.domain.as_str(), name.kernel), ("web-0", "", Ok("web-0".to_owned())));

        pod.spec.subdomain = "web".to_owned();
        pod.spec.hostname = "host".to_owned();
        pod.spec.set_hostname_as_fqdn = Some(true);
        let name = of_pod(&cluster, &pod);
        assert_eq!(name.domain, "web.ns.svc.cluster.local");
        assert_eq!(name.kernel.as_deref(), Ok("host.web.ns.svc.cluster.local"));

        pod.spec.hostname = "h".repeat(40);
        assert!(of_pod(&cluster, &pod).kernel.unwrap_err().contains("is too long (64 characters is the max, 65 "));

        pod.spec.host_network = true;
        pod.spec.node_name = "n1".to_owned();
        assert_eq!(of_pod(&cluster, &pod).kernel.as_deref(), Ok("n1"));
        pod.spec.host_network = false;

        pod.spec.hostname_override = Some(format!("{}.-{}", "a".repeat(61), "b".repeat(20)));
        let name = of_pod(&cluster, &pod);
        assert_eq!((name.hostname, name.domain), ("a".repeat(61), String::new()));
    }
}
