//! What several kinds of question and answer share: names of objects, ends of connections, locations in files.

use super::declare::{At, Read, fill};
use super::error::AskError;
use crate::admission::Operation;
use crate::api::describe::{Describe, Shape};
use crate::api::endpoint_slice::EndpointSlice;
use crate::api::endpoints::Endpoints;
use crate::api::network_policy::NetworkPolicy;
use crate::api::object::encode_object;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey, Resource, namespace_or_default};
use crate::cluster::{Location as FileLocation, Source};
use crate::engine::Engine;
use crate::finding::{Edit, Finding, Severity};
use crate::ingress::Controller;
use crate::net::{Family, Protocol, parse_sloppy};
use crate::policy::{Direction, Effect};
use crate::{answer, filled, names, question, view};
use ipnet::IpNet;
use portolan_base::json::{Json, ToView, View, to_json};
use portolan_base::tree::Node;
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

names! {
    Controller, closed, "controller", Controller::ALL.iter().copied(), Controller::name;
    Direction, closed, "direction", Direction::ALL.into_iter(), Direction::name;
    Effect, closed, "effect", Effect::ALL.into_iter(), Effect::name;
    Family, closed, "IP family", Family::ALL.into_iter(), Family::name, Family::V4;
    Operation, closed, "operation", Operation::ALL.into_iter(), Operation::name, Operation::Create;
    Protocol, open, "protocol", Protocol::ALL.into_iter(), Protocol::name, Protocol::Tcp;
    Severity, closed, "severity", Severity::ALL.into_iter(), Severity::name;
}

/// Which controller a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControllerChoice {
    /// The controller that serves each Ingress.
    #[default]
    Auto,
    /// This controller.
    Is(Controller),
}

impl ControllerChoice {
    fn all() -> impl Iterator<Item = ControllerChoice> {
        Controller::ALL.iter().copied().map(ControllerChoice::Is).chain(std::iter::once(ControllerChoice::Auto))
    }

    /// `auto`, or the name of the controller.
    pub fn name(self) -> &'static str {
        match self {
            ControllerChoice::Auto => "auto",
            ControllerChoice::Is(controller) => controller.name(),
        }
    }
}

names! {
    ControllerChoice, open, "controller", ControllerChoice::all(), ControllerChoice::name, ControllerChoice::Auto;
}

question! {
    /// An object by its name. A missing namespace is `default`.
    ObjectName<'q> {
        /// Its namespace.
        "namespace" => namespace: &'q str [optional];
        /// Its name.
        "name" => name: &'q str;
    }

    /// A pod, or a workload that makes pods, by its name. A missing namespace is `default`.
    PodName<'q> {
        /// Its namespace.
        "namespace" => namespace: &'q str [optional];
        /// The pod's name; the name of a workload (`Deployment/web` or `web`) means its first pod.
        "pod" => pod: &'q str;
    }

    /// A port of every node.
    NodePort {
        /// The number of the port.
        "nodePort" => node_port: u16;
        /// The family of the node's address; IPv4 first and then IPv6 unless given.
        "ipFamily" => family: Option<Family> [optional];
    }

    /// The files of a node that the kubelet reads.
    NodeFiles<'q> {
        /// The text of its `/etc/hosts`.
        "hosts" => hosts: Option<&'q str> [optional];
        /// The text of its `/etc/resolv.conf`.
        "resolvConf" => resolv_conf: Option<&'q str> [optional];
    }
}

impl<'q> ObjectName<'q> {
    /// The object of that namespace and name.
    pub fn new(namespace: &'q str, name: &'q str) -> Self {
        ObjectName { namespace, name }
    }

    /// The key of the object, of a kind that lives in a namespace.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::in_namespace(self.namespace, self.name)
    }
}

impl<'q> PodName<'q> {
    /// The pod of that namespace and name.
    pub fn new(namespace: &'q str, pod: &'q str) -> Self {
        PodName { namespace, pod }
    }

    /// The pod of that key.
    pub fn of(key: &'q ObjectKey) -> Self {
        PodName::new(&key.namespace, &key.name)
    }

