//! The plugin's configuration: JSON or YAML.
//!
//! | field | |
//! |---|---|
//! | `manifests` | the cluster: a text of YAML or JSON documents, or a list of texts and objects |
//! | `controller` | the controller whose behaviour the table follows, one of `Controller::ALL`; without it, the controller that owns `ingressClass`, else `spec` |
//! | `ingressClass` | the class to serve; without it, what the controller serves as it comes |
//! | `mode` | `enforce` (unless given), or `shadow`: only report what would be done |
//! | `networkPolicy` | whether NetworkPolicies decide about the client's address; `false` unless given |
//! | `explain` | whether answers carry `x-portolan-because`; `false` unless given |
//! | `cluster` | the Envoy cluster named in `x-portolan-cluster`; `{namespace}`, `{service}` and `{port}` stand for the backend's. `portolan` unless given; where it is empty, the header is not set, and Envoy's routes name the cluster, which spares every request a call |
//! | `removeHeaders` | further request headers that clients may not send |

use crate::filter::{Filter, Mode};
use portolan::cluster::Options;
use portolan::finding::Severity;
use portolan::ingress::Controller;
use portolan::load::{File, load_stored};
use portolan_base::tree::{Node, Value};

/// What is wrong with a configuration, or worth knowing of it: one line each.
pub type Diagnostics = Vec<String>;

/// Reads a configuration and compiles its table. Beside the filter come warnings.
///
/// # Errors
/// Everything that is wrong with it, with file, line and column where a manifest is.
pub fn read(text: &str) -> Result<(Filter, Diagnostics), Diagnostics> {
    let root = match portolan_yaml::read(text).into_iter().next() {
        Some(Ok(root)) => root,
        Some(Err(error)) => return Err(vec![format!("configuration:{}:{}: {error}", error.line, error.column)]),
        None => return Err(vec!["the configuration is empty".to_owned()]),
    };
    let mut reader = Reader { wrong: Vec::new() };
    let settings = reader.settings(&root);
    let files = reader.files(&root);
    if !reader.wrong.is_empty() {
        return Err(reader.wrong);
    }
    let loaded = load_stored(&files, Options::default());
    let mut warnings = Vec::new();
    let mut errors = Vec::new();
    for finding in &loaded.findings {
        let place = &finding.place;
        let line = format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.message);
        if finding.severity == Severity::Error { &mut errors } else { &mut warnings }.push(line);
    }
    if loaded.engine.cluster().ingresses.is_empty() {
        errors.push("the manifests hold no Ingress".to_owned());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let (filter, reports) = Filter::new(&settings, loaded.engine);
    warnings.extend(reports);
    Ok((filter, warnings))
}

/// What a configuration says beside its manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whose ways the table follows.
    pub controller: Controller,
    /// The class to serve.
    pub ingress_class: Option<String>,
    /// Whether requests are routed, or only watched.
    pub mode: Mode,
    /// Whether NetworkPolicies decide about the client's address.
    pub network_policy: bool,
    /// Whether answers say why.
    pub explain: bool,
    /// The Envoy cluster, with placeholders; empty where Envoy's routes name it.
    pub cluster: String,
    /// Further headers that clients may not send, in lower case.
    pub remove_headers: Vec<String>,
}

struct Reader {
    wrong: Diagnostics,
}

impl Reader {
    fn wrong(&mut self, node: &Node, message: String) {
        self.wrong.push(format!("configuration:{}:{}: {message}", node.place.line, node.place.column));
    }

    fn settings(&mut self, root: &Node) -> Settings {
        const KNOWN: &[&str] = &[
            "manifests",
            "controller",
            "ingressClass",
            "mode",
            "networkPolicy",
            "explain",
            "cluster",
            "removeHeaders",
        ];
        if !matches!(root.value, Value::Mapping(_)) {
            self.wrong(root, "the configuration has to be an object".to_owned());
        }
        for (key, node) in root.members() {
            if !KNOWN.contains(&&*key.name) {
                self.wrong(node, format!("unknown field `{}`; there are {}", key.name, KNOWN.join(", ")));
            }
        }
        let controller = self.text(root, "controller").map(|(node, name)| {
            name.parse::<Controller>().unwrap_or_else(|error| {
                self.wrong(node, error.to_string());
                Controller::default()
            })
        });
        let mode = self.text(root, "mode").map(|(node, name)| match name.as_str() {
            "enforce" => Mode::Enforce,
            "shadow" => Mode::Shadow,
            other => {
                self.wrong(node, format!("`{other}` is no mode; there are enforce, shadow"));
                Mode::Enforce
            }
        });
        let mut remove_headers = Vec::new();
        for item in root.get("removeHeaders").map(Node::items).unwrap_or_default() {
            match item.as_str() {
                Some(name) => remove_headers.push(name.to_ascii_lowercase()),
                None => self.wrong(item, "the name of a header has to be a string".to_owned()),
            }
        }
        Settings {
            controller: controller.unwrap_or_default(),
            ingress_class: self.text(root, "ingressClass").map(|(_, class)| class).filter(|class| !class.is_empty()),
            mode: mode.unwrap_or(Mode::Enforce),
            network_policy: self.flag(root, "networkPolicy"),
            explain: self.flag(root, "explain"),
            cluster: self.text(root, "cluster").map_or_else(|| "portolan".to_owned(), |(_, cluster)| cluster),
            remove_headers,
        }
    }

    fn text<'n>(&mut self, root: &'n Node, name: &str) -> Option<(&'n Node, String)> {
        let node = root.get(name).filter(|node| !node.is_null())?;
        match node.as_str() {
            Some(text) => Some((node, text.to_owned())),
            None => {
                self.wrong(node, format!("`{name}` has to be a string"));
                None
            }
        }
    }

    fn flag(&mut self, root: &Node, name: &str) -> bool {
        let Some(node) = root.get(name).filter(|node| !node.is_null()) else { return false };
        if node.as_bool().is_none() {
            self.wrong(node, format!("`{name}` has to be true or false"));
        }
        node.as_bool().unwrap_or(false)
    }

    /// The manifests as files: locations in them are reported as `manifests` or `manifests[0]`.
    fn files(&mut self, root: &Node) -> Vec<File> {
        let Some(manifests) = root.get("manifests") else {
            self.wrong(root, "the field `manifests` is missing".to_owned());
            return Vec::new();
        };
        if let Some(text) = manifests.as_str() {
            return vec![File { name: "manifests".into(), text: text.into() }];
        }
        if !matches!(manifests.value, Value::Sequence(_)) {
            self.wrong(manifests, "`manifests` has to be a text or a list".to_owned());
        }
        let file = |(index, item): (usize, &Node)| File {
            name: format!("manifests[{index}]").into(),
            text: item.as_str().map_or_else(|| item.to_json().to_string(), str::to_owned).into(),
        };
        manifests.items().iter().enumerate().map(file).collect()
    }
}
