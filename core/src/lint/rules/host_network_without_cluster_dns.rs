//! DNS003 `host-network-without-cluster-dns`: finds a pod with `hostNetwork: true` that uses the name of a Service but
//! not the cluster's DNS.

use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::context::PodTemplate;
use crate::lint::report::Reporter;
use crate::lint::service_names::{names, settings};
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let domain = &engine.cluster().options.cluster_domain;
    let mut reported = BTreeSet::new();
    settings(report.context, &mut |&PodTemplate { kind, object: key, template, pod }, field, text| {
        let asks_node = pod.spec.host_network && matches!(pod.spec.dns_policy.as_str(), "" | "ClusterFirst");
        if !asks_node || !text.contains(".svc") || reported.contains(&(kind, key)) {
            return;
        }
        let Some(named) = names(text, &key.namespace, domain).into_iter().find(|named| named.full) else { return };
        reported.insert((kind, key));
        let message = format!("{} does not resolve: a pod with hostNetwork uses the node's resolver", named.text);
        let policy = format!("{template}spec.dnsPolicy");
        let help = "write `dnsPolicy: ClusterFirstWithHostNet`";
        report.at(kind, key, &policy, message, help).and(kind, key, &field(), "the name").fix(kind, key, &|edit| {
            let value = Scalar::Text("ClusterFirstWithHostNet");
            Some(vec![match edit.value(&policy) {
                Some(_) => edit.replace(&policy, value)?,
                None => edit.insert(policy.strip_suffix(".dnsPolicy")?, "dnsPolicy", value)?,
            }])
        });
    });
}
