//! The certificates that Contour serves `https` with (`computeSecureVirtualhosts` in `internal/dag/ingress_processor.go` and
//! `validTLSSecret` in `internal/dag/secret.go`, v1.33.8): what cannot serve takes no host from the others.

use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::ingress::lowering::Lowering;
use crate::routing::tls::Certificate;

/// Notes the certificates of all Ingresses, the older first.
pub(super) fn collect(lowering: &mut Lowering<'_>) {
    for ingress in lowering.members.clone() {
        let key = Lowering::key(&ingress);
        for (index, tls) in ingress.spec.tls.iter().flatten().enumerate() {
            // Whether the other namespace delegates its Secret is in an object that is not known here; it is taken to.
            let namespace = annotation(&ingress, "projectcontour.io/tls-cert-namespace");
            let namespace = namespace.filter(|namespace| !namespace.is_empty()).unwrap_or(key.namespace.as_str());
            let secret = ObjectKey::new(namespace, tls.secret_name.as_str());
            if let Some((reason, message)) = unfit(lowering, &secret) {
                lowering.report(reason, &key, format!("spec.tls[{index}].secretName"), message);
                continue;
            }
            let hosts = tls.hosts.as_deref().unwrap_or_default();
            if !hosts.is_empty() && has_no_version(&ingress) {
                // Contour gives up here, and on the certificates of the Ingresses that chance has put behind this one.
                let message = "the least TLS version is above the greatest".to_owned();
                lowering.report("InvalidAnnotation", &key, "metadata.annotations".to_owned(), message);
                break;
            }
            lowering.add_certificate(&Certificate { secret, kind: Kind::Ingress, object: key.clone(), index }, hosts);
        }
    }
}

fn annotation<'i>(ingress: &'i Ingress, name: &str) -> Option<&'i str> {
    ingress.metadata.annotations.get(name).map(String::as_str)
}

/// Whether no TLS version is left between the least (1.2 unless named) and the greatest (1.3 unless named).
fn has_no_version(ingress: &Ingress) -> bool {
    annotation(ingress, "projectcontour.io/tls-minimum-protocol-version") == Some("1.3")
        && annotation(ingress, "projectcontour.io/tls-maximum-protocol-version") == Some("1.2")
}

/// Why a Secret cannot serve, as far as that is known: without any Secret among the objects, each is taken to be there.
fn unfit(lowering: &Lowering<'_>, key: &ObjectKey) -> Option<(&'static str, String)> {
    if key.name.is_empty() {
        return Some(("SecretNotFound", "Contour has no certificate but those of Secrets".to_owned()));
    }
    let secrets = &lowering.cluster.secrets;
    if secrets.is_empty() {
        return None;
    }
    let Some(secret) = secrets.by_key(key) else {
        return Some(("SecretNotFound", format!("there is no Secret {key}")));
    };
    if !matches!(secret.r#type.as_str(), "" | "Opaque" | "kubernetes.io/tls") {
        return Some(("InvalidSecret", format!("Secret {key} has a type that Contour reads no certificate from")));
    }
    let has = |name: &str| secret.data.contains_key(name) || secret.string_data.contains_key(name);
    let missing = ["tls.crt", "tls.key"].into_iter().find(|name| !has(name))?;
    Some(("InvalidSecret", format!("Secret {key} has no `{missing}`")))
}
