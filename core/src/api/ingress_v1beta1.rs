//! Ingress as `networking.k8s.io/v1beta1` and `extensions/v1beta1` had it, which no server has served since 1.22, and
//! its conversion to `networking.k8s.io/v1`.

use super::decoder::Problem;
use super::ingress::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend, IngressSpec,
    IngressStatus, IngressTLS, ServiceBackendPort, TypedLocalObjectReference,
};
use super::meta::{IntOrString, ObjectMeta};
use super::object::decode;
use portolan_base::tree::Node;

crate::object! {
    /// Rules that let HTTP requests from outside reach Services, as they were written before 1.19.
    pub struct OldIngress as "Ingress" {
        /// `networking.k8s.io/v1beta1` or `extensions/v1beta1`
        "apiVersion" => api_version: String [embedded "TypeMeta"];
        /// `Ingress`
        "kind" => kind: String [embedded "TypeMeta"];
        /// Name, namespace, annotations for its controller.
        "metadata" => metadata: ObjectMeta;
        /// What is wanted.
        "spec" => spec: OldIngressSpec [go "v1beta1.IngressSpec"];
        /// What is.
        "status" => status: IngressStatus [go "v1beta1.IngressStatus"];
    }

    /// What is wanted of an Ingress.
    pub struct OldIngressSpec as "IngressSpec" {
        /// The class whose controller serves it.
        "ingressClassName" => ingress_class_name: Option<String>;
        /// What serves the requests that no rule takes.
        "backend" => backend: Option<OldIngressBackend> [go "v1beta1.IngressBackend"];
        /// Hosts served with TLS, and their certificates.
        "tls" => tls: Option<Vec<IngressTLS>> [go "[]v1beta1.IngressTLS"];
        /// The rules.
        "rules" => rules: Option<Vec<OldIngressRule>> [go "[]v1beta1.IngressRule"];
    }

    /// Where a request goes: a Service or a resource.
    pub struct OldIngressBackend as "IngressBackend" {
        /// The name of a Service.
        "serviceName" => service_name: String;
        /// Its port, by number or by name.
        "servicePort" => service_port: IntOrString;
        /// An object in the Ingress's namespace that the controller knows what to do with.
        "resource" => resource: Option<TypedLocalObjectReference>;
    }

    /// The paths of one host.
    pub struct OldIngressRule as "IngressRule" {
        /// The host, `*.` before a domain for any one label, or empty for every host.
        "host" => host: String;
        /// Its paths.
        "http" => http: Option<OldHTTPIngressRuleValue> [embedded "IngressRuleValue", go "v1beta1.HTTPIngressRuleValue"];
    }

    /// A list of paths.
    pub struct OldHTTPIngressRuleValue as "HTTPIngressRuleValue" {
        /// The paths.
        "paths" => paths: Option<Vec<OldHTTPIngressPath>> [always, go "[]v1beta1.HTTPIngressPath"];
    }

    /// One path and its backend.
    pub struct OldHTTPIngressPath as "HTTPIngressPath" {
        /// The path.
        "path" => path: String;
        /// `Exact`, `Prefix` or `ImplementationSpecific`, which is what an absent one means.
        "pathType" => path_type: Option<String> [go "v1beta1.PathType"];
        /// Where its requests go.
        "backend" => backend: OldIngressBackend [always, go "v1beta1.IngressBackend"];
    }
}

/// Whether the tree says that it is an Ingress of one of the old versions.
pub fn is_old(node: &Node) -> bool {
    let version = node.get("apiVersion").and_then(Node::as_str);
    matches!(version, Some("networking.k8s.io/v1beta1" | "extensions/v1beta1"))
}

/// Reads an Ingress of an old version, leniently, and converts it.
pub fn read(node: &Node) -> (Ingress, Vec<Problem>) {
    let (old, problems) = decode::<OldIngress>(node);
    (convert(old), problems)
}

/// The Ingress of `networking.k8s.io/v1` that an old one becomes, with the default of `pathType` that only the old versions
/// had (`SetDefaults_HTTPIngressPath`, `Convert_v1beta1_IngressSpec_To_networking_IngressSpec`; `pkg/apis/networking/v1beta1`
/// and `pkg/apis/extensions/v1beta1`, Kubernetes v1.36.3).
pub fn convert(old: OldIngress) -> Ingress {
    Ingress {
        api_version: "networking.k8s.io/v1".to_owned(),
        kind: "Ingress".to_owned(),
        metadata: old.metadata,
        spec: IngressSpec {
            ingress_class_name: old.spec.ingress_class_name,
            default_backend: old.spec.backend.map(convert_backend),
            tls: old.spec.tls,
            rules: old.spec.rules.map(|rules| rules.into_iter().map(convert_rule).collect()),
        },
        status: old.status,
    }
}

fn convert_rule(old: OldIngressRule) -> IngressRule {
    let paths = |old: OldHTTPIngressRuleValue| HTTPIngressRuleValue {
        paths: old.paths.map(|paths| paths.into_iter().map(convert_path).collect()),
    };
    IngressRule { host: old.host, http: old.http.map(paths) }
}

fn convert_path(old: OldHTTPIngressPath) -> HTTPIngressPath {
    HTTPIngressPath {
        path: old.path,
        path_type: Some(old.path_type.unwrap_or_else(|| "ImplementationSpecific".to_owned())),
        backend: convert_backend(old.backend),
    }
}

/// `Convert_v1beta1_IngressBackend_To_networking_IngressBackend`: a Service where a name or a port is given.
fn convert_backend(old: OldIngressBackend) -> IngressBackend {
    let given = !old.service_name.is_empty() || old.service_port != IntOrString::Int(0);
    let port = match old.service_port {
        IntOrString::Int(number) => ServiceBackendPort { name: String::new(), number },
        IntOrString::String(name) => ServiceBackendPort { name, number: 0 },
    };
    let service = given.then_some(IngressServiceBackend { name: old.service_name, port });
    IngressBackend { service, resource: old.resource }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan_base::json;

    #[test]
    fn an_old_ingress_becomes_a_new_one() {
        let text = r#"{"apiVersion":"extensions/v1beta1","kind":"Ingress","metadata":{"name":"a"},"spec":{
            "backend":{"serviceName":"d","servicePort":"http"},
            "rules":[{"host":"x.y","http":{"paths":[
                {"path":"/","backend":{"serviceName":"s","servicePort":80}},
                {"pathType":"Exact","backend":{"resource":{"kind":"Bucket","name":"b"}}}]}}]}}"#;
        let node = json::read(text).unwrap();
        assert!(is_old(&node));
        let (ingress, problems) = read(&node);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(
            crate::api::object::encode_object(&ingress.spec).to_string(),
            r#"{"defaultBackend":{"service":{"name":"d","port":{"name":"http"}}},"rules":[{"host":"x.y","http":{"paths":[{"path":"/","pathType":"ImplementationSpecific","backend":{"service":{"name":"s","port":{"number":80}}}},{"pathType":"Exact","backend":{"resource":{"apiGroup":null,"kind":"Bucket","name":"b"}}}]}}]}"#
        );
    }
}
