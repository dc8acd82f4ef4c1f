//! `v1` Namespace, and the two networking kinds of cluster scope: IPAddress and ServiceCIDR.

use super::meta::{Condition, ObjectMeta, Time};

crate::object! {
    /// A scope for names.
    pub struct Namespace {
        /// `v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Namespace`
        "kind" => kind: String [embedded "TypeMeta"];
        /// The label `kubernetes.io/metadata.name` always carries its name.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: NamespaceSpec;
        /// What is.
        "status" => status: NamespaceStatus;
    }

    /// What is wanted of a Namespace.
    pub struct NamespaceSpec {
        /// What must be done before it is gone.
        "finalizers" => finalizers: Option<Vec<String>> [go "[]v1.FinalizerName"];
    }

    /// What is of a Namespace.
    pub struct NamespaceStatus {
        /// `Active` or `Terminating`.
        "phase" => phase: String [go "v1.NamespacePhase"];
        /// Conditions.
        "conditions" => conditions: Vec<NamespaceCondition>;
    }

    /// A condition of a Namespace.
    pub struct NamespaceCondition {
        /// Its type.
        "type" => r#type: String [always, go "v1.NamespaceConditionType"];
        /// `True`, `False` or `Unknown`.
        "status" => status: String [always, go "v1.ConditionStatus"];
        /// When the status last changed.
        "lastTransitionTime" => last_transition_time: Option<Time>;
        /// Why, in one word.
        "reason" => reason: String;
        /// Why, for people.
        "message" => message: String;
    }

    /// A cluster IP that is taken; its name is the address.
    pub struct IPAddress {
        /// `networking.k8s.io/v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `IPAddress`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Its name is the address in canonical form.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: IPAddressSpec;
    }

    /// Who holds an IPAddress.
    pub struct IPAddressSpec {
        /// The object that holds it.
        "parentRef" => parent_ref: Option<ParentReference>;
    }

    /// The object that holds an IPAddress.
    pub struct ParentReference {
        /// Its API group.
        "group" => group: String;
        /// Its resource.
        "resource" => resource: String;
        /// Its namespace.
        "namespace" => namespace: String;
        /// Its name.
        "name" => name: String;
    }

    /// Ranges that cluster IPs are taken from.
    pub struct ServiceCIDR {
        /// `networking.k8s.io/v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `ServiceCIDR`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name and labels.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: ServiceCIDRSpec;
        /// What is.
        "status" => status: ServiceCIDRStatus;
    }

    /// What is wanted of a ServiceCIDR.
    pub struct ServiceCIDRSpec {
        /// The ranges, at most one a family.
        "cidrs" => cidrs: Option<Vec<String>>;
    }

    /// What is of a ServiceCIDR.
    pub struct ServiceCIDRStatus {
        /// Conditions.
        "conditions" => conditions: Vec<Condition>;
    }
}
