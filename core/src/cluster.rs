//! The stored objects of a cluster, by kind and name: a change in, the new cluster out.
//!
//! Nothing is computed here. The modules that use it (endpoints, proxy, dns, ingress, policy) compile what they need from
//! a cluster. It keeps the location of each object in its file, so that an answer can point at the line.

use crate::api::object::Object;
use crate::api::resource::{DEFAULT_NAMESPACE, Kind, ObjectKey, Resource, kinds};
use crate::api::workload::Workload;
use crate::net::{InvalidRange, parse_port_range, parse_ranges};
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use portolan_base::tree::Node;
use std::sync::Arc;

/// What is set for the whole cluster, in the words of its components' flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `--service-cluster-ip-range`: one range, or one a family.
    pub service_cluster_ip_range: Vec<IpNet>,
    /// `--service-node-port-range`: first and last.
    pub service_node_port_range: (u16, u16),
    /// `--cluster-domain`
    pub cluster_domain: String,
    /// Whether a range of cluster IPs or node ports was given. Where none was, files that name addresses of another
    /// cluster's ranges are taken at their word.
    pub service_ranges_given: bool,
    /// `--cluster-cidr`: the ranges from which synthetic pods get their addresses, at most one for each family.
    pub cluster_cidr: Vec<IpNet>,
    /// The namespace that objects from files belong to which name none: `kubectl`'s `--namespace`.
    pub namespace: String,
}

impl Default for Options {
    /// `10.0.0.0/16`, `30000-32767`, `cluster.local`, `10.244.0.0/16` and `fd00:10:244::/64`, `default`.
    fn default() -> Self {
        let range = |a, b| IpNet::new_assert(std::net::IpAddr::from([a, b, 0, 0]), 16);
        let pods_v6 = IpNet::new_assert(std::net::IpAddr::from([0xfd00, 0x10, 0x244, 0, 0, 0, 0, 0]), 64);
        Options {
            service_cluster_ip_range: vec![range(10, 0)],
            service_node_port_range: (30000, 32767),
            cluster_domain: "cluster.local".to_owned(),
            service_ranges_given: false,
            cluster_cidr: vec![range(10, 244), pods_v6],
            namespace: DEFAULT_NAMESPACE.to_owned(),
        }
    }
}

/// The options as a host has them: the texts of flags, settings or members, where they are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OptionTexts<'t> {
    /// `--service-cluster-ip-range`
    pub service_cluster_ip_range: Option<&'t str>,
    /// `--service-node-port-range`
    pub service_node_port_range: Option<&'t str>,
    /// `--cluster-cidr`
    pub cluster_cidr: Option<&'t str>,
    /// `--cluster-domain`
    pub cluster_domain: Option<&'t str>,
}

impl Options {
    /// The options that these texts give; the defaults where a text is missing.
    ///
    /// # Errors
    /// The flag, without `--`, whose text is not a range, and why.
    pub fn parse(texts: &OptionTexts<'_>) -> Result<Options, (&'static str, InvalidRange)> {
        let mut options = Options::default();
        if let Some(text) = texts.service_cluster_ip_range {
            let ranges = parse_ranges(text).map_err(|error| ("service-cluster-ip-range", error))?;
            options.service_cluster_ip_range = ranges;
        }
        if let Some(text) = texts.service_node_port_range {
            let range = parse_port_range(text).map_err(|error| ("service-node-port-range", error))?;
            options.service_node_port_range = range;
        }
        options.service_ranges_given =
            texts.service_cluster_ip_range.is_some() || texts.service_node_port_range.is_some();
        if let Some(text) = texts.cluster_cidr {
            options.cluster_cidr = parse_ranges(text).map_err(|error| ("cluster-cidr", error))?;
        }
        if let Some(domain) = texts.cluster_domain {
            domain.clone_into(&mut options.cluster_domain);
        }
        Ok(options)
    }
}

/// Where an object comes from: a file and the object's tree in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The file's name, as given.
    pub file: Arc<str>,
    /// The object's tree as it was read, with the place of every field.
    pub node: Arc<Node>,
    /// How many lines and bytes further down it stands by now.
    moved: (i64, i64),
}

/// A place in somebody's file, as answers carry it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file's name.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The field's path.
    pub field: String,
}

impl Source {
    /// An object that stands where its tree says.
    pub fn new(file: Arc<str>, node: Arc<Node>) -> Self {
        Source { file, node, moved: (0, 0) }
    }

    /// The object's tree with the places as they are by now.
    pub fn tree(&self) -> Arc<Node> {
        let mut node = Arc::clone(&self.node);
        if self.moved != (0, 0) {
            Arc::make_mut(&mut node).shift(self.moved.0, self.moved.1);
        }
        node
    }

    /// The byte of its file that it begins at.
    pub fn start(&self) -> usize {
        self.node.place.moved(self.moved.0, self.moved.1).start as usize
    }

    /// Where that field of the object stands.
    pub fn place_of(&self, field: &str) -> Location {
        self.place_at(field.to_owned())
    }

