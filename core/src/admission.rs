//! What kube-apiserver would do with an object: store it, and as what, or refuse it, and in which words.
//!
//! What comes in is a cluster, an operation and the tree of an object; what goes out is the object as it would be
//! stored, or a [`Status`], and the warnings. The stages are the server's, in its order
//! (`k8s.io/apiserver/pkg/endpoints/handlers/{create,update}.go`, `pkg/registry/generic/registry/store.go`,
//! `pkg/registry/rest/{create,update}.go`, v0.36.3): decode, default, mutating admission, allocate, prepare, validate,
//! check the metadata, warn, store. Each kind has a file with its part of every stage; `strategy` selects it.

pub mod advice;
pub mod allocate;
pub mod decode;
pub mod endpoint_slice;
pub mod endpoints;
pub mod formats;
mod ingress;
mod ingress_class;
mod ip_address;
mod namespace;
mod network_policy;
pub mod object_meta;
mod resource_version;
pub mod service;
mod service_cidr;
pub mod status;
mod strategy;
pub mod warnings;

use crate::api::codec::Codec;
use crate::api::meta::{ObjectMeta, OwnerReference, Time};
use crate::api::resource::{self, Kind, ObjectKey, Resource, namespace_or_default};
use crate::cluster::Cluster;
use crate::field;
use crate::release::{Release, V1_36};
use allocate::{Allocations, ClaimRange};
use formats::names::path_segment;
use portolan_base::tree::Node;
use status::Status;
use thiserror::Error;
use warnings::{Warning, WarningKind};

/// What is asked of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// A `POST`.
    #[default]
    Create,
    /// A `PUT`.
    Update,
}

impl Operation {
    /// Both.
    pub const ALL: [Operation; 2] = [Operation::Create, Operation::Update];

    /// `CREATE` or `UPDATE`, as an `AdmissionReview` names it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
        }
    }
}

/// A request: an object and what to do with it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What to do.
    pub operation: Operation,
    /// The object as sent.
    pub object: &'a Node,
    /// For an update, the object as it is stored; the cluster's where none is given.
    pub old_object: Option<&'a Node>,
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP code: 201 or 200 for an object that was stored, the refusal's for one that was not.
    pub code: u16,
    /// The object as it would be stored, or why not.
    pub outcome: Result<Resource, Status>,
    /// The warnings, whose texts the `Warning` headers carry.
    pub warnings: Vec<Warning>,
    /// The object in the version that is served, where it was sent in one that no server has any more.
    pub converted: Option<Resource>,
    /// What a new Service got, or would have got if no other held it.
    pub wanted: Vec<ClaimRange>,
}

/// Why there is no answer: the object is none that admission knows.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnknownObject {
    /// `apiVersion` or `kind` is missing or no string.
    #[error("the object has no `{0}`")]
    Unnamed(&'static str),
    /// The kind is none of those that admission knows.
    #[error("admission does not know {kind} of {api_version}")]
    Kind {
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
}

/// Answers a request as Kubernetes 1.36 does, for the cluster as it stands.
///
/// # Errors
/// The object is of a kind that admission does not know.
pub fn admit(cluster: &Cluster, request: &Request<'_>) -> Result<Answer, UnknownObject> {
    answer(cluster, None, request)
}

/// The same, with the cluster's allocations at hand: for hosts that admit many objects one after another and keep them by
/// [`Allocations::replace`].
///
/// # Errors
/// The object is of a kind that admission does not know.
pub fn admit_with(
    cluster: &Cluster,
    allocations: &Allocations,
    request: &Request<'_>,
) -> Result<Answer, UnknownObject> {
    answer(cluster, Some(allocations), request)
}

fn answer(
    cluster: &Cluster,
    allocations: Option<&Allocations>,
    request: &Request<'_>,
) -> Result<Answer, UnknownObject> {
    let api_version = named(request.object, "apiVersion")?;
    let name = named(request.object, "kind")?;
    let unknown = || UnknownObject::Kind { api_version: api_version.to_owned(), kind: name.to_owned() };
    let kind = Kind::of(api_version, name).filter(|kind| strategy::is_known(*kind)).ok_or_else(unknown)?;
    let mut admission =
        Admission { cluster, allocations, release: &V1_36, kind, warnings: Vec::new(), wanted: Vec::new() };
    admission.warnings.extend(deprecation(kind, api_version).map(Warning::of_version));
    let outcome = admission.run(api_version, request);
    let code = match &outcome {
        Ok((code, _)) => *code,
        Err(status) => status.code,
    };
    let warnings = warnings::recorded(admission.warnings);
    let converted = convert(kind, api_version, request.object);
    Ok(Answer { code, outcome: outcome.map(|(_, resource)| resource), warnings, converted, wanted: admission.wanted })
}

/// What the server says of the version of a kind that is deprecated or that no server has any more.
pub fn deprecation(kind: Kind, api_version: &str) -> Option<&'static str> {
    strategy::deprecation(kind, api_version)
}

