//! ING004 `expression-in-plain-path`: finds characters of a regular expression in a path of type `Prefix` or `Exact`.

use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::ingress_paths::look;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        // Told to take paths as expressions, ingress-nginx takes every path of the host so, whatever its type says.
        let annotation = |name: &str| ingress.metadata.annotations.get(&format!("nginx.ingress.kubernetes.io/{name}"));
        let is_expression = annotation("use-regex").is_some_and(|value| value == "true")
            || annotation("rewrite-target").is_some_and(|target| target.contains('$'));
        look(ingress, &mut |_, path, kind, field| {
            let plain = matches!(kind, "Prefix" | "Exact");
            let looks_like_one = path.contains(['(', ')', '[', ']', '*', '+', '?', '^', '$', '|', '\\']);
            if !plain || !looks_like_one {
                return;
            }
            if !is_expression {
                let message = format!("`{path}` is compared literally: the type {kind} knows no expressions");
                let help = "write the plain path, or use ImplementationSpecific with the controller's annotation";
                report.at(Kind::Ingress, key, &field, message, help);
                return;
            }
            let message = format!("from version 1.12, ingress-nginx refuses an expression in a path of type {kind}");
            let field = format!("{field}Type");
            report.at(Kind::Ingress, key, &field, message, "write ImplementationSpecific").fix(
                Kind::Ingress,
                key,
                &|edit| Some(vec![edit.replace(&field, Scalar::Text("ImplementationSpecific"))?]),
            );
        });
    }
}
