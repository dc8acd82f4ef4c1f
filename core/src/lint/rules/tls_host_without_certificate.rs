//! ING015 `tls-host-without-certificate`: finds a host in `spec.tls` that gets no certificate, or one for other names.

use crate::api::ingress::{Ingress, IngressTLS};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::secret::Secret;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::controller::controller_of;
use crate::lint::ingress_controllers::is_controller;
use crate::lint::report::Reporter;
use crate::lint::tls_hosts::covers;
use crate::spelling::nearest;
use std::sync::Arc;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for (key, ingress) in cluster.ingresses.iter() {
        for (index, tls) in ingress.spec.tls.iter().flatten().enumerate() {
            if let Some(secret) = cluster.secrets.get(&key.namespace, &tls.secret_name) {
                uncovered(key, index, tls, secret, report);
            } else if tls.secret_name.is_empty() {
                unnamed(engine, key, ingress, index, tls, report);
            } else if report.context.has_files() && !is_issued(ingress) {
                missing(engine, key, index, &tls.secret_name, report);
            }
        }
    }
}

/// The hosts of an entry that the certificate of its Secret does not cover.
fn uncovered(key: &ObjectKey, index: usize, tls: &IngressTLS, secret: &Secret, report: &mut Reporter<'_>) {
    let hosts = tls.hosts.as_deref().unwrap_or_default();
    let Some(names) = crate::lint::certificate::names(secret).filter(|_| !hosts.is_empty()) else { return };
    let shown = if names.is_empty() { "no names".to_owned() } else { names.join(", ") };
    for (at, host) in hosts.iter().enumerate().filter(|(_, host)| !names.iter().any(|name| covers(name, host))) {
        let message =
            format!("the certificate in Secret {} does not cover {host}; it covers: {shown}", tls.secret_name);
        let secret = ObjectKey::new(key.namespace.as_str(), tls.secret_name.as_str());
        let field = format!("spec.tls[{index}].hosts[{at}]");
        let help = "name the Secret whose certificate covers the host";
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
    report: &mut Reporter<'_>,
) {
    let Some(host) = tls.hosts.iter().flatten().next() else { return };
    let reason = if is_issued(ingress) {
        "cert-manager has no Secret to store the certificate in"
    } else if serves_its_own(engine, ingress) {
        "ingress-nginx serves its default certificate"
    } else {
        return;
    };
    let message = format!("no Secret is named for {host}: {reason}");
    report.at(Kind::Ingress, key, &format!("spec.tls[{index}]"), message, "set `secretName`");
}

/// A Secret that is not in the files, if something suggests that it should be.
fn missing(engine: &Engine, key: &ObjectKey, index: usize, name: &str, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let (secrets, context) = (&cluster.secrets, report.context);
    let ingresses = || cluster.ingresses.in_namespace(&key.namespace);
    let entries = || ingresses().flat_map(|(_, ingress)| ingress.spec.tls.iter().flatten());
    // A Secret that another entry names is used there.
    let unused = secrets.in_namespace(&key.namespace).map(|(known, _)| known.name.as_str());
    let mut unused = unused.filter(|known| !entries().any(|entry| entry.secret_name == *known));
    let meant = nearest(name, &mut unused);
    let elsewhere = secrets.iter().find(|(known, _)| known.name == name);
    let help = match (meant, elsewhere) {
        (_, Some((known, _))) => {
            format!(
                "there is one in namespace {}, but an Ingress can only use Secrets of its own namespace",
                known.namespace
            )
        }
        (Some(meant), None) => format!("write `{meant}`"),
        (None, None) => return,
    };
    let field = format!("spec.tls[{index}].secretName");
    report.at(Kind::Ingress, key, &field, format!("no Secret `{}/{name}`", key.namespace), help).fix(
        Kind::Ingress,
        key,
        &|edit| {
            let meant = meant.filter(|_| elsewhere.is_none() && !context.is_name(name))?;
            Some(vec![edit.replace(&field, Scalar::Text(meant))?])
        },
    );
}

/// Whether cert-manager issues the certificates of the Ingress.
fn is_issued(ingress: &Ingress) -> bool {
    let asks = |name: &String| name.starts_with("cert-manager.io/") && name.ends_with("issuer");
    let annotations = &ingress.metadata.annotations;
    annotations.keys().any(asks) || annotations.get("kubernetes.io/tls-acme").is_some_and(|value| value == "true")
}

/// Whether ingress-nginx runs in the files without `--default-ssl-certificate`.
fn serves_its_own(engine: &Engine, ingress: &Ingress) -> bool {
    let cluster = engine.cluster();
    let is_nginx = controller_of(cluster, ingress) == Controller::Nginx;
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