/// The object in the version that is served, where it was sent in one that no server has any more: an Ingress is
/// converted, the other kinds looked the same then.
fn convert(kind: Kind, api_version: &str, object: &Node) -> Option<Resource> {
    if !api_version.ends_with("/v1beta1") {
        return None;
    }
    let mut resource = resource::read(kind, object).0;
    match &mut resource {
        Resource::Ingress(_) => {}
        Resource::IngressClass(class) => kind.api_version().clone_into(&mut class.api_version),
        Resource::NetworkPolicy(policy) => kind.api_version().clone_into(&mut policy.api_version),
        _ => return None,
    }
    Some(resource)
}

/// What the server finds wrong with a new object in itself, before it allocates anything or looks at what is stored:
/// decodes it strictly, sets its defaults and validates it. Gives the errors, none where it is right.
///
/// # Errors
/// The 400 of an object that cannot be decoded, or the 404 of one that is not served.
pub fn check(object: &Node) -> Result<Vec<field::Error>, Status> {
    let word = |member: &str| object.get(member).and_then(Node::as_str).unwrap_or_default();
    let api_version = word("apiVersion");
    let is_served = |kind: &Kind| is_known(*kind) && kind.is_served_as(api_version);
    let kind = Kind::of(api_version, word("kind")).filter(is_served).ok_or_else(Status::not_served)?;
    let mut resource = decode::decode(kind, object)?;
    strategy::set_defaults(&mut resource);
    let metadata = resource.metadata_mut();
    if kind.is_namespaced() && metadata.namespace.is_empty() {
        metadata.namespace.push_str("default");
    }
    let mut errors = Vec::new();
    strategy::validate(&resource, &V1_36.gates, &mut errors);
    Ok(errors)
}

/// Whether admission judges objects of that kind.
pub fn is_known(kind: Kind) -> bool {
    strategy::is_known(kind)
}

fn named<'a>(object: &'a Node, member: &'static str) -> Result<&'a str, UnknownObject> {
    object.get(member).and_then(Node::as_str).filter(|text| !text.is_empty()).ok_or(UnknownObject::Unnamed(member))
}

/// One request on its way.
struct Admission<'a> {
    cluster: &'a Cluster,
    allocations: Option<&'a Allocations>,
    release: &'a Release,
    kind: Kind,
    warnings: Vec<Warning>,
    wanted: Vec<ClaimRange>,
}

