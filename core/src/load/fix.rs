//! What the API server's own words leave no doubt about, as edits.

use crate::edit::{Editor, Scalar};
use crate::finding::Edit;
use crate::ingress::class::CLASS_ANNOTATION;
use crate::spelling::nearest;

/// What a warning is about, and the edits that mend it.
pub(super) struct Warned {
    /// The field as it is written.
    pub(super) field: String,
    pub(super) fix: Vec<Edit>,
}

/// Reads a warning of the API server.
pub(super) fn warned(warning: &str, edit: Option<&Editor<'_>>) -> Warned {
    let made = |make: &dyn Fn(&Editor<'_>) -> Option<Vec<Edit>>| edit.and_then(make).unwrap_or_default();
    if warning.contains("is deprecated, please use 'spec.ingressClassName'") {
        let field = format!("metadata.annotations[{CLASS_ANNOTATION}]");
        // Whether there is an IngressClass of that name is known when all is loaded: `check` makes the fix.
        return Warned { field, fix: Vec::new() };
    }
    let ignored = warning.split_once(" is ignored ").map(|(field, _)| field);
    if let Some(field) = ignored.filter(|field| field.starts_with("spec.")) {
        // The server spells it as Go does.
        let field = if field == "spec.SessionAffinity" { "spec.sessionAffinity" } else { field };
        let fix = made(&|edit| {
            let mut edits = vec![edit.remove(field)?];
            let goes_along = "spec.sessionAffinityConfig";
            if field == "spec.sessionAffinity" && edit.value(goes_along).is_some() {
                edits.push(edit.remove(goes_along)?);
            }
            Some(edits)
        });
        return Warned { field: field.to_owned(), fix };
    }
    if warning.contains("\"PreferClose\" is deprecated") {
        let field = "spec.trafficDistribution";
        let fix = made(&|edit| Some(vec![edit.replace(field, Scalar::Text("PreferSameZone"))?]));
        return Warned { field: field.to_owned(), fix };
    }
    Warned { field: beginning(warning).to_owned(), fix: Vec::new() }
}

/// The edits that mend a refusal of a field: of a set of values the one that was surely meant, and an annotation that says
/// what a field says already.
pub(super) fn refused(field: &str, message: &str, edit: &Editor<'_>) -> Vec<Edit> {
    let made = || {
        if let Some((_, supported)) = message.split_once("supported values: ") {
            let wrong = edit.value(field)?.as_str()?;
            let mut known = supported.split(", ").map(|value| value.trim_matches('"'));
            return Some(vec![edit.replace(field, Scalar::Text(nearest(wrong, &mut known)?))?]);
        }
        if message.contains("can not be set when the class field is also set") {
            let annotation = format!("metadata.annotations[{CLASS_ANNOTATION}]");
            let says_the_same = edit.value(&annotation)?.as_str() == edit.value("spec.ingressClassName")?.as_str();
            return Some(vec![edit.remove_or_empty(&annotation).filter(|_| says_the_same)?]);
        }
        None
    };
    made().unwrap_or_default()
}

/// The field that a warning begins with (`spec.externalIPs is deprecated …`, `metadata.x: …`), or nothing.
fn beginning(warning: &str) -> &str {
    let word = warning.split([' ', ':']).next().unwrap_or_default();
    let is_field = ["spec.", "metadata.", "subsets", "endpoints["].iter().any(|start| word.starts_with(start));
    if is_field { word } else { "" }
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, LoadMode, load};

    /// The text with every fix of what was met on the way in, and what is met then.
    #[track_caller]
    fn mended(text: &str) -> (String, Vec<String>) {
        let met = |text: &str| {
            load(&[File { name: "a.yaml".into(), text: text.into() }], Options::default(), LoadMode::Admitted).findings
        };
        let mut out = text.to_owned();
        let mut edits: Vec<_> = met(text).into_iter().flat_map(|finding| finding.fix).collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
        for edit in edits {
            out.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
        let left = met(&out).into_iter().map(|finding| finding.message).collect();
        (out, left)
    }

    #[test]
    fn an_annotation_that_says_what_the_field_says_is_removed() {
        let both = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n    kubernetes.io/ingress.class: nginx\nspec:\n  ingressClassName: nginx\n  defaultBackend: {service: {name: web, port: {number: 80}}}\n";
        assert_eq!(mended(both).1, Vec::<String>::new());
        assert_eq!(mended(&both.replace("Name: nginx", "Name: other")).0, both.replace("Name: nginx", "Name: other"));
    }

    #[test]
    fn what_is_ignored_goes_and_what_is_one_of_few_is_spelled_so() {
        let service = |spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n{spec}  ports:\n  - port: 80\n")
        };
        let (out, left) = mended(&service("  clusterIP: None\n  sessionAffinity: ClientIP\n"));
        assert_eq!((out, left), (service("  clusterIP: None\n"), vec![]));
        let (out, left) = mended(&service("  trafficDistribution: PreferClose\n"));
        assert_eq!((out, left), (service("  trafficDistribution: PreferSameZone\n"), vec![]));
        let (out, left) = mended(&service("  type: NodePorts\n"));
        assert_eq!((out, left), (service("  type: NodePort\n"), vec![]));
        let (out, left) = mended(&service("").replace("- port: 80", "- port: 80\n    protocol: tcp"));
        assert_eq!((out, left), (service("").replace("- port: 80", "- port: 80\n    protocol: TCP"), vec![]));
    }
}