    /// The namespace; `default` where none is given.
    pub fn namespace(&self) -> &'q str {
        namespace_or_default(self.namespace)
    }

    /// The key of the pod.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.namespace(), self.pod)
    }
}

/// The pod that a question names, by its own name or by the name of a workload that makes it; `field` is where it does.
///
/// # Errors
/// `NotFound` where the cluster has neither.
pub(super) fn pod<'e>(
    engine: &'e Engine,
    named: &PodName<'_>,
    field: &str,
) -> Result<(&'e ObjectKey, &'e Arc<Pod>), AskError> {
    let key = named.key();
    engine.pod_named(&key).ok_or_else(|| AskError::not_found(engine, field, Kind::Pod, &key))
}

impl NodeFiles<'_> {
    /// The files as the kubelet's room takes them: those that are not known are a usual node's.
    pub(super) fn known(&self) -> crate::kubelet::NodeFiles {
        let mut files = crate::kubelet::NodeFiles::default();
        if let Some(hosts) = self.hosts {
            hosts.clone_into(&mut files.hosts);
        }
        if let Some(resolv_conf) = self.resolv_conf {
            resolv_conf.clone_into(&mut files.resolv_conf);
        }
        files
    }
}

filled! { Address [] { "ip" => ip []; } }

impl Default for Address {
    /// The unspecified address.
    fn default() -> Self {
        Address { ip: UNSPECIFIED }
    }
}

const UNSPECIFIED: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

/// One end of a connection: `{"namespace", "pod"}` or `{"ip"}`.
#[derive(Clone, Debug, PartialEq)]
pub enum End<'q> {
    /// A pod, or the first pod of a workload.
    Pod(PodName<'q>),
    /// An address: of a pod, of a node, or outside the cluster.
    Address(IpAddr),
}

impl<'q> End<'q> {
    /// The pod of that namespace and name.
    pub fn pod(namespace: &'q str, pod: &'q str) -> Self {
        End::Pod(PodName::new(namespace, pod))
    }
}

impl Default for End<'_> {
    /// The unspecified address.
    fn default() -> Self {
        End::Address(UNSPECIFIED)
    }
}

impl<'q> Read<'q> for End<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = if node.get("ip").is_some() {
            let mut address = Address::default();
            fill(&mut address, node, at)?;
            End::Address(address.ip)
        } else {
            let mut pod = PodName::default();
            fill(&mut pod, node, at)?;
            End::Pod(pod)
        };
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl ToView for End<'_> {
    fn view(&self) -> View<'_> {
        match self {
            End::Pod(pod) => pod.view(),
            End::Address(ip) => View::Made(to_json(Address { ip: *ip }.view())),
        }
    }
}

impl Describe for End<'_> {
    fn shape() -> Shape {
        Shape::OneOf(vec![PodName::shape(), Address::shape()])
    }
}

/// Where a connection goes: a pod, an address, or a port of every node.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination<'q> {
    /// A pod or an address.
    End(End<'q>),
    /// A port of every node.
    NodePort(NodePort),
}

impl Default for Destination<'_> {
    /// The unspecified address.
    fn default() -> Self {
        Destination::End(End::default())
    }
}

impl<'q> Read<'q> for Destination<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = if node.get("nodePort").is_some() {
            let mut port = NodePort::default();
            fill(&mut port, node, at)?;
            Destination::NodePort(port)
        } else {
            let mut end = End::default();
            end.read(node, at)?;
            Destination::End(end)
        };
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl ToView for Destination<'_> {
    fn view(&self) -> View<'_> {
        match self {
            Destination::End(end) => end.view(),
            Destination::NodePort(port) => port.view(),
        }
    }
}

impl Describe for Destination<'_> {
    fn shape() -> Shape {
        Shape::OneOf(vec![PodName::shape(), Address::shape(), NodePort::shape()])
    }
}

/// A port, by its number or by the name that the destination gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port<'q> {
    /// Its number.
    Number(u16),
    /// Its name.
    Name(&'q str),
}

impl Default for Port<'_> {
    fn default() -> Self {
        Port::Number(0)
    }
}

