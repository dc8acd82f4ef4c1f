//! The texts of files in, a cluster out: the way every host takes manifests in.
//!
//! Either the files say what is stored already ([`LoadMode::Stored`]), or each object passes through admission in file
//! order ([`LoadMode::Admitted`]): a refused one is reported and left out, and what the author left open is allocated, the
//! same on every run. An object that was exported from a live cluster (it has a `uid` or a `resourceVersion`) counts as
//! stored either way.

mod admitted;
mod api_version;
mod fix;
mod misspelt;
mod unknown_kind;

use crate::admission::allocate::ClaimRange;
use crate::admission::allocate::cluster_ip::default_family;
use crate::admission::endpoint_slice::set_defaults_endpoint_slice;
use crate::admission::endpoints::set_defaults_endpoints;
use crate::admission::service::defaults::set_defaults_service;
use crate::admission::service::storage::default_on_read;
use crate::api::decoder::ProblemKind;
use crate::api::resource::{Kind, ObjectKey, Resource, read};
use crate::cluster::{Cluster, Location, Options, Source};
use crate::engine::Engine;
use crate::files::NonManifests;
pub use crate::files::{File, OtherPods};
use crate::finding::{Finding, Severity};
use crate::manifest::{self, NoObject};
use crate::workload::names::suffix;
use portolan_base::collections::BTreeMap;
use portolan_base::tree::{Key, Node, SyntaxError, Value};
use std::sync::Arc;

/// How objects from files are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMode {
    /// As stored: nothing is refused or allocated; what a reader of the server finds filled in is filled in.
    Stored,
    /// Through admission.
    Admitted,
}

/// A cluster made from files, and the findings of loading it.
#[derive(Debug)]
pub struct Loaded {
    /// The cluster.
    pub engine: Engine,
    /// Refusals and warnings, in file order.
    pub findings: Vec<Finding>,
    /// How many objects of the kinds that the project knows were read.
    pub objects: usize,
    /// How many of them were refused.
    pub refused: usize,
    /// How many objects of other kinds were skipped, by kind.
    pub passed_over: BTreeMap<String, usize>,
    /// The files.
    pub files: Vec<File>,
    /// The pods that those of other kinds make, as far as they say.
    pub others: Vec<OtherPods>,
    /// How the objects depend on each other.
    pub(crate) entanglement: Entanglement,
    /// The files that are not manifests.
    pub(crate) non_manifests: NonManifests,
}

/// How objects that were loaded one after the other depend on each other: a change of one may require that another is
/// loaded again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entanglement {
    /// What Services wanted and do not hold, with the Service that wanted it.
    pub(crate) claims: Vec<(ObjectKey, ClaimRange)>,
    /// Whether one object was taken for a change of another, or two hold what only one can have.
    pub(crate) has_duplicates: bool,
}

/// Takes the files in, one after the other.
pub fn load(files: &[File], options: Options, mode: LoadMode) -> Loaded {
    match mode {
        LoadMode::Stored => load_stored(files, options),
        LoadMode::Admitted => {
            let mut loader = Loader::of(Engine::new(options), files, Some(unknown_kind::unknown));
            loader.admit_all();
            loader.finish()
        }
    }
}

/// Takes the files in as stored: [`load`] for a host that never admits, whose module then holds nothing of admission but the defaults.
pub fn load_stored(files: &[File], options: Options) -> Loaded {
    let mut loader = Loader::of(Engine::new(options), files, None);
    loader.store_all();
    loader.finish()
}

/// What was met while a text was taken into a cluster that was there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Refusals and warnings, in file order.
    pub findings: Vec<Finding>,
    /// How many objects of the kinds that the project knows were read.
    pub objects: usize,
    /// How many of them were refused.
    pub refused: usize,
    /// The pods that objects of other kinds make.
    pub others: Vec<OtherPods>,
    /// How the objects hang together with those that were there.
    pub(crate) entanglement: Entanglement,
}