impl Admission<'_> {
    fn run(&mut self, api_version: &str, request: &Request<'_>) -> Result<(u16, Resource), Status> {
        if !self.kind.is_served_as(api_version) {
            return Err(Status::not_served());
        }
        let mut new = decode::decode(self.kind, request.object)?;
        strategy::set_defaults(&mut new);
        let metadata = new.metadata_mut();
        metadata.managed_fields.clear();
        match request.operation {
            Operation::Create => {
                let namespace = namespace_or_default(&metadata.namespace).to_owned();
                self.dedup_owner_references(metadata);
                wipe_system_fields(metadata);
                let stored = self.create(new, &namespace, Operation::Create)?;
                Ok((201, stored))
            }
            Operation::Update => self.update(new, request.old_object),
        }
    }

    /// `store.create`, or where `store.Update` creates what is not there.
    fn create(&mut self, mut new: Resource, namespace: &str, operation: Operation) -> Result<Resource, Status> {
        let gates = &self.release.gates;
        let metadata = new.metadata_mut();
        metadata.creation_timestamp = Time::default();
        metadata.uid.clear();
        metadata.namespace = if self.kind.is_namespaced() { namespace.to_owned() } else { String::new() };
        self.check_namespace(new.metadata())?;
        strategy::admit_on_create(&mut new, self.cluster);
        let metadata = new.metadata_mut();
        let version = resource_version::parse(&metadata.resource_version);
        if operation == Operation::Update {
            // Only that it can be read: nothing is there that it could be the version of.
            version.clone()?;
        }
        if !metadata.generate_name.is_empty() && metadata.name.is_empty() {
            metadata.name = self.generate_name(&metadata.generate_name, &metadata.namespace);
        }
        strategy::begin_create(&mut new, self.cluster, self.allocations, gates, &mut self.wanted)?;
        strategy::prepare_for_create(&mut new, gates);
        let mut errors = Vec::new();
        strategy::validate(&new, gates, &mut errors);
        if errors.is_empty() {
            let namespaced = self.kind.is_namespaced();
            object_meta::validate_object_meta_accessor(new.metadata(), namespaced, path_segment, &mut errors);
        }
        let metadata = new.metadata();
        if !errors.is_empty() {
            return Err(Status::invalid(self.kind, &metadata.name, &errors));
        }
        strategy::warn_on_create(&new, &mut self.warnings);
        strategy::canonicalize(&mut new);
        self.validate_admission(&new, None)?;
        if operation == Operation::Create {
            if version.is_ok_and(|version| version != 0) {
                return Err(Status::unknown("resourceVersion should not be set on objects to be created"));
            }
            if let Some(existing) = strategy::get(self.cluster, self.kind, &new.key()) {
                return Err(Status::already_exists(self.kind, new.metadata(), existing.metadata()));
            }
        }
        Ok(self.stored(new))
    }

    /// `store.Update`
    fn update(&mut self, mut new: Resource, old_object: Option<&Node>) -> Result<(u16, Resource), Status> {
        let old = match old_object {
            Some(node) => Some(resource::read(self.kind, node).0),
            None => strategy::get(self.cluster, self.kind, &new.key()),
        };
        let url = old.as_ref().map_or_else(|| new.key(), Resource::key);
        self.match_request(new.metadata_mut(), &url)?;
        self.dedup_owner_references(new.metadata_mut());
        let Some(mut old) = old else {
            if !strategy::allows_create_on_update(self.kind) {
                return Err(Status::not_found(self.kind, &url.name));
            }
            // The UID that is asked for is held against none.
            if !new.metadata().uid.is_empty() {
                return Err(self.wrong_uid(new.metadata(), "", &url));
            }
            return Ok((201, self.create(new, &url.namespace, Operation::Update)?));
        };
        old.settle();
        strategy::set_defaults(&mut old);
        strategy::decorate(&mut old, self.cluster);
        old.metadata_mut().namespace.clone_from(&url.namespace);
        old.metadata_mut().managed_fields.clear();
        self.check_version(new.metadata_mut(), old.metadata(), &url)?;
        strategy::begin_update(&mut new, &old, self.cluster, self.allocations, &self.release.gates)?;
        self.before_update(&mut new, &old)?;
        let gone = new.metadata().finalizers.is_empty() && is_due(old.metadata()) && !strategy::is_kept(&new);
        let emptied = match &new {
            Resource::EndpointSlice(slice) => (is_empty_list(&slice.endpoints), is_empty_list(&slice.ports)),
            _ => (false, false),
        };
        let mut stored = self.stored(new);
        // What goes with its last finalizer is not stored, and comes back as it was sent: with the empty lists that storage
        // would have made null. Only EndpointSlices have such as are not left out.
        if let Resource::EndpointSlice(slice) = &mut stored
            && gone
        {
            slice.endpoints = slice.endpoints.take().or(emptied.0.then(Vec::new));
            slice.ports = slice.ports.take().or(emptied.1.then(Vec::new));
        }
        Ok((200, stored))
    }

    /// The name and the namespace of the object have to be those of the request
    /// (`rest.EnsureObjectNamespaceMatchesRequestNamespace`, `handlers.checkName`).
    fn match_request(&self, metadata: &mut ObjectMeta, url: &ObjectKey) -> Result<(), Status> {
        if metadata.namespace != url.namespace {
            if !metadata.namespace.is_empty() && self.kind.is_namespaced() {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
            metadata.namespace.clone_from(&url.namespace);
        }
        if metadata.name.is_empty() {
            let name = &url.name;
            return Err(Status::bad_request(format!(
                "the name of the object ({name} based on URL) was undeterminable: name must be provided"
            )));
        }
        if metadata.name != url.name {
            return Err(Status::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                metadata.name, url.name
            )));
        }
        Ok(())
    }

    /// The preconditions of an update: the UID and the resource version, where both sides have one.
    fn check_version(&self, new: &mut ObjectMeta, old: &ObjectMeta, url: &ObjectKey) -> Result<(), Status> {
        if !new.uid.is_empty() && !old.uid.is_empty() && new.uid != old.uid {
            return Err(self.wrong_uid(new, &old.uid, url));
        }
        if !new.resource_version.is_empty() {
            let version = resource_version::parse(&new.resource_version)?;
            let stored = resource_version::parse(&old.resource_version).unwrap_or_default();
            // An object that was given without its version has one all the same.
            if version != 0 && stored != 0 && stored != version {
                let error =
                    "the object has been modified; please apply your changes to the latest version and try again";
                return Err(Status::conflict(self.kind, &new.name, error));
            }
        }
        new.resource_version.clone_from(&old.resource_version);
        Ok(())
    }

    /// The refusal of a UID that is not the stored object's (`storage.NewInvalidObjError`).
    fn wrong_uid(&self, new: &ObjectMeta, stored: &str, url: &ObjectKey) -> Status {
        let error = format!(
            "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {}, UID in object meta: {stored}",
            storage_key(self.kind, url),
            new.uid
        );
        Status::conflict(self.kind, &new.name, &error)
    }

    /// `rest.BeforeUpdate`
    fn before_update(&mut self, new: &mut Resource, old: &Resource) -> Result<(), Status> {
        let gates = &self.release.gates;
        let old_metadata = old.metadata();
        new.metadata_mut().generation = old_metadata.generation;
        strategy::prepare_for_update(new, old, gates);
        let metadata = new.metadata_mut();
        if metadata.uid.is_empty() || old_metadata.uid.is_empty() {
            metadata.uid.clone_from(&old_metadata.uid);
        }
        // An object that was given without its times and its UID has them all the same.
        metadata.creation_timestamp.clone_from(&old_metadata.creation_timestamp);
        if old_metadata.deletion_timestamp.is_some() {
            metadata.deletion_timestamp.clone_from(&old_metadata.deletion_timestamp);
        }
        if metadata.deletion_grace_period_seconds.is_none() {
            metadata.deletion_grace_period_seconds = old_metadata.deletion_grace_period_seconds;
        }
        let mut errors = Vec::new();
        let metadata = new.metadata();
        let namespaced = self.kind.is_namespaced();
        object_meta::validate_object_meta_accessor(metadata, namespaced, path_segment, &mut errors);
        object_meta::validate_object_meta_accessor_update(metadata, old_metadata, &mut errors);
        strategy::validate_update(new, old, gates, &mut errors);
        if !errors.is_empty() {
            return Err(Status::invalid(self.kind, &metadata.name, &errors));
        }
        strategy::warn_on_update(new, &mut self.warnings);
        strategy::canonicalize(new);
        self.validate_admission(new, Some(old))
    }

    /// The admission plugins that have the last word.
    fn validate_admission(&self, new: &Resource, old: Option<&Resource>) -> Result<(), Status> {
        let mut errors = Vec::new();
        strategy::validate_admission(new, old, &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Status::invalid(self.kind, &new.metadata().name, &errors)) }
    }

    /// The admission plugin NamespaceLifecycle: nothing is created in a namespace that is on its way out. A namespace that
    /// the cluster does not describe exists all the same.
    fn check_namespace(&self, metadata: &ObjectMeta) -> Result<(), Status> {
        let namespace = metadata.namespace.as_str();
        let stored = self.cluster.namespaces.get("", namespace);
        if namespace.is_empty() || stored.is_none_or(|stored| stored.status.phase != "Terminating") {
            return Ok(());
        }
        let names = [&metadata.name, &metadata.generate_name];
        let name = names.into_iter().find(|name| !name.is_empty()).map_or("Unknown", String::as_str);
        let error = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let mut status = Status::forbidden(self.kind, name, &error);
        if let Some(details) = &mut status.details {
            details.causes.push(status::Cause {
                reason: "NamespaceTerminating",
                message: format!("namespace {namespace} is being terminated"),
                field: "metadata.namespace".to_owned(),
            });
        }
        Err(status)
    }

    /// The object as it comes back from storage: defaulted again, and with what is added to an object that is read.
    fn stored(&self, mut resource: Resource) -> Resource {
        resource.settle();
        resource.metadata_mut().self_link.clear();
        strategy::set_defaults(&mut resource);
        strategy::decorate(&mut resource, self.cluster);
        resource
    }

    /// `handlers.dedupOwnerReferencesAndAddWarning`
    fn dedup_owner_references(&mut self, metadata: &mut ObjectMeta) {
        let mut kept: Vec<OwnerReference> = Vec::with_capacity(metadata.owner_references.len());
        let mut doubled = Vec::new();
        for reference in std::mem::take(&mut metadata.owner_references) {
            if kept.contains(&reference) {
                doubled.push(reference.uid);
            } else {
                kept.push(reference);
            }
        }
        metadata.owner_references = kept;
        if !doubled.is_empty() {
            let metadata = field::Path::new("metadata");
            let text = format!(
                ".metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: {}",
                doubled.join(", ")
            );
            self.warnings.push(Warning::new(WarningKind::Duplicate, &metadata.child("ownerReferences"), text));
        }
    }

    /// A name that begins with the prefix and is not taken (`names.SimpleNameGenerator`). The server draws the five
    /// characters at random; here they follow from the prefix, so that the same question has the same answer.
    fn generate_name(&self, prefix: &str, namespace: &str) -> String {
        // The name of an IPAddress is its address: nothing is appended to it (`noopNameGenerator`).
        if self.kind == Kind::IPAddress {
            return prefix.to_owned();
        }
        const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        let base: String = match prefix.get(..58) {
            Some(short) => short.to_owned(),
            None => String::from_utf8_lossy(prefix.as_bytes().get(..58).unwrap_or(prefix.as_bytes())).into_owned(),
        };
        let seed = |attempt: u64| {
            prefix.bytes().fold(0xcbf2_9ce4_8422_2325 ^ attempt, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        let mut name = base.clone();
        for attempt in 0..1000 {
            name.truncate(base.len());
            let mut rest = seed(attempt);
            for _ in 0..5 {
                let position = usize::try_from(rest % 27).unwrap_or_default();
                name.push(char::from(ALPHABET.get(position).copied().unwrap_or(b'b')));
                rest /= 27;
            }
            if strategy::get(self.cluster, self.kind, &ObjectKey::new(namespace, name.as_str())).is_none() {
                break;
            }
        }
        name
    }
}

fn is_empty_list<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_some_and(Vec::is_empty)
}