impl<'q> Read<'q> for Port<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = match node.as_str() {
            Some(name) => Port::Name(name),
            None => {
                let number = node.as_int().and_then(|number| u16::try_from(number).ok());
                let expected = "a number from 0 to 65535, or a name";
                Port::Number(number.ok_or_else(|| AskError::wrong_type(at, expected))?)
            }
        };
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl ToView for Port<'_> {
    fn view(&self) -> View<'_> {
        match self {
            Port::Number(number) => number.view(),
            Port::Name(name) => View::Text(name),
        }
    }
}

impl Describe for Port<'_> {
    fn shape() -> Shape {
        Shape::IntegerOrString
    }
}

impl Read<'_> for IpAddr {
    /// Leniently, as Kubernetes' components read addresses that are stored ([`parse_sloppy`]).
    fn read(&mut self, node: &Node, at: &At<'_>) -> Result<(), AskError> {
        let text = node.as_str().ok_or_else(|| AskError::wrong_type(at, "a string"))?;
        *self = parse_sloppy(text)
            .ok_or_else(|| AskError::bad(at.to_string(), format!("`{text}` is not an IP address")))?;
        Ok(())
    }

    fn blank() -> Self {
        UNSPECIFIED
    }
}

impl Read<'_> for Kind {
    fn read(&mut self, node: &Node, at: &At<'_>) -> Result<(), AskError> {
        let mut names = Kind::ALL.iter().map(|kind| kind.name());
        let position = super::declare::position(node, at, "kind", &mut names)?;
        *self = Kind::ALL.get(position).copied().unwrap_or(*self);
        Ok(())
    }

    fn blank() -> Self {
        Kind::Pod
    }
}

impl Describe for IpAddr {
    fn shape() -> Shape {
        Shape::String
    }
}

/// Types that JSON writes as texts, by their `Display`.
macro_rules! texts {
    ($($type:ty),*) => { $(
        impl ToView for $type {
            fn view(&self) -> View<'_> {
                View::Display(self)
            }
        }

        impl Describe for $type {
            fn shape() -> Shape {
                Shape::String
            }
        }
    )* };
}

texts!(Range);

/// A range of addresses; a single address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(pub IpNet);

impl fmt::Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Read<'_> for Range {
    fn read(&mut self, node: &Node, at: &At<'_>) -> Result<(), AskError> {
        let text = node.as_str().ok_or_else(|| AskError::wrong_type(at, "a string"))?;
        let range = text.parse::<IpNet>().map(|net| net.trunc()).or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        self.0 = range.map_err(|_| {
            AskError::bad(at.to_string(), format!("`{text}` is not an IP address or a range of addresses"))
        })?;
        Ok(())
    }

    fn blank() -> Self {
        Range(UNSPECIFIED.into())
    }
}

impl ToView for Kind {
    fn view(&self) -> View<'_> {
        View::Text(self.name())
    }
}

impl Describe for Kind {
    fn shape() -> Shape {
        Shape::String
    }
}

/// Objects of the API, whole.
macro_rules! objects {
    ($($type:ty),*) => { $(
        impl ToView for $type {
            fn view(&self) -> View<'_> {
                View::Made(encode_object(self))
            }
        }
    )* };
}

objects!(EndpointSlice, Endpoints, NetworkPolicy);

impl ToView for Resource {
    fn view(&self) -> View<'_> {
        View::Made(self.to_json())
    }
}

impl Describe for Resource {
    fn shape() -> Shape {
        Shape::AnyObject
    }
}

impl ToView for ObjectKey {
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
}

impl portolan_base::json::Show for ObjectKey {
    fn show(&self, sink: &mut dyn portolan_base::json::Sink) {
        sink.member("namespace", View::Text(&self.namespace));
        sink.member("name", View::Text(&self.name));
    }
}

impl Describe for ObjectKey {
    fn shape() -> Shape {
        ObjectName::shape()
    }
}

