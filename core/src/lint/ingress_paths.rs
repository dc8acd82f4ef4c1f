//! The paths of an Ingress, each with its host, its type and its field.

use crate::api::ingress::Ingress;

/// Shows every path with its host, type and field.
pub(super) fn look(ingress: &Ingress, show: &mut dyn FnMut(&str, &str, &str, String)) {
    for (rule, paths) in ingress.spec.rules.iter().flatten().enumerate() {
        for (path, entry) in paths.http.iter().flat_map(|http| http.paths.iter().flatten()).enumerate() {
            let kind = entry.path_type.as_deref().unwrap_or_default();
            show(&paths.host, &entry.path, kind, format!("spec.rules[{rule}].http.paths[{path}].path"));
        }
    }
}
