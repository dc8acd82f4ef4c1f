//! The cluster as its DNS sees it, compiled: what CoreDNS keeps of Services, EndpointSlices and pods
//! (`plugin/kubernetes/object`), with its indexes by name and by address (`controller.go`).

use super::record::{Answer, RecordType};
use super::{lookup, name};
use crate::api::endpoint_slice::{Endpoint, EndpointSlice};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::endpoints::EndpointsTable;
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// The label by which a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The namespaces that every cluster has.
const BUILT_IN: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The cluster's records.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    /// The cluster's domain with its last dot, in small letters.
    pub(super) domain: String,
    pub(super) services: BTreeMap<ObjectKey, Entry>,
    pub(super) namespaces: BTreeSet<String>,
    /// The Services by their cluster IPs; each list is in the order of their keys.
    pub(super) by_cluster_ip: BTreeMap<String, Vec<Arc<ObjectKey>>>,
    /// The Services by the addresses of their ready endpoints.
    pub(super) by_endpoint: BTreeMap<String, Vec<Arc<ObjectKey>>>,
    /// How many pods of a namespace have an address.
    pub(super) pods: BTreeMap<String, Vec<(Box<str>, usize)>>,
    /// The Service of the cluster's own name servers.
    pub(super) own: Option<ObjectKey>,
}

/// A Service, or the name of one that only slices know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) form: Form,
    pub(super) ports: Vec<Port>,
    pub(super) slices: Vec<Slice>,
}

/// What kind of Service it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Form {
    /// There is no Service of that name.
    #[default]
    Missing,
    /// The name that it stands for.
    External(String),
    Headless,
    /// Its cluster IPs.
    ClusterIp(Vec<Address>),
}

/// An address as it is written, and read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Address {
    pub(super) text: String,
    /// Nothing where the text is a name.
    pub(super) ip: Option<IpAddr>,
    /// Its label below the Service's name; empty for cluster IPs.
    pub(super) hostname: String,
}

/// A port; the number is -1 where there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) protocol: String,
    pub(super) number: i32,
}

impl Port {
    /// What stands for a Service or a slice without ports.
    fn none() -> Self {
        Port { name: String::new(), protocol: String::new(), number: -1 }
    }
}

/// The ready addresses of an EndpointSlice, each with all of its ports.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slice {
    pub(super) addresses: Vec<Address>,
    pub(super) ports: Vec<Port>,
}

impl Zone {
    /// Compiles the records of a cluster.
    pub fn compile(cluster: &Cluster, endpoints: &EndpointsTable) -> Self {
        let domain = name::complete(&cluster.options.cluster_domain.to_ascii_lowercase()).unwrap_or_default();
        let mut zone = Zone { domain, ..Zone::default() };
        let orphans = cluster.endpoint_slices.iter().filter_map(|(key, slice)| service_of(key, slice));
        let services = cluster.services.iter().map(|(key, _)| key.clone());
        let keys: BTreeSet<ObjectKey> = services.chain(orphans).collect();
        for key in keys {
            zone.service_changed(cluster, endpoints, &key);
        }
        for (key, pod) in cluster.pods.iter() {
            zone.add_pod(&key.namespace, pod);
        }
        zone.namespaces = BUILT_IN.map(str::to_owned).into_iter().collect();
        zone.namespaces.extend(cluster.namespaces.iter().map(|(key, _)| key.name.clone()));
        zone.namespaces.extend(cluster.services.iter().map(|(key, _)| key.namespace.clone()));
        zone.namespaces.extend(cluster.endpoint_slices.iter().map(|(key, _)| key.namespace.clone()));
        zone.namespaces.extend(cluster.pods.iter().map(|(key, _)| key.namespace.clone()));
        zone
    }

    /// Answers a question. The name has to be complete ([`name::complete`]).
    pub fn ask(&self, name: &str, record_type: RecordType) -> Answer {
        lookup::answer(self, name, record_type)
    }

