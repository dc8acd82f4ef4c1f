//! Kinds that the server does not have, and that were surely meant to be others: misspelt, or in the wrong group.

use crate::cluster::Source;
use crate::edit::{Editor, Scalar};
use crate::finding::{Finding, Severity};
use crate::spelling::nearest;

/// What Kubernetes v1.36.3 serves (`api/openapi-spec/swagger.json`): the version of a group that has most kinds, and the
/// kinds of the group in any version.
const SERVED: [(&str, &str); 17] = [
    (
        "v1",
        "Binding ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod PodTemplate \
         ReplicationController ResourceQuota Secret Service ServiceAccount",
    ),
    (
        "admissionregistration.k8s.io/v1",
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy \
         ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("apps/v1", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("batch/v1", "CronJob Job"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest ClusterTrustBundle PodCertificateRequest"),
    ("coordination.k8s.io/v1", "Lease LeaseCandidate"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema PriorityLevelConfiguration"),
    ("networking.k8s.io/v1", "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR"),
    ("node.k8s.io/v1", "RuntimeClass"),
    ("policy/v1", "Eviction PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole ClusterRoleBinding Role RoleBinding"),
    ("scheduling.k8s.io/v1", "PodGroup PriorityClass Workload"),
    ("storage.k8s.io/v1", "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass"),
];

/// Says that the server has no such kind, in kubectl's words, where the group is one of its own and another kind or
/// another group was meant. Kinds that nobody knows are somebody's own.
pub(super) fn unknown(api_version: &str, kind: &str, source: &Source, text: &str) -> Option<Finding> {
    let has = |kinds: &str| kinds.split(' ').any(|known| known == kind);
    let (_, kinds) = SERVED.iter().find(|(served, _)| group(served) == group(api_version))?;
    if has(kinds) {
        return None;
    }
    let message = format!("no matches for kind \"{kind}\" in version \"{api_version}\"");
    let editor = Editor::new(text, source);
    let (field, right) = match SERVED.iter().find(|(_, kinds)| has(kinds)) {
        Some((served, _)) => ("apiVersion", *served),
        None => ("kind", nearest(kind, &mut kinds.split(' '))?),
    };
    let mut finding = Finding::new("kind", Severity::Error, message, source.place_of(field));
    finding.help = Some(format!("write `{field}: {right}`"));
    finding.fix.extend(editor.replace(field, Scalar::Text(right)));
    Some(finding)
}

/// The group of an `apiVersion`, empty for the core group.
fn group(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, LoadMode, load};

    #[test]
    fn a_kind_that_was_meant_to_be_another_is_told() {
        let told = |api_version: &str, kind: &str, mode: LoadMode| {
            let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: web\n");
            let loaded = load(&[File { name: "a.yaml".into(), text: text.into() }], Options::default(), mode);
            let told = |finding: &crate::finding::Finding| {
                let fix = finding.fix.first().map(|edit| edit.text.clone()).unwrap_or_default();
                (finding.code, finding.message.clone(), finding.place.line, fix)
            };
            loaded.findings.iter().map(told).next()
        };
        let admitted = |api_version: &str, kind: &str| told(api_version, kind, LoadMode::Admitted);
        let message = "no matches for kind \"Ingres\" in version \"networking.k8s.io/v1\"";
        assert_eq!(
            admitted("networking.k8s.io/v1", "Ingres"),
            Some(("kind", message.to_owned(), 2, "Ingress".to_owned()))
        );
        let message = "no matches for kind \"Ingress\" in version \"v1\"";
        let fix = "networking.k8s.io/v1".to_owned();
        assert_eq!(admitted("v1", "Ingress"), Some(("kind", message.to_owned(), 1, fix)));
        for (api_version, kind) in [
            ("v1", "ConfigMap"),
            ("v1", "Config"),
            ("apps.example.com/v1", "Deploymnt"),
            ("policy/v1beta1", "PodSecurityPolicy"),
        ] {
            assert_eq!(admitted(api_version, kind), None, "{kind}");
        }
        assert_eq!(told("v1", "Ingress", LoadMode::Stored), None);
    }
}
