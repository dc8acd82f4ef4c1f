//! ING005 `same-host-and-path`: finds two Ingresses of one class with the same host, path and path type.

use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::ingress::controller::class_of;
use crate::lint::ingress_paths::look;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::sync::Arc;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let mut ingresses: Vec<(&ObjectKey, &Arc<Ingress>)> = engine.cluster().ingresses.iter().collect();
    ingresses
        .small_sort_by(|(_, one), (_, other)| one.metadata.creation_timestamp.cmp(&other.metadata.creation_timestamp));
    let mut first: BTreeMap<[String; 4], (ObjectKey, String)> = BTreeMap::new();
    for (key, ingress) in ingresses {
        // A canary is there to share its host and path.
        let is_canary =
            ingress.metadata.annotations.get("nginx.ingress.kubernetes.io/canary").is_some_and(|value| value == "true");
        if is_canary {
            continue;
        }
        let class = class_of(engine.cluster(), ingress).unwrap_or_default().to_owned();
        let mut doubled = Vec::new();
        look(ingress, &mut |host, path, kind, field| {
            let trimmed = if kind == "Prefix" && path.len() > 1 { path.trim_end_matches('/') } else { path };
            let place = [class.clone(), host.to_ascii_lowercase(), trimmed.to_owned(), kind.to_owned()];
            match first.get(&place) {
                Some((older, older_field)) if older != key => {
                    let host = if host.is_empty() { "every host" } else { host };
                    doubled.push((
                        field,
                        format!("Ingress {older} already serves {host} {path}"),
                        older.clone(),
                        older_field.clone(),
                    ));
                }
                Some(_) => {}
                None => {
                    first.insert(place, (key.clone(), field));
                }
            }
        });
        for (field, message, older, older_field) in doubled {
            report.at(Kind::Ingress, key, &field, message, "remove one of the two paths").and(
                Kind::Ingress,
                &older,
                &older_field,
                "the Ingress that serves it",
            );
        }
    }
}
