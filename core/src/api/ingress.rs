//! `networking.k8s.io/v1` Ingress and IngressClass.

use super::meta::ObjectMeta;

crate::object! {
    /// Rules that let HTTP requests from outside reach Services.
    pub struct Ingress {
        /// `networking.k8s.io/v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Ingress`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name, namespace, annotations for its controller.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: IngressSpec;
        /// What is.
        "status" => status: IngressStatus;
    }

    /// What is wanted of an Ingress.
    pub struct IngressSpec {
        /// The class whose controller serves it.
        "ingressClassName" => ingress_class_name: Option<String>;
        /// What serves the requests that no rule takes.
        "defaultBackend" => default_backend: Option<IngressBackend>;
        /// Hosts served with TLS, and their certificates.
        "tls" => tls: Option<Vec<IngressTLS>>;
        /// The rules.
        "rules" => rules: Option<Vec<IngressRule>>;
    }

    /// Where a request goes: a Service or a resource.
    pub struct IngressBackend {
        /// A Service and its port.
        "service" => service: Option<IngressServiceBackend>;
        /// An object in the Ingress's namespace that the controller knows what to do with.
        "resource" => resource: Option<TypedLocalObjectReference>;
    }

    /// A Service as a backend.
    pub struct IngressServiceBackend {
        /// Its name.
        "name" => name: String [always];
        /// Its port.
        "port" => port: ServiceBackendPort;
    }

    /// A port of a Service, by name or by number.
    pub struct ServiceBackendPort {
        /// By name.
        "name" => name: String;
        /// By number.
        "number" => number: i32;
    }

    /// A reference to an object in the same namespace (`v1.TypedLocalObjectReference`).
    pub struct TypedLocalObjectReference {
        /// Its API group; absent for the core group.
        "apiGroup" => api_group: Option<String> [always];
        /// Its kind.
        "kind" => kind: String [always];
        /// Its name.
        "name" => name: String [always];
    }

    /// Hosts served with TLS, and their certificate.
    pub struct IngressTLS {
        /// The hosts.
        "hosts" => hosts: Option<Vec<String>>;
        /// The Secret with certificate and key.
        "secretName" => secret_name: String;
    }

    /// The paths of one host.
    pub struct IngressRule {
        /// The host, `*.` before a domain for any one label, or empty for every host.
        "host" => host: String;
        /// Its paths.
        "http" => http: Option<HTTPIngressRuleValue> [embedded "IngressRuleValue"];
    }

    /// A list of paths.
    pub struct HTTPIngressRuleValue {
        /// The paths.
        "paths" => paths: Option<Vec<HTTPIngressPath>> [always];
    }

    /// One path and its backend.
    pub struct HTTPIngressPath {
        /// The path.
        "path" => path: String;
        /// `Exact`, `Prefix` or `ImplementationSpecific`.
        "pathType" => path_type: Option<String> [always, go "v1.PathType"];
        /// Where its requests go.
        "backend" => backend: IngressBackend [always];
    }

    /// What is of an Ingress.
    pub struct IngressStatus {
        /// What its load balancer reports.
        "loadBalancer" => load_balancer: IngressLoadBalancerStatus;
    }

    /// What the load balancer of an Ingress reports.
    pub struct IngressLoadBalancerStatus {
        /// The points at which it takes traffic in.
        "ingress" => ingress: Vec<IngressLoadBalancerIngress>;
    }

    /// One point at which the load balancer of an Ingress takes traffic in.
    pub struct IngressLoadBalancerIngress {
        /// Its address.
        "ip" => ip: String;
        /// Its DNS name.
        "hostname" => hostname: String;
        /// Its ports.
        "ports" => ports: Vec<IngressPortStatus>;
    }

    /// One port of the load balancer of an Ingress.
    pub struct IngressPortStatus {
        /// The port.
        "port" => port: i32 [always];
        /// The protocol.
        "protocol" => protocol: String [always, go "v1.Protocol"];
        /// What is wrong with it.
        "error" => error: Option<String>;
    }

    /// A class of Ingresses and the controller that serves it.
    pub struct IngressClass {
        /// `networking.k8s.io/v1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `IngressClass`
        "kind" => kind: String [embedded "TypeMeta"];
        /// The annotation `ingressclass.kubernetes.io/is-default-class` makes it the default.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: IngressClassSpec;
    }

    /// What is wanted of an IngressClass.
    pub struct IngressClassSpec {
        /// The controller, a path under a domain: `acme.io/ingress-controller`.
        "controller" => controller: String;
        /// An object with further settings.
        "parameters" => parameters: Option<IngressClassParametersReference>;
    }

    /// The object with an IngressClass's further settings.
    pub struct IngressClassParametersReference {
        /// Its API group.
        "apiGroup" => api_group: Option<String>;
        /// Its kind.
        "kind" => kind: String [always];
        /// Its name.
        "name" => name: String [always];
        /// `Cluster` or `Namespace`.
        "scope" => scope: Option<String> [always];
        /// Its namespace, where the scope is `Namespace`.
        "namespace" => namespace: Option<String>;
    }
}
