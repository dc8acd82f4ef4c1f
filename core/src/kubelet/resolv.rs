//! `/etc/resolv.conf` of a pod: name servers, search list and options.

use super::{Cluster, NodeFiles, cluster_dns};
use crate::api::pod::Pod;
use std::net::IpAddr;

/// The content of `/etc/resolv.conf`, and the entries that did not fit in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolver {
    /// Name servers, at most three.
    pub nameservers: Vec<String>,
    /// Search domains, at most 32 and 2,048 characters.
    pub searches: Vec<String>,
    /// Options: `ndots:5`. In the order of the node's file, then the pod's; the kubelet's own order is by chance.
    pub options: Vec<String>,
    /// What the kubelet reports as an event: `MissingClusterDNS`, `DNSConfigForming`.
    pub warnings: Vec<String>,
}

/// The limits of `validation.MaxDNSNameservers`, `MaxDNSSearchPaths` and `MaxDNSSearchListChars`, and the length of a name.
const MAX_NAMESERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_CHARACTERS: usize = 2048;
const MAX_NAME: usize = 253;

/// What the kubelet writes for a pod. Mirrors `Configurer.GetPodDNS` (k8s.io/kubernetes/pkg/kubelet/network/dns, v1.36.3).
pub fn of_pod(cluster: &Cluster, pod: &Pod, files: &NodeFiles) -> Resolver {
    let mut resolver = Resolver::parse(&files.resolv_conf);
    let uses_host = match pod.spec.dns_policy.as_str() {
        "None" => {
            resolver = Resolver::default();
            false
        }
        "Default" => true,
        "ClusterFirst" => pod.spec.host_network,
        // ClusterFirstWithHostNet; what is not given and what is no policy count as ClusterFirst.
        "" if pod.spec.host_network => true,
        _ => false,
    };
    let servers = cluster_dns(cluster);
    if pod.spec.dns_policy != "None" && !uses_host && !servers.is_empty() {
        resolver.searches = cluster_searches(cluster, pod, resolver.searches);
        resolver.nameservers = servers;
        resolver.options = vec!["ndots:5".to_owned()];
    } else if pod.spec.dns_policy != "None" {
        if !uses_host {
            resolver.warnings.push(
                "MissingClusterDNS: kubelet does not have ClusterDNS IP configured and cannot create Pod using \
                 \"ClusterFirst\" policy. Falling back to \"Default\" policy."
                    .to_owned(),
            );
        }
        if files.resolv_conf.is_empty() {
            let node = cluster.nodes.get("", &pod.spec.node_name).map(|node| node.host_ips()).unwrap_or_default();
            let loopback = |ip: &IpAddr| if ip.is_ipv6() { "::1" } else { "127.0.0.1" }.to_owned();
            resolver.nameservers = node.iter().map(loopback).collect();
            if node.is_empty() {
                resolver.nameservers.push("127.0.0.1".to_owned());
            }
            resolver.searches = vec![".".to_owned()];
        }
    }
    if let Some(config) = &pod.spec.dns_config {
        resolver.nameservers.extend(config.nameservers.iter().cloned());
        resolver.searches.extend(config.searches.iter().cloned());
        omit_duplicates(&mut resolver.nameservers);
        omit_duplicates(&mut resolver.searches);
        // `mergeDNSOptions` writes every option anew, without the colon of an empty value.
        for option in &mut resolver.options {
            option.truncate(option.strip_suffix(':').unwrap_or(option).len());
        }
        for option in &config.options {
            let name = option.name.as_deref().unwrap_or_default();
            let text = match option.value.as_deref() {
                None | Some("") => name.to_owned(),
                Some(value) => format!("{name}:{value}"),
            };
            set_option(&mut resolver.options, text);
        }
    }
    resolver.fit_limits();
    resolver
}

/// Whether the first name server that the pod asks is the cluster's.
pub fn asks_cluster(cluster: &Cluster, resolver: &Resolver) -> bool {
    let servers = cluster_dns(cluster);
    resolver.nameservers.first().is_some_and(|first| servers.contains(first))
}

fn cluster_searches(cluster: &Cluster, pod: &Pod, host: Vec<String>) -> Vec<String> {
    let domain = cluster.options.cluster_domain.as_str();
    if domain.is_empty() {
        return host;
    }
    let namespace = super::env::namespace_of(pod);
    let mut searches = vec![format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.to_owned()];
    searches.extend(host);
    omit_duplicates(&mut searches);
    searches
}

