//! Everything there is to say about files: loaded files in; the findings of loading and of the rules out, without those that
//! comments suppress. `check`, the language server, the page and the bindings all call this.

use crate::edit::{Editor, Scalar};
use crate::engine::Engine;
use crate::files::{File, OtherPods};
use crate::finding::{Edit, Finding};
use crate::ingress::class::CLASS_ANNOTATION;
use crate::lint::{Checked, check_files};
use crate::load::Loaded;
use crate::suppression::suppress;
use portolan_base::collections::BTreeMap;

impl Loaded {
    /// Every finding of loading and of the rules, without those that a comment suppresses.
    pub fn check(&self) -> Vec<Finding> {
        self.checked().findings
    }

    /// The same, with the number of references that could not be checked, because they may be defined in other files.
    pub fn checked(&self) -> Checked {
        check(&self.engine, self.findings.clone(), &self.files, &self.others)
    }
}

/// Checks a cluster that was loaded from files.
///
/// `loading` are the findings of loading, which come first in the result; `others` the pods of objects of unknown kinds.
pub fn check(engine: &Engine, loading: Vec<Finding>, files: &[File], others: &[OtherPods]) -> Checked {
    let Checked { findings, elsewhere } = check_files(engine, files, others);
    let mut all = loading;
    if all.iter().any(is_about_class_annotation) {
        let texts: BTreeMap<&str, &str> = files.iter().map(|file| (&*file.name, &*file.text)).collect();
        for finding in all.iter_mut().filter(|finding| is_about_class_annotation(finding)) {
            finding.fix = class_field_for_annotation(finding, engine, &texts).unwrap_or_default();
        }
    }
    all.extend(findings);
    Checked { findings: suppress(all, files), elsewhere }
}

/// Classes of GKE's controller, which reads the annotation only. It ignores an Ingress with `spec.ingressClassName`.
const ANNOTATION_ONLY: [&str; 2] = ["gce", "gce-internal"];

/// Whether a finding is the API server's warning about the annotation `kubernetes.io/ingress.class`.
fn is_about_class_annotation(finding: &Finding) -> bool {
    let annotation = || finding.place.field.strip_prefix("metadata.annotations[")?.strip_suffix(']');
    finding.code == "warning" && annotation() == Some(CLASS_ANNOTATION)
}

/// The edits that write the field `spec.ingressClassName` in place of the annotation. The field names an IngressClass, so
/// there are none if the files hold no IngressClass of that name.
fn class_field_for_annotation(finding: &Finding, engine: &Engine, texts: &BTreeMap<&str, &str>) -> Option<Vec<Edit>> {
    let (kind, key) = finding.object.as_ref()?;
    let source = engine.cluster().source(*kind, key)?;
    let editor = Editor::new(texts.get(&*source.file)?, source);
    let class = editor.value(&finding.place.field)?.as_str()?;
    engine.cluster().ingress_classes.get("", class).filter(|_| !ANNOTATION_ONLY.contains(&class))?;
    let insert = editor.insert("spec", "ingressClassName", Scalar::Text(class))?;
    Some(vec![editor.remove_or_empty(&finding.place.field)?, insert])
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::finding::Edit;
    use crate::load::{File, LoadMode, load};

    const CLASS: &str = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\nspec: {controller: k8s.io/ingress-nginx}\n";
    const INGRESS: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n    kubernetes.io/ingress.class: nginx\nspec:\n  defaultBackend: {service: {name: web, port: {number: 80}}}\n";

    /// The text of a file with the fixes of its warnings, where the classes are in another file.
    fn fixed(ingress: &str, classes: &str) -> String {
        let file = |name: &str, text: &str| File { name: name.into(), text: text.into() };
        let files = [file("ingress.yaml", ingress), file("classes.yaml", classes)];
        let findings = load(&files, Options::default(), LoadMode::Admitted).check();
        let warnings: Vec<_> = findings.into_iter().filter(|finding| finding.code == "warning").collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let mut edits: Vec<Edit> = warnings.into_iter().flat_map(|finding| finding.fix).collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
        let mut text = ingress.to_owned();
        for edit in edits {
            text.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
        text
    }

    #[test]
    fn the_old_annotation_becomes_the_field_if_there_is_such_a_class() {
        let with_field = INGRESS
            .replace("  annotations:\n    kubernetes.io/ingress.class: nginx\n", "")
            .replace("spec:\n", "spec:\n  ingressClassName: nginx\n");
        assert_eq!(fixed(INGRESS, CLASS), with_field);
        let json = r#"{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","annotations":{"kubernetes.io/ingress.class":"nginx"}},"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}}}"#;
        assert!(fixed(json, CLASS).contains("\"ingressClassName\""));
    }

    #[test]
    fn the_old_annotation_stays_if_there_is_no_such_class_or_only_the_annotation_is_read() {
        assert_eq!(fixed(INGRESS, ""), INGRESS);
        assert_eq!(fixed(INGRESS, &CLASS.replace("nginx}", "other}")), INGRESS);
        let gce = INGRESS.replace("nginx", "gce");
        assert_eq!(fixed(&gce, &CLASS.replace("nginx}", "gce}")), gce);
    }
}
