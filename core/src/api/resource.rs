//! The kinds the project knows, and reading an object of any of them.

use super::decoder::{Problem, ProblemKind};
use super::meta::ObjectMeta;
use super::object::{Object, decode_into, encode_object, settle_object};
use portolan_base::json::Json;
use portolan_base::text::compare;
use portolan_base::tree::Node;
use std::cmp::Ordering;

/// Names an object within its kind; the namespace is empty for kinds of cluster scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    /// The namespace, or empty.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// The namespace of objects that name none, unless a setting says otherwise (`metav1.NamespaceDefault`).
pub const DEFAULT_NAMESPACE: &str = "default";

/// The namespace, or `default` where it is empty. This is the only place that says so.
pub fn namespace_or_default(namespace: &str) -> &str {
    if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace }
}

impl ObjectKey {
    /// A key from its two parts, as they are. The namespace must be empty for kinds of cluster scope.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        ObjectKey { namespace: namespace.into(), name: name.into() }
    }

    /// The key of an object of a namespaced kind; an empty namespace is `default`. See [`Kind::key`] for any kind.
    pub fn in_namespace(namespace: &str, name: impl Into<String>) -> Self {
        ObjectKey::new(namespace_or_default(namespace), name)
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.namespace, &other.namespace).then_with(|| compare(&self.name, &other.name))
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for ObjectKey {
    /// `namespace/name`, or the name alone.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            formatter.write_str(&self.name)
        } else {
            write!(formatter, "{}/{}", self.namespace, self.name)
        }
    }
}

/// How the API serves a kind (`metav1.APIResource`).
struct Definition {
    api_version: &'static str,
    plural: &'static str,
    is_namespaced: bool,
    is_whole: bool,
    is_custom: bool,
    former_group: Option<&'static str>,
}

impl Definition {
    /// A kind whose objects live in a namespace: its `apiVersion` and its plural.
    const fn namespaced(api_version: &'static str, plural: &'static str) -> Self {
        Definition { is_namespaced: true, ..Definition::cluster_scoped(api_version, plural) }
    }

    /// A kind of cluster scope: its `apiVersion` and its plural.
    const fn cluster_scoped(api_version: &'static str, plural: &'static str) -> Self {
        let (is_namespaced, is_whole, is_custom, former_group) = (false, true, false, None);
        Definition { api_version, plural, is_namespaced, is_whole, is_custom, former_group }
    }

    /// Only some of its fields are declared, so an unknown field is not a finding.
    const fn partial(self) -> Self {
        Definition { is_whole: false, ..self }
    }

    /// A CustomResourceDefinition brings it, in the version that its implementation installs.
    const fn custom(self) -> Self {
        Definition { is_custom: true, ..self }
    }

    /// The group that served the kind before.
    const fn formerly_in(self, group: &'static str) -> Self {
        Definition { former_group: Some(group), ..self }
    }
}

/// Hands the list of kinds to a macro. To add a kind, add its line here.
///
/// A line of `objects` says, in this order: the name of the kind, the type of its objects (a file of `api` and a type in
/// it), the member of [`Cluster`](crate::cluster::Cluster) that stores them with its documentation, and how the API
/// serves the kind. The kinds of `workloads` share a type and a member. The order is the order of [`Kind`].
macro_rules! kinds {
    ($macro:ident) => {
        $macro! {
            objects {
                /// Namespaces. A namespace that only other objects name exists too, with its name as its only label.
                Namespace(namespace::Namespace) in namespaces = cluster_scoped("v1", "namespaces");
                /// Nodes.
                Node(node::Node) in nodes = cluster_scoped("v1", "nodes").partial();
                /// Pods: the stored ones, and those that the workloads create.
                Pod(pod::Pod) in pods = namespaced("v1", "pods").partial();
                /// Services.
                Service(service::Service) in services = namespaced("v1", "services");
                /// Endpoints that were written by hand.
                Endpoints(endpoints::Endpoints) in endpoints = namespaced("v1", "endpoints");
                /// EndpointSlices that were written by hand.
                EndpointSlice(endpoint_slice::EndpointSlice) in endpoint_slices =
                    namespaced("discovery.k8s.io/v1", "endpointslices");
                /// Ingresses.
                Ingress(ingress::Ingress) in ingresses =
                    namespaced("networking.k8s.io/v1", "ingresses").formerly_in("extensions");
                /// IngressClasses.
                IngressClass(ingress::IngressClass) in ingress_classes =
                    cluster_scoped("networking.k8s.io/v1", "ingressclasses");
                /// NetworkPolicies.
                NetworkPolicy(network_policy::NetworkPolicy) in network_policies =
                    namespaced("networking.k8s.io/v1", "networkpolicies").formerly_in("extensions");
                /// AdminNetworkPolicies.
                AdminNetworkPolicy(admin_network_policy::AdminNetworkPolicy) in admin_network_policies =
                    cluster_scoped("policy.networking.k8s.io/v1alpha1", "adminnetworkpolicies").custom();
                /// BaselineAdminNetworkPolicies.
                BaselineAdminNetworkPolicy(admin_network_policy::BaselineAdminNetworkPolicy)
                    in baseline_admin_network_policies =
                    cluster_scoped("policy.networking.k8s.io/v1alpha1", "baselineadminnetworkpolicies").custom();
                /// ClusterNetworkPolicies.
                ClusterNetworkPolicy(cluster_network_policy::ClusterNetworkPolicy) in cluster_network_policies =
                    cluster_scoped("policy.networking.k8s.io/v1alpha2", "clusternetworkpolicies").custom();
                /// IPAddresses that were written by hand.
                IPAddress(namespace::IPAddress) in ip_addresses =
                    cluster_scoped("networking.k8s.io/v1", "ipaddresses");
                /// ServiceCIDRs.
                ServiceCIDR(namespace::ServiceCIDR) in service_cidrs =
                    cluster_scoped("networking.k8s.io/v1", "servicecidrs");
                /// Secrets.
                Secret(secret::Secret) in secrets = namespaced("v1", "secrets").partial();
            }
            workloads {
                Deployment = namespaced("apps/v1", "deployments").partial().formerly_in("extensions");
                StatefulSet = namespaced("apps/v1", "statefulsets").partial();
                DaemonSet = namespaced("apps/v1", "daemonsets").partial().formerly_in("extensions");
                ReplicaSet = namespaced("apps/v1", "replicasets").partial().formerly_in("extensions");
                ReplicationController = namespaced("v1", "replicationcontrollers").partial();
                Job = namespaced("batch/v1", "jobs").partial();
                CronJob = namespaced("batch/v1", "cronjobs").partial();
            }
        }
    };
}
pub(crate) use kinds;