    /// Follows a change of a Service or of what is published for it.
    pub fn service_changed(&mut self, cluster: &Cluster, endpoints: &EndpointsTable, key: &ObjectKey) {
        if let Some(old) = self.services.remove(key) {
            self.index(key, &old, false);
        }
        let service = cluster.services.by_key(key);
        let slices = match service {
            Some(_) => endpoints.slices(key).to_vec(),
            None => orphaned(cluster, key),
        };
        if self.own.as_ref() == Some(key) {
            self.own = None;
        }
        if let Some(service) = service
            && is_own(key, service)
            && self.own.as_ref().is_none_or(|own| key.name == "kube-dns" || own.name != "kube-dns")
        {
            self.own = Some(key.clone());
        }
        self.look_at_namespace(cluster, &key.namespace);
        if service.is_none() && slices.is_empty() {
            return;
        }
        let entry = Entry::new(service, &slices);
        self.index(key, &entry, true);
        self.services.insert(key.clone(), entry);
    }

    /// Follows a change of an object; `before` and `after` are the pod as it was and is, where it is a pod. Services are
    /// [`Zone::service_changed`]'s.
    pub fn object_changed(
        &mut self,
        cluster: &Cluster,
        kind: Kind,
        key: &ObjectKey,
        before: Option<&Pod>,
        after: Option<&Pod>,
    ) {
        if let Some(pod) = before {
            self.remove_pod(&key.namespace, pod);
        }
        if let Some(pod) = after {
            self.add_pod(&key.namespace, pod);
        }
        let namespace = if kind == Kind::Namespace { &key.name } else { &key.namespace };
        self.look_at_namespace(cluster, namespace);
    }

    fn look_at_namespace(&mut self, cluster: &Cluster, namespace: &str) {
        let is_there = BUILT_IN.contains(&namespace)
            || cluster.namespaces.get("", namespace).is_some()
            || cluster.services.in_namespace(namespace).next().is_some()
            || cluster.pods.in_namespace(namespace).next().is_some()
            || cluster.endpoint_slices.in_namespace(namespace).next().is_some();
        if is_there {
            self.namespaces.insert(namespace.to_owned());
        } else {
            self.namespaces.remove(namespace);
        }
    }

    fn index(&mut self, key: &ObjectKey, entry: &Entry, add: bool) {
        let key = &Arc::new(key.clone());
        if let Form::ClusterIp(addresses) = &entry.form {
            for address in addresses {
                set(&mut self.by_cluster_ip, &address.text, key, add);
            }
        }
        for address in entry.slices.iter().flat_map(|slice| &slice.addresses) {
            set(&mut self.by_endpoint, &address.text, key, add);
        }
    }

    fn add_pod(&mut self, namespace: &str, pod: &Pod) {
        if !is_listed(pod) {
            return;
        }
        let namespaces = self.pods.entry(pod.status.pod_ip.clone()).or_default();
        match namespaces.binary_search_by(|(known, _)| (**known).cmp(namespace)) {
            Ok(at) => namespaces.get_mut(at).into_iter().for_each(|(_, count)| *count += 1),
            Err(at) => namespaces.insert(at, (namespace.into(), 1)),
        }
    }

    fn remove_pod(&mut self, namespace: &str, pod: &Pod) {
        if !is_listed(pod) {
            return;
        }
        let Some(namespaces) = self.pods.get_mut(&pod.status.pod_ip) else { return };
        if let Some((_, count)) = namespaces.iter_mut().find(|(known, _)| **known == *namespace) {
            *count -= 1;
        }
        namespaces.retain(|(_, count)| *count > 0);
        if namespaces.is_empty() {
            self.pods.remove(&pod.status.pod_ip);
        }
    }
}

fn set(index: &mut BTreeMap<String, Vec<Arc<ObjectKey>>>, address: &str, key: &Arc<ObjectKey>, add: bool) {
    if add {
        let keys = index.entry(address.to_owned()).or_default();
        if let Err(at) = keys.binary_search(key) {
            keys.insert(at, Arc::clone(key));
        }
    } else if let Some(keys) = index.get_mut(address) {
        keys.retain(|known| known != key);
        if keys.is_empty() {
            index.remove(address);
        }
    }
}

/// The Service that a slice says it belongs to.
fn service_of(key: &ObjectKey, slice: &EndpointSlice) -> Option<ObjectKey> {
    let name = slice.metadata.labels.get(SERVICE_NAME).filter(|name| !name.is_empty())?;
    Some(ObjectKey::new(key.namespace.as_str(), name.as_str()))
}

