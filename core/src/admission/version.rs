//! The version of Kubernetes that is answered for, and what differs by version, as data in one place.

/// A minor version of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// `1.36`
    pub name: &'static str,
    /// The release whose source and answers it was made from.
    pub release: &'static str,
    /// Its feature gates, as they stand when nobody sets them.
    pub gates: Gates,
}

/// The feature gates that admission asks, by their names (`k8s.io/kubernetes/pkg/features/kube_features.go`).
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
pub const V1_36: Version = Version {
    name: "1.36",
    release: "1.36.3",
    gates: Gates {
        strict_ip_cidr_validation: true,
        relaxed_service_name_validation: true,
        service_cidr_status_field_wiping: true,
    },
};

/// Every version there is, oldest first; the last is the one that is answered for.
pub const ALL: &[Version] = &[V1_36];