/// Takes one more text into a cluster that is there already: its objects take the place of those of the same name.
pub fn apply(engine: &mut Engine, file: &File, mode: LoadMode) -> Applied {
    let unknown: Option<Unknown> = match mode {
        LoadMode::Stored => None,
        LoadMode::Admitted => Some(unknown_kind::unknown),
    };
    let mut loader = Loader::of(std::mem::take(engine), std::slice::from_ref(file), unknown);
    match mode {
        LoadMode::Stored => loader.store_all(),
        LoadMode::Admitted => loader.admit_all(),
    }
    for (resource, source) in std::mem::take(&mut loader.later) {
        loader.loaded.engine.insert(resource, source);
    }
    let Loaded { engine: grown, findings, objects, refused, others, entanglement, .. } = loader.loaded;
    *engine = grown;
    Applied { findings, objects, refused, others, entanglement }
}

/// What is said of a kind that is none of the server's: `apiVersion`, `kind`, the object, the text of its file.
type Unknown = fn(&str, &str, &Source, &str) -> Option<Finding>;

/// A load under way.
struct Loader {
    loaded: Loaded,
    /// The objects that were read and wait to be loaded, in order.
    read: Vec<(Kind, Source)>,
    /// Objects without admission wait until everything is read, because the nodes decide where pods run.
    later: Vec<(Resource, Option<Source>)>,
    /// Where objects are judged, who judges a kind that nobody knows.
    unknown: Option<Unknown>,
}

impl Loader {
    /// A load into the engine, the objects of the files read.
    fn of(engine: Engine, files: &[File], unknown: Option<Unknown>) -> Self {
        let loaded = Loaded {
            engine,
            findings: Vec::new(),
            objects: 0,
            refused: 0,
            passed_over: BTreeMap::new(),
            files: files.to_vec(),
            others: Vec::new(),
            entanglement: Entanglement::default(),
            non_manifests: NonManifests::of(files),
        };
        let mut loader = Loader { loaded, read: Vec::new(), later: Vec::new(), unknown };
        for file in files {
            if loader.loaded.non_manifests.has(&file.name) {
                *loader.loaded.passed_over.entry(OF_KUSTOMIZE.to_owned()).or_default() += 1;
            } else {
                loader.file(file);
            }
        }
        loader
    }

    /// The cluster with all that was read.
    fn finish(mut self) -> Loaded {
        self.loaded.engine.insert_all(self.later);
        self.loaded
    }

    /// Reads the objects of a file.
    fn file(&mut self, file: &File) {
        for found in manifest::objects(&file.text) {
            let (code, error) = match found {
                Ok(node) if is_template(file, node.place.line) => (HELM_TEMPLATE, None),
                Ok(node) => {
                    self.object(file, node);
                    continue;
                }
                Err(NoObject::Other(what)) => (what, None),
                Err(NoObject::Unreadable(error)) if is_template(file, error.line) => (HELM_TEMPLATE, None),
                Err(NoObject::Unreadable(error)) if is_for_others(file, &error) => ("without kind", None),
                Err(NoObject::Unreadable(error)) => ("syntax", Some(error)),
                Err(NoObject::Incomplete(error)) => ("object", Some(error)),
            };
            let Some(SyntaxError { message, line, column }) = error else {
                *self.loaded.passed_over.entry(code.to_owned()).or_default() += 1;
                continue;
            };
            let place = Location { file: file.name.to_string(), line, column, field: String::new() };
            self.loaded.findings.push(Finding::new(code, Severity::Error, message, place));
        }
    }

    fn object(&mut self, file: &File, mut node: Node) {
        let text = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let namespace = &self.loaded.engine.cluster().options.namespace;
        let Some(kind) = Kind::of(&api_version, &kind) else {
            self.loaded.others.extend(OtherPods::of(&node, namespace, &file.name));
            let source = Source::new(file.name.clone(), Arc::new(node));
            match self.unknown.and_then(|unknown| unknown(&api_version, &kind, &source, &file.text)) {
                Some(finding) => self.loaded.findings.push(finding),
                None => *self.loaded.passed_over.entry(kind).or_default() += 1,
            }
            return;
        };
        self.loaded.objects += 1;
        if kind.is_namespaced() && namespace != "default" {
            put_into_metadata(&mut node, "namespace", namespace);
        }
        let source = Source::new(file.name.clone(), Arc::new(node));
        if !kind.is_served_as(&api_version) {
            self.loaded.findings.push(api_version::no_longer_served(kind, &api_version, &source, &file.text));
        }
        self.read.push((kind, source));
    }

