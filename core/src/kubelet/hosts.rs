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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pod::PodIP;
    use crate::cluster::Options;

    const HEAD: &str = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n\
        ::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\n\
        fe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";

    fn pod(ips: &[&str], subdomain: &str, aliases: &[(&str, &[&str])]) -> Pod {
        let mut pod = Pod::default();
        pod.metadata.name = "podFoo".to_owned();
        pod.metadata.namespace = "ns".to_owned();
        pod.spec.subdomain = subdomain.to_owned();
        pod.status.pod_ips = ips.iter().map(|ip| PodIP { ip: (*ip).to_owned() }).collect();
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        pod.spec.host_aliases =
            aliases.iter().map(|(ip, names)| HostAlias { ip: (*ip).to_owned(), hostnames: owned(names) }).collect();
        pod
    }

    /// Facts of upstream's `TestManagedHostsFileContent` and `TestNodeHostsFileContent` (kubelet_pods_test.go).
    #[test]
    fn as_upstreams_tables_have_it() {
        let cluster = Cluster::new(Options::default());
        let files = NodeFiles { hosts: "123.45.67.89\tsome.domain\n".to_owned(), ..NodeFiles::default() };
        let text = |pod: &Pod| of_pod(&cluster, pod, &files);
        assert_eq!(text(&pod(&["123.45.67.89"], "", &[])), Some(format!("{HEAD}123.45.67.89\tpodFoo\n")));
        assert_eq!(
            text(&pod(&["203.0.113.1", "fd00::6"], "domainFoo", &[])),
            Some(format!(
                "{HEAD}203.0.113.1\tpodFoo.domainFoo.ns.svc.cluster.local\tpodFoo\n\
                 fd00::6\tpodFoo.domainFoo.ns.svc.cluster.local\tpodFoo\n"
            ))
        );
        let aliases: &[(&str, &[&str])] =
            &[("123.45.67.89", &["foo", "bar", "baz"]), ("456.78.90.123", &["park", "doo", "boo"])];
        assert_eq!(
            text(&pod(&["203.0.113.1"], "", aliases)),
            Some(format!(
                "{HEAD}203.0.113.1\tpodFoo\n\n# Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\tbaz\n\
                 456.78.90.123\tpark\tdoo\tboo\n"
            ))
        );
        let mut on_node = pod(&["203.0.113.1"], "", aliases);
        on_node.spec.host_network = true;
        assert_eq!(
            text(&on_node).as_deref(),
            Some(
                "# Kubernetes-managed hosts file (host network).\n123.45.67.89\tsome.domain\n\n\
                 # Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\tbaz\n456.78.90.123\tpark\tdoo\tboo\n"
            )
        );
        assert_eq!(text(&pod(&[], "", &[])), None);
    }
}
