//! ING007 `path-shadowed`: finds a path of an Ingress that gets no request, because another path of the same host
//! matches them all first.

use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::lint::ingress_tables::tables;
use crate::lint::report::Reporter;
use crate::routing::{Entry, Origin};
use portolan_base::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for table in tables(engine) {
        // A rule may stand in a table several times; it is shadowed where none of its entries is free.
        let mut winners: BTreeMap<&Origin, Option<(&Entry, &Entry)>> = BTreeMap::new();
        for host in table.hosts() {
            for entry in host.entries().iter().filter(|entry| entry.origin.path.is_some()) {
                let winner = entry.shadowed_by.and_then(|by| host.entries().get(by));
                let by_another = winner.filter(|winner| winner.origin != entry.origin && winner.origin.path.is_some());
                let known = winners.entry(&entry.origin).or_insert(Some((entry, entry)));
                *known = match by_another {
                    Some(winner) if known.is_some() => Some((entry, winner)),
                    None if winner.is_some() => *known,
                    _ => None,
                };
            }
        }
        for (entry, winner) in winners.into_values().flatten().filter(|(entry, winner)| entry.origin != winner.origin) {
            let (origin, by) = (&entry.origin, &winner.origin);
            let is_same =
                origin.object != by.object && entry.written == winner.written && entry.path_type == winner.path_type;
            // The same path twice is another rule's to tell, and a canary is there to share.
            if is_same || is_canary(cluster, &origin.object) || is_canary(cluster, &by.object) {
                continue;
            }
            let same_ingress = origin.object == by.object;
            let whose = if same_ingress { String::new() } else { format!(" of Ingress {}", by.object) };
            let message = format!(
                "{} {} gets no requests: {} {}{whose} matches them all first",
                entry.path_type, entry.written, winner.path_type, winner.written
            );
            let severity = if entry.backend == winner.backend { Severity::Info } else { Severity::Warning };
            report
                .at(
                    Kind::Ingress,
                    &origin.object,
                    &format!("{}.path", origin.field()),
                    message,
                    "remove one of the two paths",
                )
                .weighing(severity)
                .and(Kind::Ingress, &by.object, &format!("{}.path", by.field()), "the path that matches first");
        }
    }
}

fn is_canary(cluster: &Cluster, ingress: &ObjectKey) -> bool {
    let annotation = |ingress: &Arc<Ingress>| {
        ingress.metadata.annotations.get("nginx.ingress.kubernetes.io/canary").is_some_and(|value| value == "true")
    };
    cluster.ingresses.by_key(ingress).is_some_and(annotation)
}
