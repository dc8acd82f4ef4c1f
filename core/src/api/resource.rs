//! The kinds the project knows, and reading an object of any of them.

use super::admin_network_policy::{AdminNetworkPolicy, BaselineAdminNetworkPolicy};
use super::cluster_network_policy::ClusterNetworkPolicy;
use super::decoder::{Problem, ProblemKind};
use super::endpoint_slice::EndpointSlice;
use super::endpoints::Endpoints;
use super::ingress::{Ingress, IngressClass};
use super::meta::ObjectMeta;
use super::namespace::{IPAddress, Namespace, ServiceCIDR};
use super::network_policy::NetworkPolicy;
use super::object::{Object, decode_into, encode_object, settle_object};
use super::pod::Pod;
use super::secret::Secret;
use super::service::Service;
use super::workload::Workload;
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

macro_rules! resources {
    ($( $(#[doc = $doc:literal])* $kind:ident($type:ty), $group:literal, $namespaced:literal, $whole:literal; )*) => {
        /// The kinds the project knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $( $(#[doc = $doc])* $kind, )*
        }

        /// An object of a kind the project knows.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Resource {
            $( $(#[doc = $doc])* $kind(Box<$type>), )*
        }

        impl Kind {
            /// Every kind, in the order of the declaration.
            pub const ALL: &'static [Kind] = &[$( Kind::$kind, )*];

            /// Its name: `Service`.
            pub fn name(self) -> &'static str {
                match self { $( Kind::$kind => stringify!($kind), )* }
            }

            /// Its API group: empty for the core group, `networking.k8s.io`, …
            pub fn group(self) -> &'static str {
                match self { $( Kind::$kind => $group, )* }
            }

            /// Whether its objects live in a namespace.
            pub fn is_namespaced(self) -> bool {
                match self { $( Kind::$kind => $namespaced, )* }
            }

            /// What an object of it looks like.
            pub fn shape(self) -> super::describe::Shape {
                match self { $( Kind::$kind => <$type as super::describe::Describe>::shape(), )* }
            }

            /// Whether the project knows every field of it, so that an unknown field is a finding.
            pub fn is_whole(self) -> bool {
                match self { $( Kind::$kind => $whole, )* }
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

resources! {
    /// `v1` Namespace
    Namespace(Namespace), "", false, true;
    /// `v1` Node
    Node(super::node::Node), "", false, false;
    /// `v1` Pod
    Pod(Pod), "", true, false;
    /// `v1` Service
    Service(Service), "", true, true;
    /// `v1` Endpoints
    Endpoints(Endpoints), "", true, true;
    /// `discovery.k8s.io/v1` EndpointSlice
    EndpointSlice(EndpointSlice), "discovery.k8s.io", true, true;
    /// `networking.k8s.io/v1` Ingress
    Ingress(Ingress), "networking.k8s.io", true, true;
    /// `networking.k8s.io/v1` IngressClass
    IngressClass(IngressClass), "networking.k8s.io", false, true;
    /// `networking.k8s.io/v1` NetworkPolicy
    NetworkPolicy(NetworkPolicy), "networking.k8s.io", true, true;
    /// `policy.networking.k8s.io/v1alpha1` AdminNetworkPolicy
    AdminNetworkPolicy(AdminNetworkPolicy), "policy.networking.k8s.io", false, true;
    /// `policy.networking.k8s.io/v1alpha1` BaselineAdminNetworkPolicy
    BaselineAdminNetworkPolicy(BaselineAdminNetworkPolicy), "policy.networking.k8s.io", false, true;
    /// `policy.networking.k8s.io/v1alpha2` ClusterNetworkPolicy
    ClusterNetworkPolicy(ClusterNetworkPolicy), "policy.networking.k8s.io", false, true;
    /// `networking.k8s.io/v1` IPAddress
    IPAddress(IPAddress), "networking.k8s.io", false, true;
    /// `networking.k8s.io/v1` ServiceCIDR
    ServiceCIDR(ServiceCIDR), "networking.k8s.io", false, true;
    /// `v1` Secret
    Secret(Secret), "", true, false;
    /// `apps/v1` Deployment
    Deployment(Workload), "apps", true, false;
    /// `apps/v1` StatefulSet
    StatefulSet(Workload), "apps", true, false;
    /// `apps/v1` DaemonSet
    DaemonSet(Workload), "apps", true, false;
    /// `apps/v1` ReplicaSet
    ReplicaSet(Workload), "apps", true, false;
    /// `v1` ReplicationController
    ReplicationController(Workload), "", true, false;
    /// `batch/v1` Job
    Job(Workload), "batch", true, false;
    /// `batch/v1` CronJob
    CronJob(Workload), "batch", true, false;
}

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

    /// The kind of an object by its `apiVersion` and `kind`, or nothing where it is none of the project's business. A
    /// version that is no longer served (`extensions/v1beta1` Ingress) is the same kind.
    pub fn of(api_version: &str, kind: &str) -> Option<Kind> {
        let (group, _) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let group = if group == "extensions" { "networking.k8s.io" } else { group };
        let wanted = |known: &&Kind| known.name() == kind && known.group() == group;
        let old_apps = |known: &&Kind| known.name() == kind && known.group() == "apps" && group == "networking.k8s.io";
        Kind::ALL.iter().find(wanted).or_else(|| Kind::ALL.iter().find(old_apps)).copied()
    }

    /// Whether its objects make pods.
    pub fn is_workload(self) -> bool {
        matches!(
            self,
            Kind::Deployment
                | Kind::StatefulSet
                | Kind::DaemonSet
                | Kind::ReplicaSet
                | Kind::ReplicationController
                | Kind::Job
                | Kind::CronJob
        )
    }
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
    }
}