fn omit_duplicates(list: &mut Vec<String>) {
    let mut seen = portolan_base::collections::BTreeSet::new();
    list.retain(|item| seen.insert(item.clone()));
}

/// Puts an option in place of the one of the same name.
fn set_option(options: &mut Vec<String>, option: String) {
    let name = |option: &str| option.split(':').next().unwrap_or_default().to_owned();
    match options.iter_mut().find(|known| name(known) == name(&option)) {
        Some(known) => *known = option,
        None => options.push(option),
    }
}

impl Resolver {
    /// Reads a `resolv.conf` (`parseResolvConf`): name servers add up, of the search lines the last counts, options add up
    /// by name. A `;` begins no comment.
    pub fn parse(text: &str) -> Self {
        let mut resolver = Resolver::default();
        for line in text.split('\n').map(str::trim).filter(|line| !line.starts_with('#')) {
            let mut fields = line.split_whitespace();
            match fields.next() {
                Some("nameserver") => resolver.nameservers.extend(fields.next().map(str::to_owned)),
                Some("search") => {
                    let domains = fields.filter(|domain| *domain != ".");
                    let bare = |domain: &str| domain.strip_suffix('.').unwrap_or(domain).to_owned();
                    resolver.searches = domains.map(bare).collect();
                }
                Some("options") => fields.for_each(|option| set_option(&mut resolver.options, option.to_owned())),
                _ => {}
            }
        }
        resolver
    }

    /// How many dots a name needs to be tried as it stands first: the option `ndots`, else 1. A resolver takes no more
    /// than 15.
    pub fn ndots(&self) -> usize {
        let option = self.options.iter().find_map(|option| option.strip_prefix("ndots:"));
        option.and_then(|value| value.parse::<usize>().ok()).unwrap_or(1).min(15)
    }

