//! The flags that describe the cluster: the command line and the settings come in, the engine's options go out.

use crate::settings::Settings;
use clap::Args;
use ipnet::IpNet;
use portolan::api::resource::DEFAULT_NAMESPACE;
use portolan::cluster::Options;
use portolan::net::{parse_port_range, parse_range};
use std::path::PathBuf;

/// The cluster that manifests are applied to, under the names of Kubernetes' own flags.
#[derive(Args, Clone, Debug)]
pub struct ClusterFlags {
    /// Range of cluster IPs; a comma separates a second family [default: 10.0.0.0/16]
    #[arg(long, help_heading = "Cluster", value_name = "CIDR[,CIDR]", value_delimiter = ',', value_parser = parse_range)]
    pub service_cluster_ip_range: Vec<IpNet>,

    /// Range of node ports [default: 30000-32767]
    #[arg(long, help_heading = "Cluster", value_name = "FIRST-LAST", value_parser = parse_port_range)]
    pub service_node_port_range: Option<(u16, u16)>,

    /// Range from which synthetic pods get their addresses [default: 10.244.0.0/16]
    #[arg(long, help_heading = "Cluster", value_name = "CIDR[,CIDR]", value_delimiter = ',', value_parser = parse_range)]
    pub cluster_cidr: Vec<IpNet>,

    /// Domain of the cluster's DNS [default: cluster.local]
    #[arg(long, help_heading = "Cluster", value_name = "DOMAIN")]
    pub cluster_domain: Option<String>,

    /// Namespace of objects that name none [default: default]
    #[arg(short, long, help_heading = "Cluster", value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// File with settings, or `none` [default: the nearest portolan.toml at or above PATH]
    #[arg(long, help_heading = "Cluster", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ClusterFlags {
    /// The settings that apply to these paths.
    ///
    /// # Errors
    /// The file cannot be read, or has keys or values that are not understood.
    pub fn settings(&self, paths: &[PathBuf]) -> anyhow::Result<Settings> {
        Settings::find(self.config.as_deref(), paths)
    }

    /// The engine's options: the flags, and the settings where a flag is not given.
    #[must_use]
    pub fn options(&self, settings: &Settings) -> Options {
        let mut options = Options::default();
        let ranges = [&self.service_cluster_ip_range, &settings.service_cluster_ip_range];
        if let Some(ranges) = ranges.into_iter().find(|ranges| !ranges.is_empty()) {
            options.service_cluster_ip_range.clone_from(ranges);
            options.service_ranges_given = true;
        }
        if let Some(range) = self.service_node_port_range.or(settings.service_node_port_range) {
            options.service_node_port_range = range;
            options.service_ranges_given = true;
        }
        let ranges = [&self.cluster_cidr, &settings.cluster_cidr];
        if let Some(ranges) = ranges.into_iter().find(|ranges| !ranges.is_empty()) {
            options.cluster_cidr.clone_from(ranges);
        }
        if let Some(domain) = self.cluster_domain.as_ref().or(settings.cluster_domain.as_ref()) {
            options.cluster_domain.clone_from(domain);
        }
        self.namespace(settings).clone_into(&mut options.namespace);
        options
    }

    /// The namespace of objects, and of names in questions, that name none.
    #[must_use]
    pub fn namespace<'a>(&'a self, settings: &'a Settings) -> &'a str {
        self.namespace.as_deref().or(settings.namespace.as_deref()).unwrap_or(DEFAULT_NAMESPACE)
    }
}