macro_rules! resources {
    (
        objects { $(
            $(#[doc = $doc:literal])*
            $object:ident($module:ident::$type:ident) in $store:ident = $made:ident($($fact:literal),*)
                $(.$more:ident($($argument:literal)?))*;
        )* }
        workloads { $(
            $workload:ident = $workload_made:ident($($workload_fact:literal),*)
                $(.$workload_more:ident($($workload_argument:literal)?))*;
        )* }
    ) => {
        resources! { @
            $( $object(super::$module::$type) = {
                Definition::$made($($fact),*)$(.$more($($argument)?))*
            } )*
            $( $workload(super::workload::Workload) = {
                Definition::$workload_made($($workload_fact),*)$(.$workload_more($($workload_argument)?))*
            } )*
        }

        impl Kind {
            /// Whether its objects make pods.
            pub fn is_workload(self) -> bool {
                matches!(self, $( Kind::$workload )|*)
            }
        }
    };
    (@ $( $kind:ident($type:ty) = $definition:block )*) => {
        /// The kinds the project knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $( #[doc = stringify!($kind)] $kind, )*
        }

        /// An object of a kind the project knows.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Resource {
            $( #[doc = concat!("An object of kind ", stringify!($kind))] $kind(Box<$type>), )*
        }

        impl Kind {
            /// Every kind, in the order of the declaration.
            pub const ALL: &'static [Kind] = &[$( Kind::$kind, )*];

            /// Its name: `Service`.
            pub fn name(self) -> &'static str {
                match self { $( Kind::$kind => stringify!($kind), )* }
            }

            fn definition(self) -> &'static Definition {
                match self { $( Kind::$kind => const { &$definition }, )* }
            }

            /// Which fields an object of it has.
            pub fn shape(self) -> super::describe::Shape {
                match self { $( Kind::$kind => <$type as super::describe::Describe>::shape(), )* }
            }
        }

        impl Resource {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $( Resource::$kind(_) => Kind::$kind, )* }
            }

            /// Its metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $( Resource::$kind(object) => &object.metadata, )* }
            }

            /// Its metadata, to change.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self { $( Resource::$kind(object) => &mut object.metadata, )* }
            }

            /// An object of that kind with nothing in it.
            pub(crate) fn empty(kind: Kind) -> Resource {
                match kind { $( Kind::$kind => Resource::$kind(Box::default()), )* }
            }

            /// The object, to read.
            pub fn object(&self) -> &dyn Object {
                match self { $( Resource::$kind(object) => &**object, )* }
            }

            /// The object, to change.
            pub(crate) fn object_mut(&mut self) -> &mut dyn Object {
                match self { $( Resource::$kind(object) => &mut **object, )* }
            }
        }
    };
}

kinds!(resources);

/// Reads an object of that kind, leniently: all that can be read, and every problem met. A problem of an unknown field is
/// told only for kinds of which every field is known. An Ingress of an old version is converted.
pub fn read(kind: Kind, node: &Node) -> (Resource, Vec<Problem>) {
    if kind == Kind::Ingress && super::ingress_v1beta1::is_old(node) {
        let (ingress, problems) = super::ingress_v1beta1::read(node);
        return (Resource::Ingress(Box::new(ingress)), problems);
    }
    let mut resource = Resource::empty(kind);
    let mut problems = decode_into(resource.object_mut(), node);
    if !kind.is_whole() {
        problems.retain(|problem| problem.kind != ProblemKind::UnknownField);
    }
    (resource, problems)
}