/// Whether a stored object waits for its finalizers only (`registry.ShouldDeleteDuringUpdate`).
fn is_due(metadata: &ObjectMeta) -> bool {
    metadata.deletion_timestamp.is_some() && metadata.deletion_grace_period_seconds.unwrap_or_default() == 0
}

/// `rest.WipeObjectMetaSystemFields`
fn wipe_system_fields(metadata: &mut ObjectMeta) {
    metadata.creation_timestamp = Time::default();
    metadata.uid.clear();
    metadata.deletion_timestamp = None;
    metadata.deletion_grace_period_seconds = None;
    metadata.self_link.clear();
}

/// Whether two values are the same after a way through storage (`apiequality.Semantic.DeepEqual`).
pub(crate) fn semantically_equal<T: Codec + Clone + PartialEq>(one: &T, other: &T) -> bool {
    one == other || {
        let (mut one, mut other) = (one.clone(), other.clone());
        one.settle();
        other.settle();
        one == other
    }
}

/// The key under which the server's storage keeps an object (`kubeapiserver.SpecialDefaultResourcePrefixes`).
fn storage_key(kind: Kind, key: &ObjectKey) -> String {
    let prefix = match kind {
        Kind::Service => "services/specs",
        Kind::Endpoints => "services/endpoints",
        Kind::Ingress => "ingress",
        other => other.plural(),
    };
    if key.namespace.is_empty() {
        format!("/registry/{prefix}/{}", key.name)
    } else {
        format!("/registry/{prefix}/{}/{}", key.namespace, key.name)
    }
}
