//! `/etc/resolv.conf` of a pod: name servers, search list and options.

use super::{Cluster, NodeFiles, cluster_dns};
use crate::api::pod::Pod;

/// What stands in `/etc/resolv.conf`, and what had to be left out of it.
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
            resolver.nameservers = vec!["127.0.0.1".to_owned()];
            resolver.searches = vec![".".to_owned()];
        }
    }
    if let Some(config) = &pod.spec.dns_config {
        resolver.nameservers.extend(config.nameservers.iter().cloned());
        resolver.searches.extend(config.searches.iter().cloned());
        omit_duplicates(&mut resolver.nameservers);
        omit_duplicates(&mut resolver.searches);
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
    let mut seen = std::collections::BTreeSet::new();
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
