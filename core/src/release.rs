//! The versions of Kubernetes that are answered for, and what differs between them: the one table that code which depends
//! on a version asks.

/// A minor version of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// `1.36`
    pub name: &'static str,
    /// The patch release whose source and answers it is made from.
    pub patch: &'static str,
    /// Its feature gates, with their default values.
    pub gates: Gates,
}

/// The feature gates that decide answers, by their names (`k8s.io/kubernetes/pkg/features/kube_features.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// `StrictIPCIDRValidation`: leading zeros, IPv4-mapped addresses and bits beyond a prefix are refused.
    pub strict_ip_cidr_validation: bool,
    /// `RelaxedServiceNameValidation`: the name of a Service may begin with a digit.
    pub relaxed_service_name_validation: bool,
    /// `ServiceCIDRStatusFieldWiping`: the status of a ServiceCIDR cannot be set through the object itself.
    pub service_cidr_status_field_wiping: bool,
}

/// Kubernetes 1.36.
pub const V1_36: Release = Release {
    name: "1.36",
    patch: "1.36.3",
    gates: Gates {
        strict_ip_cidr_validation: true,
        relaxed_service_name_validation: true,
        service_cidr_status_field_wiping: true,
    },
};

impl Release {
    /// Every known release, oldest first. The last one is the default.
    pub const ALL: &'static [Release] = &[V1_36];

    /// The release of that name, as `--kubernetes-version` gives it: `1.36`, with or without a leading `v`, and with or
    /// without a patch number.
    pub fn named(name: &str) -> Option<&'static Release> {
        let name = name.strip_prefix('v').unwrap_or(name);
        let is_meant = |release: &&Release| {
            let rest = name.strip_prefix(release.name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        Release::ALL.iter().find(is_meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_found_by_the_ways_to_write_a_version() {
        for name in ["1.36", "v1.36", "1.36.0", "v1.36.3"] {
            assert_eq!(Release::named(name), Some(&V1_36), "{name}");
        }
        for name in ["", "1.3", "1.360", "2.36", "v"] {
            assert_eq!(Release::named(name), None, "{name}");
        }
    }
}
