//! ING006 `tls-secret-of-other-type`: finds a `secretName` of an Ingress whose Secret is not of type
//! `kubernetes.io/tls`, or has no certificate or key.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
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
