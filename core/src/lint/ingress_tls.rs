//! Certificates that are not there.

use super::{Report, rule};
use crate::api::resource::Kind;
use crate::engine::Engine;

rule! {
    /// Finds a `secretName` of an Ingress whose Secret is there and is no `kubernetes.io/tls`, or lacks a part of it. A Secret
    /// that is not in the files is no finding: secrets are seldom kept with manifests.
    ///
    /// The controller serves its own certificate then, and browsers warn.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: cert
    /// type: Opaque
    /// data:
    ///   cert.pem: ZXhhbXBsZQ==
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   tls:
    ///     - hosts:
    ///         - a.example.com
    ///       secretName: cert
    ///   defaultBackend:
    ///     resource:
    ///       apiGroup: example.com
    ///       kind: Bucket
    ///       name: static
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: cert
    /// type: kubernetes.io/tls
    /// data:
    ///   tls.crt: ZXhhbXBsZQ==
    ///   tls.key: ZXhhbXBsZQ==
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   tls:
    ///     - hosts:
    ///         - a.example.com
    ///       secretName: cert
    ///   defaultBackend:
    ///     resource:
    ///       apiGroup: example.com
    ///       kind: Bucket
    ///       name: static
    /// ```
    NO_SECRET = "ING006", "tls-secret-of-other-type", Warning, no_secret
}

fn no_secret(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for (key, ingress) in cluster.ingresses.iter() {
        for (index, tls) in ingress.spec.tls.iter().flatten().enumerate() {
            let Some(secret) = cluster.secrets.get(&key.namespace, &tls.secret_name) else { continue };
            let has = |name: &str| secret.data.contains_key(name) || secret.string_data.contains_key(name);
            let fault = if !has("tls.crt") || !has("tls.key") {
                Some("has no tls.crt and tls.key".to_owned())
            } else if secret.r#type != "kubernetes.io/tls" {
                let kind = if secret.r#type.is_empty() { "Opaque" } else { &secret.r#type };
                Some(format!("is of type {kind}, not kubernetes.io/tls"))
            } else {
                None
            };
            if let Some(fault) = fault {
                let message = format!("Secret {} {fault}", tls.secret_name);
                let help = "name a Secret of type kubernetes.io/tls with tls.crt and tls.key";
                report.at(Kind::Ingress, key, &format!("spec.tls[{index}].secretName"), message, help);
            }
        }
    }
}