impl Kind {
    /// The key of an object of this kind: no namespace for kinds of cluster scope, whatever is given, and `default` for
    /// an empty one of the others.
    pub fn key(self, namespace: &str, name: impl Into<String>) -> ObjectKey {
        if self.is_namespaced() { ObjectKey::in_namespace(namespace, name) } else { ObjectKey::new("", name) }
    }

    /// Its `apiVersion`: `v1`, `networking.k8s.io/v1`. It is the one that the newest known API server serves; of a custom
    /// resource, the one whose rules the project follows.
    pub fn api_version(self) -> &'static str {
        self.definition().api_version
    }

    /// Its API group: empty for the core group, `networking.k8s.io`, …
    pub fn group(self) -> &'static str {
        split_api_version(self.api_version()).0
    }

    /// Its version: `v1`.
    pub fn version(self) -> &'static str {
        split_api_version(self.api_version()).1
    }

    /// The resource that the API serves it as, its plural in small letters: `ingresses`.
    pub fn plural(self) -> &'static str {
        self.definition().plural
    }

    /// Whether its objects live in a namespace.
    pub fn is_namespaced(self) -> bool {
        self.definition().is_namespaced
    }

    /// Whether the project knows every field of it, so that an unknown field is a finding.
    pub fn is_whole(self) -> bool {
        self.definition().is_whole
    }

    /// Whether a cluster serves the kind in that `apiVersion`. A custom resource is served in the versions that its
    /// implementation installs, so every version of its group may be.
    pub fn is_served_as(self, api_version: &str) -> bool {
        api_version == self.api_version()
            || self.definition().is_custom && split_api_version(api_version).0 == self.group()
    }

    /// The kind of an object by its `apiVersion` and `kind`, or nothing where the project does not know it. A version
    /// that is no longer served (`extensions/v1beta1` Ingress) is the same kind.
    pub fn of(api_version: &str, kind: &str) -> Option<Kind> {
        let (group, _) = split_api_version(api_version);
        let is_in = |known: Kind| known.group() == group || known.definition().former_group == Some(group);
        Kind::ALL.iter().copied().find(|known| known.name() == kind && is_in(*known))
    }
}

/// The group and the version of an `apiVersion`; the group is empty for the core group (`schema.ParseGroupVersion`).
fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.rsplit_once('/').unwrap_or(("", api_version))
}

impl Resource {
    /// Makes the object what it is after a way through the server's storage ([`settle`](super::codec::settle)).
    pub fn settle(&mut self) {
        settle_object(self.object_mut());
    }

    /// The object as JSON.
    pub fn to_json(&self) -> Json {
        encode_object(self.object())
    }

    /// Its namespace and name; a namespaced object that names no namespace is in `default`.
    pub fn key(&self) -> ObjectKey {
        let metadata = self.metadata();
        self.kind().key(&metadata.namespace, metadata.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_group_and_name() {
        assert_eq!(Kind::of("v1", "Service"), Some(Kind::Service));
        assert_eq!(Kind::of("serving.knative.dev/v1", "Service"), None);
        assert_eq!(Kind::of("extensions/v1beta1", "Ingress"), Some(Kind::Ingress));
        assert_eq!(Kind::of("extensions/v1beta1", "Deployment"), Some(Kind::Deployment));
        assert_eq!(Kind::of("apps/v1", "Deployment"), Some(Kind::Deployment));
        assert_eq!(Kind::of("discovery.k8s.io/v1beta1", "EndpointSlice"), Some(Kind::EndpointSlice));
        assert_eq!(Kind::of("extensions/v1beta1", "StatefulSet"), None);
    }

    #[test]
    fn a_plural_has_lower_case_letters_and_the_kind_in_it() {
        for kind in Kind::ALL {
            let stem = kind.name().to_ascii_lowercase();
            let stem = stem.strip_suffix('y').unwrap_or(&stem);
            assert!(kind.plural().starts_with(stem) && kind.plural().ends_with('s'), "{kind:?}: {}", kind.plural());
        }
        assert_eq!(Kind::NetworkPolicy.plural(), "networkpolicies");
    }

    #[test]
    fn one_version_is_served_and_every_version_of_a_custom_resource_may_be() {
        assert!(Kind::Ingress.is_served_as("networking.k8s.io/v1"));
        assert!(!Kind::Ingress.is_served_as("networking.k8s.io/v1beta1"));
        assert!(!Kind::Ingress.is_served_as("v1"));
        assert!(Kind::ClusterNetworkPolicy.is_served_as("policy.networking.k8s.io/v1alpha1"));
        assert_eq!((Kind::Pod.group(), Kind::Pod.version()), ("", "v1"));
        assert_eq!((Kind::Job.group(), Kind::Job.version()), ("batch", "v1"));
    }
}