    /// The line and the column of that field, both from 1.
    pub fn line_and_column(&self, field: &str) -> (u32, u32) {
        let place = self.node.place_of(field).moved(self.moved.0, self.moved.1);
        (place.line, place.column)
    }

    /// The same for a path that is not needed any more.
    pub fn place_at(&self, field: String) -> Location {
        let (line, column) = self.line_and_column(&field);
        Location { file: self.file.to_string(), line, column, field }
    }
}

/// The objects of one kind.
#[derive(Clone, Debug)]
pub struct Store<T> {
    objects: BTreeMap<ObjectKey, Arc<T>>,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Store { objects: BTreeMap::new() }
    }
}

impl<T: Object> Store<T> {
    /// Shows every object, by namespace and name.
    fn each<'c>(&'c self, show: &mut dyn FnMut(&'c ObjectKey, &'c dyn Object)) {
        for (key, object) in self.iter() {
            show(key, &**object);
        }
    }
}

impl<T> Store<T> {
    /// The object of that namespace (empty for kinds of cluster scope) and name.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&Arc<T>> {
        self.objects.get(&ObjectKey::new(namespace, name))
    }

    /// The object of that key.
    pub fn by_key(&self, key: &ObjectKey) -> Option<&Arc<T>> {
        self.objects.get(key)
    }

    /// The object of that key, beside the key as the store has it.
    pub fn entry(&self, key: &ObjectKey) -> Option<(&ObjectKey, &Arc<T>)> {
        self.objects.get_key_value(key)
    }

    /// Every object, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, &Arc<T>)> {
        self.objects.iter()
    }

    /// The objects of one namespace, by name.
    pub fn in_namespace<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = (&'a ObjectKey, &'a Arc<T>)> {
        self.objects.range(ObjectKey::new(namespace, "")..).take_while(move |(key, _)| key.namespace == namespace)
    }

    /// The first object of a namespace, by name.
    pub fn first_of(&self, namespace: &str) -> Option<(&ObjectKey, &Arc<T>)> {
        let first = self.objects.range(ObjectKey::new(namespace, "")..).next();
        first.filter(|(key, _)| key.namespace == namespace)
    }

    /// The namespaces that have an object, by name.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        let mut next = self.objects.keys().next();
        std::iter::from_fn(move || {
            let here = next?;
            // The name that comes right after this one.
            let beyond = ObjectKey::new(format!("{}\0", here.namespace), "");
            next = self.objects.range(beyond..).next().map(|(key, _)| key);
            Some(here.namespace.as_str())
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Puts an object in; gives the one it takes the place of.
    pub fn insert(&mut self, key: ObjectKey, object: Arc<T>) -> Option<Arc<T>> {
        self.objects.insert(key, object)
    }

    /// Takes an object out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Arc<T>> {
        self.objects.remove(key)
    }

    /// Stores the object of that key that another store has, without copying it. Returns whether it was there.
    fn pass(&mut self, from: &Store<T>, key: &ObjectKey) -> bool {
        let Some(object) = from.by_key(key) else { return false };
        self.insert(key.clone(), Arc::clone(object));
        true
    }

    /// A copy of the object of that key.
    fn copy(&self, key: &ObjectKey) -> Option<Box<T>>
    where
        T: Clone,
    {
        self.by_key(key).map(|object| Box::new(T::clone(object)))
    }
}