/// The slices that name a Service that is not there.
fn orphaned(cluster: &Cluster, key: &ObjectKey) -> Vec<Arc<EndpointSlice>> {
    let slices = cluster.endpoint_slices.in_namespace(&key.namespace);
    slices
        .filter(|(_, slice)| slice.metadata.labels.get(SERVICE_NAME) == Some(&key.name))
        .map(|(_, slice)| slice.clone())
        .collect()
}

/// The name servers' Service, as every installer of Kubernetes names it.
fn is_own(key: &ObjectKey, service: &Service) -> bool {
    (key.namespace == "kube-system" && key.name == "kube-dns")
        || service.metadata.labels.get("k8s-app").is_some_and(|app| app == "kube-dns")
}

/// Whether CoreDNS keeps the pod: not one that has ended or is ending (`podListFunc`, `ToPod`).
fn is_listed(pod: &Pod) -> bool {
    !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed" | "Unknown")
        && pod.metadata.deletion_timestamp.is_none()
        && !pod.status.pod_ip.is_empty()
}

impl Entry {
    fn new(service: Option<&Arc<Service>>, slices: &[Arc<EndpointSlice>]) -> Self {
        let form = service.map_or(Form::Missing, |service| form(service));
        let ports = service.and_then(|service| service.spec.ports.as_deref()).unwrap_or_default().iter();
        let mut ports: Vec<Port> = ports
            .map(|port| Port { name: port.name.clone(), protocol: protocol(&port.protocol), number: port.port })
            .collect();
        if ports.is_empty() {
            ports.push(Port::none());
        }
        Entry { form, ports, slices: slices.iter().map(|slice| Slice::new(slice)).collect() }
    }
}

/// The protocol, TCP where none is given: the API server fills it in before CoreDNS sees it.
fn protocol(given: &str) -> String {
    if given.is_empty() { "TCP" } else { given }.to_owned()
}

/// Mirrors `object.ToService` and `Service.Headless`.
fn form(service: &Service) -> Form {
    let spec = &service.spec;
    if spec.r#type == "ExternalName" {
        return Form::External(spec.external_name.clone());
    }
    let single = [spec.cluster_ip.clone()];
    let addresses = spec.cluster_ips.as_deref().filter(|addresses| !addresses.is_empty()).unwrap_or(&single);
    if addresses.first().is_some_and(|first| first == "None") {
        return Form::Headless;
    }
    // A Service that has no address yet has none to be found by.
    Form::ClusterIp(
        addresses.iter().filter(|text| !text.is_empty()).map(|text| Address::new(text, String::new())).collect(),
    )
}

impl Slice {
    /// Mirrors `object.EndpointSliceToEndpoints`.
    fn new(slice: &EndpointSlice) -> Self {
        let ports = slice.ports.as_deref().unwrap_or_default().iter();
        let mut ports: Vec<Port> = ports
            .map(|port| Port {
                name: port.name.clone().unwrap_or_default(),
                protocol: protocol(port.protocol.as_deref().unwrap_or_default()),
                number: port.port.unwrap_or(-1),
            })
            .collect();
        if ports.is_empty() {
            ports.push(Port::none());
        }
        let ready = slice.endpoints.iter().flatten().filter(|endpoint| endpoint.conditions.ready != Some(false));
        Slice { addresses: ready.flat_map(addresses).collect(), ports }
    }
}

fn addresses(endpoint: &Endpoint) -> impl Iterator<Item = Address> {
    let hostname = endpoint.hostname.as_deref().unwrap_or_default();
    endpoint
        .addresses
        .iter()
        .flatten()
        .map(move |text| Address::new(text, if hostname.is_empty() { hostname_of(text) } else { hostname.to_owned() }))
}

impl Address {
    fn new(text: &str, hostname: String) -> Self {
        Address { text: text.to_owned(), ip: text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical()), hostname }
    }
}

/// The label of an address without a host name (`endpointHostname`): dots and colons become `-`.
fn hostname_of(address: &str) -> String {
    if address.contains('.') {
        return address.replace('.', "-");
    }
    if !address.contains(':') {
        return String::new();
    }
    let label = address.replace(':', "-");
    if label.ends_with('-') { label + "0" } else { label }
}
