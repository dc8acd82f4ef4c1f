//! What the kubelet puts into a container for the network's sake: its environment, `/etc/hosts` and `/etc/resolv.conf`.
//!
//! What comes in is a cluster and a pod; what goes out are values and texts as the kubelet (v1.36.3) writes them. What
//! only the node knows (its own `/etc/hosts` and `/etc/resolv.conf`) comes in as a [`NodeFiles`].

pub mod env;
pub mod expansion;
pub mod hostname;
pub mod hosts;
pub mod program_variables;
pub mod resolv;

use crate::cluster::Cluster;

/// The files of a node that the kubelet reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFiles {
    /// Its `/etc/hosts`, which pods on its network get.
    pub hosts: String,
    /// Its `/etc/resolv.conf`, or the file that `--resolv-conf` names. Empty: the flag is empty.
    pub resolv_conf: String,
}

impl Default for NodeFiles {
    /// A node that nothing is known of: `localhost` alone, and one name server on the node itself.
    fn default() -> Self {
        NodeFiles { hosts: "127.0.0.1\tlocalhost\n".to_owned(), resolv_conf: "nameserver 127.0.0.53\n".to_owned() }
    }
}

/// The addresses of the cluster's DNS (`--cluster-dns`): the cluster IPs of its Service, where the files hold it, or the
/// tenth address of the Services' range, which installers reserve for it.
pub fn cluster_dns(cluster: &Cluster) -> Vec<String> {
    if let Some(service) = cluster.services.get("kube-system", "kube-dns") {
        let single = [service.spec.cluster_ip.clone()];
        let all = service.spec.cluster_ips.as_deref().filter(|all| !all.is_empty()).unwrap_or(&single);
        let set: Vec<String> = all.iter().filter(|ip| !ip.is_empty() && *ip != "None").cloned().collect();
        if !set.is_empty() {
            return set;
        }
    }
    let tenth = |range: &ipnet::IpNet| range.hosts().nth(9).map(|ip| ip.to_string());
    cluster.options.service_cluster_ip_range.first().and_then(tenth).into_iter().collect()
}
