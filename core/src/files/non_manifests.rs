//! Files that are not manifests although they look like some: the patches and settings that a kustomization names.

use super::File;
use portolan_base::tree::Node;

/// The names that a kustomization may have in a folder: `konfig.RecognizedKustomizationFileNames` of
/// kustomize's api.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file of that name is a kustomization.
pub(crate) fn is_kustomization(name: &str) -> bool {
    NAMES.contains(&name.rsplit('/').next().unwrap_or_default())
}

/// The names of the files that kustomizations use for something other than objects.
#[derive(Debug, Default)]
pub(crate) struct NonManifests(Vec<String>);

impl NonManifests {
    /// Reads the kustomizations among the files. A file that one of them names as a resource is a manifest, even if another one
    /// names it as a patch.
    pub(crate) fn of(files: &[File]) -> Self {
        let (mut found, mut resources) = (Vec::new(), Vec::new());
        for file in files.iter().filter(|file| is_kustomization(&file.name)) {
            for document in portolan_yaml::read(&file.text).into_iter().flatten() {
                let whole = |path: &str| plain(&format!("{}/../{path}", file.name));
                found.extend(named(&document).into_iter().map(whole));
                resources.extend(texts(&document, "resources").map(whole));
            }
        }
        found.retain(|name| !resources.contains(name));
        NonManifests(found)
    }

    /// Whether the file of that name is one of them.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&plain(name))
    }
}

/// The paths in a kustomization that lead to something other than objects.
fn named(document: &Node) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for list in ["patchesStrategicMerge", "configurations", "transformers", "generators", "validators"] {
        found.extend(texts(document, list));
    }
    for list in ["patches", "patchesJson6902", "replacements"] {
        found.extend(items(document, list).iter().filter_map(|entry| text(entry, "path")));
    }
    for chart in items(document, "helmCharts") {
        found.extend(text(chart, "valuesFile"));
        found.extend(texts(chart, "additionalValuesFiles"));
    }
    for generator in ["configMapGenerator", "secretGenerator"].iter().flat_map(|list| items(document, list)) {
        let files = texts(generator, "files").map(|file| file.split_once('=').map_or(file, |(_, path)| path));
        found.extend(files);
    }
    found.extend(document.at("openapi.path").and_then(Node::as_str));
    found
}

fn items<'n>(node: &'n Node, list: &str) -> &'n [Node] {
    node.get(list).map(Node::items).unwrap_or_default()
}

fn texts<'n>(node: &'n Node, list: &str) -> impl Iterator<Item = &'n str> {
    items(node, list).iter().filter_map(Node::as_str)
}

fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    node.get(name).and_then(Node::as_str)
}

/// A path without detours: `a/./b/../c` is `a/c`.
fn plain(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for (at, step) in path.split('/').enumerate() {
        match step {
            "." => {}
            "" if at > 0 => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            _ => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_names_a_file_is_known() {
        let text = "resources: [base.yaml, ./both.yaml]\npatches:\n- path: a.yaml\n- patch: |-\n    - op: remove\n\
                    patchesStrategicMerge: [both.yaml, ../b.yaml]\npatchesJson6902: [{path: json/c.yaml}]\n\
                    configMapGenerator: [{files: [d.yaml, key=./e.yaml]}]\nhelmCharts: [{valuesFile: f.yaml, additionalValuesFiles: [g.yaml]}]\n\
                    openapi: {path: h.json}\nreplacements: [{path: i.yaml}]\n";
        let file = |name: &str| File { name: name.into(), text: text.into() };
        for folder in ["", "./", "over/lay/", "/over/lay/", "../lay/"] {
            let found = NonManifests::of(&[file(&format!("{folder}kustomization.yml"))]);
            let has = |name: &str| found.has(&plain(&format!("{folder}{name}")));
            let names =
                ["a.yaml", "../b.yaml", "json/c.yaml", "d.yaml", "e.yaml", "f.yaml", "g.yaml", "h.json", "i.yaml"];
            assert_eq!(names.map(has), [true; 9], "{folder}");
            assert_eq!(["base.yaml", "both.yaml", "kustomization.yml"].map(has), [false; 3], "{folder}");
        }
        assert!(!NonManifests::of(&[file("other.yaml")]).has("a.yaml"));
    }
}
