//! A warning or an error of the API server in, the edits that resolve it out, where only one edit can be meant.

use crate::admission::warnings::{Warning, WarningKind};
use crate::edit::{Editor, Scalar};
use crate::field::{Error, ErrorType};
use crate::finding::Edit;
use crate::spelling::nearest;

/// The edits that resolve a warning; none where several could be meant.
pub(super) fn for_warning(warning: &Warning, edit: &Editor<'_>) -> Vec<Edit> {
    let field = warning.field.as_str();
    let edits = || match warning.kind {
        WarningKind::Ignored => {
            let mut edits = vec![edit.remove(field)?];
            let settings = "spec.sessionAffinityConfig";
            if field == "spec.sessionAffinity" && edit.value(settings).is_some() {
                edits.push(edit.remove(settings)?);
            }
            Some(edits)
        }
        WarningKind::DeprecatedPreferClose => Some(vec![edit.replace(field, Scalar::Text("PreferSameZone"))?]),
        // Whether there is an IngressClass of the annotation's name is known when everything is loaded: `check` fixes it.
        _ => None,
    };
    edits().unwrap_or_default()
}

/// The edit that resolves an error of a field: of a fixed set of values the one that is nearly written.
pub(super) fn for_error(error: &Error, field: &str, edit: &Editor<'_>) -> Option<Edit> {
    if error.kind != ErrorType::NotSupported {
        return None;
    }
    let wrong = edit.value(field)?.as_str()?;
    let right = nearest(wrong, &mut error.supported.iter().map(String::as_str))?;
    edit.replace(field, Scalar::Text(right))
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, LoadMode, load};

    /// The text with every fix of its findings applied, and the messages of the findings of the result.
    #[track_caller]
    fn fixed(text: &str) -> (String, Vec<String>) {
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
        assert_eq!(fixed(both).1, Vec::<String>::new());
        assert_eq!(fixed(&both.replace("Name: nginx", "Name: other")).0, both.replace("Name: nginx", "Name: other"));
    }

    #[test]
    fn what_is_ignored_goes_and_what_is_one_of_few_is_spelled_so() {
        let service = |spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n{spec}  ports:\n  - port: 80\n")
        };
        let (out, left) = fixed(&service("  clusterIP: None\n  sessionAffinity: ClientIP\n"));
        assert_eq!((out, left), (service("  clusterIP: None\n"), vec![]));
        let (out, left) = fixed(&service("  trafficDistribution: PreferClose\n"));
        assert_eq!((out, left), (service("  trafficDistribution: PreferSameZone\n"), vec![]));
        let (out, left) = fixed(&service("  type: NodePorts\n"));
        assert_eq!((out, left), (service("  type: NodePort\n"), vec![]));
        let (out, left) = fixed(&service("").replace("- port: 80", "- port: 80\n    protocol: tcp"));
        assert_eq!((out, left), (service("").replace("- port: 80", "- port: 80\n    protocol: TCP"), vec![]));
    }
}