/// Makes the cluster from the list of kinds: a store for each kind, and what is done with a store by kind.
macro_rules! cluster {
    (
        objects { $(
            $(#[doc = $doc:literal])*
            $kind:ident($module:ident::$type:ident) in $store:ident = $made:ident $facts:tt $(.$more:ident $argument:tt)*;
        )* }
        workloads { $( $workload:ident = $workload_made:ident $workload_facts:tt $(.$workload_more:ident $workload_argument:tt)*; )* }
    ) => {
        /// The stored objects of a cluster.
        #[derive(Clone, Debug, Default)]
        pub struct Cluster {
            /// What is set for the whole cluster.
            pub options: Options,
            $( $(#[doc = $doc])* pub $store: Store<crate::api::$module::$type>, )*
            /// The objects that create pods, by kind.
            pub workloads: BTreeMap<Kind, Store<Workload>>,
            sources: BTreeMap<Kind, BTreeMap<ObjectKey, Source>>,
        }

        impl Cluster {
            /// Stores the object in the place of the one of the same kind and key.
            fn put(&mut self, kind: Kind, key: ObjectKey, resource: Resource) {
                match resource {
                    $( Resource::$kind(object) => drop(self.$store.insert(key, Arc::from(object))), )*
                    $( Resource::$workload(object) )|* => {
                        drop(self.workloads.entry(kind).or_default().insert(key, Arc::from(object)));
                    }
                }
            }

            /// Takes the object out of its store. Returns whether it was there.
            fn take(&mut self, kind: Kind, key: &ObjectKey) -> bool {
                match kind {
                    $( Kind::$kind => self.$store.remove(key).is_some(), )*
                    $( Kind::$workload )|* => {
                        self.workloads.get_mut(&kind).is_some_and(|store| store.remove(key).is_some())
                    }
                }
            }

            /// Stores an object of another cluster without copying it. Returns whether it was there.
            fn pass(&mut self, from: &Cluster, kind: Kind, key: &ObjectKey) -> bool {
                match kind {
                    $( Kind::$kind => self.$store.pass(&from.$store, key), )*
                    $( Kind::$workload )|* => from
                        .workloads
                        .get(&kind)
                        .is_some_and(|store| self.workloads.entry(kind).or_default().pass(store, key)),
                }
            }

            /// A copy of the object of that kind and key, or nothing where the cluster does not have it.
            pub fn get(&self, kind: Kind, key: &ObjectKey) -> Option<Resource> {
                match kind {
                    $( Kind::$kind => self.$store.copy(key).map(Resource::$kind), )*
                    $( Kind::$workload => self.workloads.get(&kind)?.copy(key).map(Resource::$workload), )*
                }
            }

            /// Shows every object of a kind, by namespace and name.
            pub fn each<'c>(&'c self, kind: Kind, show: &mut dyn FnMut(&'c ObjectKey, &'c dyn Object)) {
                match kind {
                    $( Kind::$kind => self.$store.each(show), )*
                    $( Kind::$workload )|* => {
                        if let Some(store) = self.workloads.get(&kind) {
                            store.each(show);
                        }
                    }
                }
            }
        }
    };
}

kinds!(cluster);

impl Cluster {
    /// A cluster without objects.
    pub fn new(options: Options) -> Self {
        Cluster { options, ..Cluster::default() }
    }

    /// Stores an object unchanged, in place of the one of the same kind and name. The pods that a workload creates are
    /// the business of `workload`, not of this function.
    pub fn insert(&mut self, resource: Resource, source: Option<Source>) {
        let (kind, key) = (resource.kind(), resource.key());
        match source {
            Some(source) => self.sources.entry(kind).or_default().insert(key.clone(), source),
            None => self.forget_source(kind, &key),
        };
        self.put(kind, key, resource);
    }

    /// Removes an object. Returns whether it was there.
    pub fn remove(&mut self, kind: Kind, key: &ObjectKey) -> bool {
        self.forget_source(kind, key);
        self.take(kind, key)
    }

    /// Stores an object of another cluster, with its source: shared, not copied. Returns whether it was there.
    pub fn share(&mut self, from: &Cluster, kind: Kind, key: &ObjectKey) -> bool {
        let was_there = self.pass(from, kind, key);
        if was_there && let Some(source) = from.source(kind, key) {
            self.sources.entry(kind).or_default().insert(key.clone(), source.clone());
        }
        was_there
    }

    /// Where the object comes from, where it comes from a file.
    pub fn source(&self, kind: Kind, key: &ObjectKey) -> Option<&Source> {
        self.sources.get(&kind)?.get(key)
    }

    /// The objects of a kind that come from files.
    pub(crate) fn sources_of(&self, kind: Kind) -> impl Iterator<Item = (&ObjectKey, &Source)> {
        self.sources.get(&kind).into_iter().flatten()
    }

    /// The names of the objects that come from files, of every kind.
    pub(crate) fn source_names(&self) -> impl Iterator<Item = &str> {
        self.sources.values().flat_map(|sources| sources.keys().map(|key| key.name.as_str()))
    }

    /// The objects that come from that file, with their places in it.
    pub fn sources_in<'c>(&'c self, file: &'c str) -> impl Iterator<Item = (Kind, &'c ObjectKey, &'c Source)> {
        let of_file = move |(_, source): &(_, &Source)| &*source.file == file;
        let of_kind = move |(kind, sources): (&Kind, &'c BTreeMap<ObjectKey, Source>)| {
            let kind = *kind;
            sources.iter().filter(of_file).map(move |(key, source)| (kind, key, source))
        };
        self.sources.iter().flat_map(of_kind)
    }

    /// How many objects come from files.
    pub fn source_count(&self) -> usize {
        self.sources.values().map(BTreeMap::len).sum()
    }

    /// Shifts every recorded position after byte `behind` of `file` by (lines, bytes). The objects do not change.
    pub fn move_places(&mut self, file: &str, behind: usize, by: (i64, i64)) {
        for source in self.sources.values_mut().flat_map(BTreeMap::values_mut) {
            if &*source.file == file && source.start() >= behind {
                source.moved = (source.moved.0.saturating_add(by.0), source.moved.1.saturating_add(by.1));
            }
        }
    }

    fn forget_source(&mut self, kind: Kind, key: &ObjectKey) -> Option<Source> {
        self.sources.get_mut(&kind)?.remove(key)
    }

    /// The labels of a namespace. The API server sets `kubernetes.io/metadata.name` on every one, so a namespace that no
    /// file describes has that label all the same.
    pub fn namespace_labels(&self, name: &str) -> crate::api::meta::StringMap {
        let mut labels = self.namespaces.get("", name).map(|found| found.metadata.labels.clone()).unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
        labels
    }
}