    /// Stores what was read as it stands.
    fn store_all(&mut self) {
        for (kind, source) in std::mem::take(&mut self.read) {
            self.store(kind, source);
        }
    }

    /// Reads leniently and stores. A value of the wrong type is reported; the rest of the object is kept.
    fn store(&mut self, kind: Kind, mut source: Source) {
        if let Some(name) = generated_name(&source.node) {
            put_into_metadata(Arc::make_mut(&mut source.node), "name", &name);
        }
        let (mut resource, problems) = read(kind, &source.node);
        default_stored(&mut resource, self.loaded.engine.cluster());
        let key = resource.key();
        for problem in problems.into_iter().filter(|problem| is_telling(problem.kind)) {
            let place = Location {
                file: source.file.to_string(),
                line: problem.place.line,
                column: problem.place.column,
                field: problem.field,
            };
            let finding = Finding::new("type", Severity::Error, problem.message, place).about(kind, key.clone());
            self.loaded.findings.push(finding);
        }
        if key.name.is_empty() {
            let message = "the object has no name, and cannot be told from others";
            let finding = Finding::new("nameless", Severity::Error, message, source.place_of("metadata"));
            self.loaded.findings.push(finding.about(kind, key));
            self.loaded.refused += 1;
            return;
        }
        self.later.push((resource, Some(source)));
    }
}

/// Fills in what everybody who reads the object from the server finds filled in, whenever it was stored and by whom.
fn default_stored(resource: &mut Resource, cluster: &Cluster) {
    match resource {
        Resource::Service(service) => {
            set_defaults_service(service);
            default_on_read(service, default_family(cluster));
        }
        Resource::Endpoints(endpoints) => set_defaults_endpoints(endpoints),
        Resource::EndpointSlice(slice) => set_defaults_endpoint_slice(slice),
        _ => {}
    }
}

/// What a file is called among the kinds that a kustomization names as a patch or as settings.
const OF_KUSTOMIZE: &str = "patch or settings of kustomize";

/// What a document that waits for Helm is called among the kinds.
const HELM_TEMPLATE: &str = "Helm template";

/// Whether the document around that line (from 1) is a Helm template: it is in a folder `templates` and contains an
/// action.
fn is_template(file: &File, line: u32) -> bool {
    file.name.split('/').rev().skip(1).any(|folder| folder == "templates")
        && document(&file.text, line).any(|line| line.contains("{{"))
}

/// Whether what cannot be read is nothing that Kubernetes would be given: the YAML of a tool that takes the last of two
/// members of one name.
fn is_for_others(file: &File, error: &SyntaxError) -> bool {
    let names = ["apiVersion", "kind"];
    error.message.ends_with("already set in map")
        && !document(&file.text, error.line).any(|line| names.iter().any(|name| line.contains(name)))
}

/// The lines of the document around a line, from 1.
fn document(text: &str, line: u32) -> impl Iterator<Item = &str> {
    let is_separator = |line: &str| line.strip_prefix("---").is_some_and(|rest| rest.trim_start().is_empty());
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    let before = text.lines().take(line.saturating_sub(1)).enumerate().filter(|(_, line)| is_separator(line)).last();
    let first = before.map_or(0, |(at, _)| at.saturating_add(1));
    text.lines().skip(first).take_while(move |line| !is_separator(line))
}

/// A name for an object that leaves the end of it to the server, which draws it at random. Here it follows from what the
/// object says.
fn generated_name(node: &Node) -> Option<String> {
    let text = |name: &str| node.at(name).and_then(Node::as_str).filter(|text| !text.is_empty());
    let prefix = text("metadata.generateName").filter(|_| text("metadata.name").is_none())?;
    Some(format!("{prefix}{}", suffix(&node.to_json().to_string())))
}

/// Puts a member into the metadata of an object that does not have it.
fn put_into_metadata(node: &mut Node, name: &str, value: &str) {
    let Value::Mapping(members) = &mut node.value else { return };
    let Some((_, metadata)) = members.iter_mut().find(|(key, _)| &*key.name == "metadata") else { return };
    let place = metadata.place;
    let Value::Mapping(members) = &mut metadata.value else { return };
    if !members.iter().any(|(key, _)| &*key.name == name) {
        members.push((Key { name: name.into(), place }, Node { value: Value::String(value.into()), place }));
    }
}

