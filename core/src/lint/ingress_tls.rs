//! Certificates that are not there.

use super::ingress_policy::is_controller;
use super::{Report, rule};
use crate::api::ingress::{Ingress, IngressTLS};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::secret::Secret;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::spelling::nearest;
use std::sync::Arc;

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

rule! {
    /// Finds a host of `spec.tls` that gets no certificate, or one of other names.
    ///
    /// The controller serves its own certificate then, and browsers warn. Told of: a Secret that is not there, where one of nearly that
    /// name is, or one of that name in another namespace; an entry without `secretName` where cert-manager is asked for a
    /// certificate, or ingress-nginx stands in the files without `--default-ssl-certificate`; a certificate whose names do not cover the host.
    /// That a Secret is nowhere in the files is no finding: secrets are seldom kept with manifests.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   tls:
    ///     - hosts: [web.example.com]
    ///       secretName: web-tsl
    ///   rules:
    ///     - host: web.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Secret
    /// metadata: {name: web-tls}
    /// type: kubernetes.io/tls
    /// data: {tls.crt: ZXhhbXBsZQ==, tls.key: ZXhhbXBsZQ==}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   type: ExternalName
    ///   externalName: web.example.com
    ///   ports: [{port: 80}]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   tls:
    ///     - hosts: [web.example.com]
    ///       secretName: web-tls
    ///   rules:
    ///     - host: web.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Secret
    /// metadata: {name: web-tls}
    /// type: kubernetes.io/tls
    /// data: {tls.crt: ZXhhbXBsZQ==, tls.key: ZXhhbXBsZQ==}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   type: ExternalName
    ///   externalName: web.example.com
    ///   ports: [{port: 80}]
    /// ```
    NO_CERTIFICATE = "ING015", "tls-host-without-certificate", Warning, no_certificate
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

fn no_certificate(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for (key, ingress) in cluster.ingresses.iter() {
        for (index, tls) in ingress.spec.tls.iter().flatten().enumerate() {
            if let Some(secret) = cluster.secrets.get(&key.namespace, &tls.secret_name) {
                uncovered(key, index, tls, secret, report);
            } else if tls.secret_name.is_empty() {
                unnamed(engine, key, ingress, index, tls, report);
            } else if report.shared.has_files() && !is_issued(ingress) {
                missing(engine, key, index, &tls.secret_name, report);
            }
        }
    }
}

/// The hosts of an entry that the certificate of its Secret is not for.
fn uncovered(key: &ObjectKey, index: usize, tls: &IngressTLS, secret: &Secret, report: &mut Report<'_>) {
    let hosts = tls.hosts.as_deref().unwrap_or_default();
    let Some(names) = super::certificate::names(secret).filter(|_| !hosts.is_empty()) else { return };
    let shown = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
    for (at, host) in hosts.iter().enumerate().filter(|(_, host)| !names.iter().any(|name| covers(name, host))) {
        let message = format!("the certificate in Secret {} is not for {host}: it is for {shown}", tls.secret_name);
        let secret = ObjectKey::new(key.namespace.as_str(), tls.secret_name.as_str());
        let field = format!("spec.tls[{index}].hosts[{at}]");
        let help = "name the Secret whose certificate is for the host";
        report.at(Kind::Ingress, key, &field, message, help).and(Kind::Secret, &secret, "data", "the certificate");
    }
}

/// An entry that names no Secret.
fn unnamed(
    engine: &Engine,
    key: &ObjectKey,
    ingress: &Ingress,
    index: usize,
    tls: &IngressTLS,
    report: &mut Report<'_>,
) {
    let Some(host) = tls.hosts.iter().flatten().next() else { return };
    let reason = if is_issued(ingress) {
        "cert-manager has no Secret to put the certificate into"
    } else if serves_its_own(engine, ingress) {
        "ingress-nginx serves the one it made for itself"
    } else {
        return;
    };
    let message = format!("no certificate is named for {host}: {reason}");
    report.at(Kind::Ingress, key, &format!("spec.tls[{index}]"), message, "name a Secret in secretName");
}

/// A Secret that is not in the files, where something in them says that it should be.
fn missing(engine: &Engine, key: &ObjectKey, index: usize, name: &str, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let secrets = &cluster.secrets;
    let ingresses = || cluster.ingresses.in_namespace(&key.namespace);
    let entries = || ingresses().flat_map(|(_, ingress)| ingress.spec.tls.iter().flatten());
    // One that another entry names has its use.
    let unused = secrets.in_namespace(&key.namespace).map(|(known, _)| known.name.as_str());
    let mut unused = unused.filter(|known| !entries().any(|entry| entry.secret_name == *known));
    let meant = nearest(name, &mut unused);
    let elsewhere = secrets.iter().find(|(known, _)| known.name == name);
    let help = match (meant, elsewhere) {
        (_, Some((known, _))) => {
            format!("there is one in namespace {}; an Ingress reads only those of its own", known.namespace)
        }
        (Some(meant), None) => format!("there is a Secret {meant}"),
        (None, None) => return,
    };
    let field = format!("spec.tls[{index}].secretName");
    report.at(Kind::Ingress, key, &field, format!("there is no Secret {}/{name}", key.namespace), help).mend(
        Kind::Ingress,
        key,
        &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant?))?]),
    );
}

/// Whether cert-manager is asked to make the certificates of the Ingress.
fn is_issued(ingress: &Ingress) -> bool {
    let asks = |name: &String| name.starts_with("cert-manager.io/") && name.ends_with("issuer");
    let annotations = &ingress.metadata.annotations;
    annotations.keys().any(asks) || annotations.get("kubernetes.io/tls-acme").is_some_and(|value| value == "true")
}

/// Whether ingress-nginx, as it stands in the files, has no certificate for what names none.
fn serves_its_own(engine: &Engine, ingress: &Ingress) -> bool {
    let cluster = engine.cluster();
    let class = ingress.spec.ingress_class_name.as_deref().and_then(|name| cluster.ingress_classes.get("", name));
    let is_nginx = class.is_some_and(|class| class.spec.controller == "k8s.io/ingress-nginx");
    let passes = ingress.metadata.annotations.contains_key("nginx.ingress.kubernetes.io/ssl-passthrough");
    if !is_nginx || passes {
        return false;
    }
    let arguments = |pod: &Arc<Pod>| -> Vec<String> {
        pod.spec.containers.iter().flat_map(|it| it.command.iter().chain(&it.args)).cloned().collect()
    };
    let all: Vec<Vec<String>> =
        cluster.pods.iter().filter(|(_, pod)| is_controller(pod)).map(|(_, pod)| arguments(pod)).collect();
    let is_it = |arguments: &Vec<String>| arguments.iter().any(|it| it.contains("nginx-ingress-controller"));
    let has_default = |arguments: &Vec<String>| arguments.iter().any(|it| it.contains("default-ssl-certificate"));
    all.iter().any(is_it) && !all.iter().any(has_default)
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