answer! {
    /// An IP address.
    Address "IPAddressOf" {
        /// IPv4 or IPv6.
        "ip" => ip: IpAddr;
    }

    /// An object of the cluster.
    Reference<'e> {
        /// `Service`, `Ingress`, …
        "kind" => kind: Kind;
        /// Its namespace; absent for kinds of cluster scope.
        "namespace" => namespace: Cow<'e, str> [optional];
        /// Its name.
        "name" => name: Cow<'e, str>;
    }

    /// A location in a file.
    Location<'e> {
        /// The file's name, as it was loaded.
        "file" => file: Cow<'e, str>;
        /// Line, from 1.
        "line" => line: u32;
        /// Column in characters, from 1.
        "column" => column: u32;
        /// The field's path in its object: `spec.ports[0].port`.
        "field" => field: Cow<'e, str>;
    }

    /// Another location that a finding is about.
    RelatedPlace<'e> {
        /// What it has to do with the finding.
        "message" => message: &'e str;
        /// Where it is.
        "source" => source: Location<'e>;
    }
}

impl<'e> Reference<'e> {
    /// The object of that kind and key.
    pub fn of(kind: Kind, key: &'e ObjectKey) -> Self {
        Reference { kind, namespace: Cow::Borrowed(&key.namespace), name: Cow::Borrowed(&key.name) }
    }

    /// The same with the key's own texts.
    pub fn owned(kind: Kind, key: ObjectKey) -> Self {
        Reference { kind, namespace: Cow::Owned(key.namespace), name: Cow::Owned(key.name) }
    }
}

impl fmt::Display for Reference<'_> {
    /// `NetworkPolicy shop/web`; of a kind of cluster scope without the namespace.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.kind.name())?;
        if !self.namespace.is_empty() {
            write!(formatter, "{}/", self.namespace)?;
        }
        formatter.write_str(&self.name)
    }
}

impl<'e> Location<'e> {
    /// Where a field of an object is in the file that the object comes from.
    pub fn of(source: &'e Source, field: String) -> Self {
        let (line, column) = source.line_and_column(&field);
        Location { file: Cow::Borrowed(&source.file), line, column, field: Cow::Owned(field) }
    }

    /// Where a field of a stored object is, where the object comes from a file.
    pub fn of_field(engine: &'e Engine, kind: Kind, key: &ObjectKey, field: &str) -> Option<Self> {
        engine.cluster().source(kind, key).map(|source| Location::of(source, field.to_owned()))
    }
}

impl<'e> From<&'e FileLocation> for Location<'e> {
    fn from(place: &'e FileLocation) -> Self {
        let (file, field) = (Cow::Borrowed(place.file.as_str()), Cow::Borrowed(place.field.as_str()));
        Location { file, line: place.line, column: place.column, field }
    }
}

view! {
    /// A replacement of part of a file.
    edit: Edit = "Edit" {
        /// The file's name.
        "file": String = edit.file;
        /// The byte (UTF-8) it begins at.
        "start": u32 = edit.range.start;
        /// The byte behind its last.
        "end": u32 = edit.range.end;
        /// The text to put there.
        "text": String = edit.text;
    }

    /// A problem: a text that cannot be read, an object that kube-apiserver refuses or warns about, or one that will not work.
    finding: Finding = "Finding" {
        /// A stable code: `syntax`, `refused`, `warning`, or a lint rule's.
        "code": &str = finding.code;
        /// How serious it is.
        "severity": Severity = finding.severity;
        /// The problem; for a refusal and a warning of the API server, its own words.
        "message": String = finding.message;
        /// The object it is about, where it is about one.
        "object": Option<Reference<'_>> = finding.object.as_ref().map(|(kind, key)| Reference::of(*kind, key)), optional;
        /// Where it is.
        "source": Location<'_> = Location::from(&finding.place);
        /// What to write instead, or why it matters.
        "help": Option<String> = finding.help, optional;
        /// Other locations that it is about.
        "related": Vec<RelatedPlace<'_>> = related(finding), optional;
        /// The edits that fix it, all of them together.
        "fix": Vec<Edit> = finding.fix, optional;
    }
}

impl Finding {
    /// The finding as hosts write it: `{"code", "severity", "message", "object", "source", "help", "related", "fix"}`.
    pub fn to_json(&self) -> Json {
        to_json(self.view())
    }
}

fn related(finding: &Finding) -> Vec<RelatedPlace<'_>> {
    finding.related.iter().map(|(message, place)| RelatedPlace { message, source: place.into() }).collect()
}