fn is_telling(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Type | ProblemKind::Refused)
}

/// Whether a cluster wrote the object: it has a `uid` or a `resourceVersion`.
pub(crate) fn is_exported(node: &Node) -> bool {
    let metadata = node.get("metadata");
    let has = |name: &str| {
        metadata.and_then(|metadata| metadata.get(name)).and_then(Node::as_str).is_some_and(|text| !text.is_empty())
    };
    has("uid") || has("resourceVersion")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { name: "a.yaml".into(), text: text.into() }
    }

    fn admitted(text: &str) -> Loaded {
        load(&[file(text)], Options::default(), LoadMode::Admitted)
    }

    #[test]
    fn a_refused_object_is_reported_at_its_line_and_left_out() {
        let loaded = admitted(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n    - port: 70000\n---\n\
             apiVersion: v1\nkind: Service\nmetadata:\n  name: ok\nspec:\n  ports:\n    - port: 80\n",
        );
        assert_eq!((loaded.objects, loaded.refused), (2, 1));
        let finding = &loaded.findings[0];
        assert_eq!((finding.code, finding.place.line, finding.place.column), ("refused", 7, 13));
        assert_eq!(finding.message, "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive");
        let services = &loaded.engine.cluster().services;
        assert!(services.get("default", "web").is_none());
        assert!(services.get("default", "ok").unwrap().spec.cluster_ip.starts_with("10.0."));
    }

    #[test]
    fn what_is_no_object_is_told_and_other_kinds_are_counted() {
        let loaded = admitted(
            "a: [\n---\nkind: Service\n---\nhello: world\n---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        );
        let codes: Vec<(&str, u32)> =
            loaded.findings.iter().map(|finding| (finding.code, finding.place.line)).collect();
        assert_eq!(codes.len(), 2, "{codes:?}");
        assert_eq!((codes[0].0, codes[1]), ("syntax", ("object", 3)));
        let passed_over: Vec<(&str, usize)> =
            loaded.passed_over.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        assert_eq!(passed_over, [("ConfigMap", 1), ("without kind", 1)]);
    }

    #[test]
    fn a_last_line_without_its_end_is_read() {
        let object = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","annotations":{"a":""}}}"#;
        for size in [4096, 8192] {
            let text = object.replace(r#""a":"""#, &format!(r#""a":"{}""#, "x".repeat(size - object.len())));
            assert_eq!((text.len(), admitted(&text).objects), (size, 1));
        }
    }

    #[test]
    fn json_is_read_as_json() {
        let object =
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","annotations":{"u":"http:\/\/x"}}}"#;
        let loaded = admitted(&format!("{object}\n{}", object.replace("\"a\"", "\"b\"")));
        assert_eq!((loaded.findings, loaded.objects), (vec![], 2));
    }

    #[test]
    fn lists_are_taken_apart() {
        let loaded = admitted(
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n- apiVersion: v1\n  kind: ServiceList\n  items:\n  - metadata: {name: s, namespace: a}\n    spec: {ports: [{port: 80}]}\n",
        );
        assert_eq!((loaded.objects, loaded.refused), (2, 0), "{:?}", loaded.findings);
        assert!(loaded.engine.cluster().services.get("a", "s").is_some());
    }

    #[test]
    fn an_export_is_stored_as_it_stands() {
        let loaded = admitted(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  uid: u\nspec:\n  clusterIP: 172.20.0.9\n  ports: [{port: 80}]\n",
        );
        assert_eq!(loaded.findings, []);
        assert_eq!(loaded.engine.cluster().services.get("default", "web").unwrap().spec.cluster_ip, "172.20.0.9");
    }

    #[test]
    fn addresses_of_another_cluster_are_taken_unless_a_range_is_given() {
        let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  type: NodePort\n  clusterIP: 172.20.0.9\n  ports: [{port: 80, nodePort: 8080}]\n";
        assert_eq!(admitted(text).findings, []);
        let given = Options { service_ranges_given: true, ..Options::default() };
        let loaded = load(&[file(text)], given, LoadMode::Admitted);
        assert_eq!((loaded.refused, loaded.findings[0].place.line), (1, 7), "{:?}", loaded.findings);
    }

    #[test]
    fn an_object_without_namespace_goes_into_the_one_that_is_set() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n---\n\
                    apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: other}\nspec: {ports: [{port: 80}]}\n---\n\
                    apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
        for mode in [LoadMode::Admitted, LoadMode::Stored] {
            let options = Options { namespace: "shop".to_owned(), ..Options::default() };
            let loaded = load(&[file(text)], options, mode);
            assert_eq!(loaded.findings, []);
            let keys: Vec<String> = loaded.engine.cluster().services.iter().map(|(key, _)| key.to_string()).collect();
            assert_eq!(keys, ["other/a", "shop/a"]);
        }
    }

    #[test]
    fn what_is_stored_is_read_as_the_server_gives_it() {
        let text = "kind: Service\napiVersion: v1\nmetadata: {name: a}\nspec: {clusterIP: None, selector: {a: b}, ports: [{port: 80}]}\n";
        let loaded = load(&[file(text)], Options::default(), LoadMode::Stored);
        let service = &loaded.engine.cluster().services.get("default", "a").unwrap().spec;
        assert_eq!(service.ip_families.as_deref(), Some(&["IPv4".to_owned()][..]));
        assert_eq!(
            (service.r#type.as_str(), service.ports.as_ref().unwrap()[0].protocol.as_str()),
            ("ClusterIP", "TCP")
        );
    }

    #[test]
    fn an_old_ingress_is_converted_with_a_warning() {
        let loaded = admitted(
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata:\n  name: test\nspec:\n  backend:\n    serviceName: testsvc\n    servicePort: 80\n",
        );
        assert_eq!(loaded.findings[0].code, "version");
        let ingress = loaded.engine.cluster().ingresses.get("default", "test").unwrap();
        let backend = ingress.spec.default_backend.clone().unwrap().service.unwrap();
        assert_eq!((backend.name.as_str(), backend.port.number), ("testsvc", 80));
    }

    /// What is kept of the Services that find their range full: some ranges of claims each, however large the range is.
    #[track_caller]
    fn full(count: usize, spec: &str, room: usize, refusal: &str) {
        let object = |name: usize| {
            format!(r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"s{name}"}},"spec":{{{spec}}}}}"#)
        };
        let files: Vec<File> =
            (0..count).map(|name| File { name: "a.yaml".into(), text: object(name).into() }).collect();
        let loaded = load(&files, Options::default(), LoadMode::Admitted);
        assert_eq!((loaded.objects, loaded.refused), (count, count - room));
        let last = loaded.findings.last().unwrap();
        let name = &last.object.as_ref().unwrap().1.name;
        assert_eq!(last.message, refusal.replace("NAME", name));
        let kept = loaded.entanglement.claims.len();
        assert!(kept <= 5 * count, "{kept} ranges of claims are kept of {count} Services");
    }

    #[test]
    fn services_that_find_their_range_full_keep_little() {
        let refusal = "Internal error occurred: failed to allocate a nodePort: range is full";
        full(4_000, r#""type":"NodePort","ports":[{"port":80}]"#, 2_768, refusal);
    }

    #[test]
    fn a_text_can_be_taken_in_by_and_by() {
        let mut engine = Engine::new(Options::default());
        let text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n    - port: 80\n";
        assert_eq!(apply(&mut engine, &file(text), LoadMode::Admitted).findings, []);
        let first = engine.cluster().services.get("default", "web").unwrap().clone();
        assert_eq!(apply(&mut engine, &file(&text.replace("80", "81")), LoadMode::Admitted).findings, []);
        let second = engine.cluster().services.get("default", "web").unwrap().clone();
        assert_eq!((second.spec.ports.clone().unwrap()[0].port, &second.spec.cluster_ip), (81, &first.spec.cluster_ip));
        assert_eq!(
            engine
                .cluster()
                .source(Kind::Service, &ObjectKey::new("default", "web"))
                .unwrap()
                .place_of("spec.ports[0].port")
                .line,
            7
        );
    }
}
