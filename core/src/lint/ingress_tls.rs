//! Certificates that are not there.

use super::{Report, rule};
use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::spelling::nearest;

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

rule! {
    /// Finds an Ingress with TLS for a host that none of its rules serves, while none of its TLS entries is for the hosts that they do.
    ///
    /// Clients of those hosts get the controller's default certificate. A wildcard stands for exactly one label.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   tls:
    ///     - hosts: [a.exmaple.com]
    ///       secretName: web
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   tls:
    ///     - hosts: [a.example.com]
    ///       secretName: web
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    OTHER_HOST = "ING010", "tls-of-other-host", Warning, other_host
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

fn other_host(engine: &Engine, report: &mut Report<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        let entries = ingress.spec.tls.as_deref().unwrap_or_default();
        let hosts = || entries.iter().flat_map(|entry| entry.hosts.iter().flatten().map(String::as_str));
        let served: Vec<&str> = ingress
            .spec
            .rules
            .iter()
            .flatten()
            .map(|rule| rule.host.as_str())
            .filter(|host| !host.is_empty())
            .collect();
        // An entry without hosts is for all of them, and so is a rule.
        let has_rest = ingress.spec.default_backend.is_some()
            || ingress.spec.rules.iter().flatten().any(|rule| rule.host.is_empty());
        if has_rest || entries.iter().any(|entry| entry.hosts.as_ref().is_none_or(Vec::is_empty)) {
            continue;
        }
        let bare: Vec<&str> = served.iter().copied().filter(|host| !hosts().any(|tls| covers(tls, host))).collect();
        let Some(first) = bare.first() else { continue };
        for (index, entry) in entries.iter().enumerate() {
            for (at, host) in entry.hosts.iter().flatten().enumerate() {
                if served.iter().any(|known| covers(host, known) || covers(known, host)) {
                    continue;
                }
                let meant = nearest(host, &mut bare.iter().copied());
                let message = format!("no rule serves {host}, and no TLS entry is for {first}");
                let help = match meant {
                    Some(meant) => format!("write {meant}"),
                    None => "write the host of the rules".to_owned(),
                };
                let field = format!("spec.tls[{index}].hosts[{at}]");
                report
                    .at(Kind::Ingress, key, &field, message, help)
                    .mend(Kind::Ingress, key, &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant?))?]));
            }
        }
    }
}

/// Whether a certificate for one host is for the other: it is the same, or the wildcard one label up.
fn covers(tls: &str, host: &str) -> bool {
    let wildcard =
        || tls.strip_prefix("*.").is_some_and(|suffix| host.split_once('.').is_some_and(|it| it.1 == suffix));
    tls.eq_ignore_ascii_case(host) || wildcard()
}