    /// The file's text, as container runtimes write it (containerd's CRI `ParseDNSOptions`).
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.searches.is_empty() {
            text.push_str(&format!("search {}\n", self.searches.join(" ")));
        }
        for server in &self.nameservers {
            text.push_str(&format!("nameserver {server}\n"));
        }
        if !self.options.is_empty() {
            text.push_str(&format!("options {}\n", self.options.join(" ")));
        }
        text
    }

    /// Cuts what is beyond the limits (`formDNSConfigFitsLimits`).
    fn fit_limits(&mut self) {
        if self.nameservers.len() > MAX_NAMESERVERS {
            self.nameservers.truncate(MAX_NAMESERVERS);
            self.warnings.push(format!(
                "DNSConfigForming: Nameserver limits were exceeded, some nameservers have been omitted, the applied \
                 nameserver line is: {}",
                self.nameservers.join(" ")
            ));
        }
        let before = self.searches.len();
        self.searches.truncate(MAX_SEARCHES);
        self.searches.retain(|domain| domain.len() <= MAX_NAME);
        let length =
            |searches: &[String]| searches.iter().map(String::len).sum::<usize>() + searches.len().saturating_sub(1);
        while length(&self.searches) > MAX_SEARCH_CHARACTERS {
            self.searches.pop();
        }
        if self.searches.len() < before {
            self.warnings.push(format!(
                "DNSConfigForming: Search Line limits were exceeded, some search paths have been omitted, the applied \
                 search line is: {}",
                self.searches.join(" ")
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pod::{PodDNSConfig, PodDNSConfigOption};
    use crate::cluster::Options;

    /// Facts of upstream's `TestParseResolvConf` (dns_test.go).
    #[test]
    fn a_file_is_read_as_the_kubelet_reads_it() {
        for (text, nameservers, searches, options) in [
            ("", &[][..], &[][..], &[][..]),
            (" \n", &[], &[], &[]),
            ("#nameserver 1.2.3.4\n", &[], &[], &[]),
            ("nameserver \t 1.2.3.4", &["1.2.3.4"], &[], &[]),
            ("nameserver 1.2.3.4 # comment\nnameserver 5.6.7.8", &["1.2.3.4", "5.6.7.8"], &[], &[]),
            ("search \t foo", &[], &["foo"], &[]),
            ("search foo\nsearch bar.", &[], &["bar"], &[]),
            ("search foo .\nnameserver 1.2.3.4", &["1.2.3.4"], &["foo"], &[]),
            ("options ndots:5 attempts:2\noptions ndots:3", &[], &[], &["ndots:3", "attempts:2"]),
            ("foobar\nsearch foo bar", &[], &["foo", "bar"], &[]),
        ] {
            let read = Resolver::parse(text);
            assert_eq!(read.nameservers, nameservers, "{text}");
            assert_eq!(read.searches, searches, "{text}");
            assert_eq!(read.options, options, "{text}");
        }
    }

    fn resolver(policy: &str, host_network: bool, config: Option<PodDNSConfig>) -> Resolver {
        let mut pod = Pod::default();
        pod.metadata.namespace = "ns".to_owned();
        pod.spec.dns_policy = policy.to_owned();
        pod.spec.host_network = host_network;
        pod.spec.dns_config = config;
        let resolv_conf = "nameserver 8.8.8.8\nsearch example.com cluster.local\noptions rotate\n".to_owned();
        let files = NodeFiles { resolv_conf, ..NodeFiles::default() };
        of_pod(&Cluster::new(Options::default()), &pod, &files)
    }

    fn config(nameservers: &[&str], searches: &[&str], options: &[(&str, Option<&str>)]) -> Option<PodDNSConfig> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let option = |(name, value): &(&str, Option<&str>)| PodDNSConfigOption {
            name: Some((*name).to_owned()),
            value: value.map(str::to_owned),
        };
        let options = options.iter().map(option).collect();
        Some(PodDNSConfig { nameservers: owned(nameservers), searches: owned(searches), options })
    }

    #[test]
    fn each_policy_has_its_text() {
        let cluster_first = "search ns.svc.cluster.local svc.cluster.local cluster.local example.com\n\
                             nameserver 10.0.0.10\noptions ndots:5\n";
        let of_host = "search example.com cluster.local\nnameserver 8.8.8.8\noptions rotate\n";
        assert_eq!(resolver("ClusterFirst", false, None).text(), cluster_first);
        assert_eq!(resolver("ClusterFirstWithHostNet", true, None).text(), cluster_first);
        assert_eq!(resolver("ClusterFirst", true, None).text(), of_host);
        assert_eq!(resolver("Default", false, None).text(), of_host);
        let own = config(&["1.1.1.1"], &["a.b"], &[("ndots", Some("2")), ("edns0", None)]);
        assert_eq!(
            resolver("None", false, own.clone()).text(),
            "search a.b\nnameserver 1.1.1.1\noptions ndots:2 edns0\n"
        );
        let merged = resolver("ClusterFirst", false, own);
        assert_eq!(merged.options, ["ndots:2", "edns0"]);
        assert_eq!(merged.nameservers, ["10.0.0.10", "1.1.1.1"]);
        assert_eq!(merged.ndots(), 2);
        assert_eq!(merged.searches.last().map(String::as_str), Some("a.b"));
    }

    #[test]
    fn what_is_beyond_the_limits_is_cut_and_told() {
        let many: Vec<String> = (0..40).map(|number| format!("{number}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let cut = resolver("None", false, config(&["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"], &many, &[]));
        assert_eq!((cut.nameservers.len(), cut.searches.len(), cut.warnings.len()), (3, 32, 2));
        let long = "x".repeat(254);
        let wide: Vec<String> = (0..10).map(|number| format!("{number}{}", "y".repeat(240))).collect();
        let mut wide: Vec<&str> = wide.iter().map(String::as_str).collect();
        wide.insert(0, &long);
        let cut = resolver("None", false, config(&["1.1.1.1"], &wide, &[]));
        // Eight names of 241 characters and the spaces between them are 1,935.
        assert_eq!((cut.searches.len(), cut.warnings.len()), (8, 1));
    }

    #[test]
    fn without_a_file_the_node_itself_is_asked() {
        let mut pod = Pod::default();
        pod.spec.dns_policy = "Default".to_owned();
        let files = NodeFiles { resolv_conf: String::new(), ..NodeFiles::default() };
        let resolver = of_pod(&Cluster::new(Options::default()), &pod, &files);
        assert_eq!(resolver.text(), "search .\nnameserver 127.0.0.1\n");
    }
}
