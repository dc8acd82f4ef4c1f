//! `/etc/hosts` of a pod.

use super::{Cluster, NodeFiles, hostname};
use crate::api::pod::{HostAlias, Pod};

/// The text that the kubelet writes, or nothing where it writes none: a pod without an address that is not on the node's
/// network. A container that mounts something at `/etc/hosts` does not see it.
///
/// Mirrors `ensureHostsFile` and `managedHostsFileContent` (k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go, v1.36.3).
pub fn of_pod(cluster: &Cluster, pod: &Pod, files: &NodeFiles) -> Option<String> {
    let mut text = String::new();
    if pod.spec.host_network {
        text.push_str("# Kubernetes-managed hosts file (host network).\n");
        text.push_str(&files.hosts);
        add_aliases(&mut text, &pod.spec.host_aliases);
        return Some(text);
    }
    let mut ips = pod.ips().peekable();
    ips.peek()?;
    text.push_str(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
         fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
    );
    let name = hostname::of_pod(cluster, pod);
    for ip in ips {
        text.push_str(&match name.domain.as_str() {
            "" => format!("{ip}\t{}\n", name.hostname),
            domain => format!("{ip}\t{0}.{domain}\t{0}\n", name.hostname),
        });
    }
    add_aliases(&mut text, &pod.spec.host_aliases);
    Some(text)
}

fn add_aliases(text: &mut String, aliases: &[HostAlias]) {
    if !aliases.is_empty() {
        text.push_str("\n# Entries added by HostAliases.\n");
    }
    for alias in aliases {
        text.push_str(&format!("{}\t{}\n", alias.ip, alias.hostnames.join("\t")));
    }
}
