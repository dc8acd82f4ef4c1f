//! Around Services and Ingresses.

use super::Neighbourhood;
use crate::api::ingress::Ingress;
use crate::api::meta::StringMap;
use crate::api::pod::{Container, Pod, PodSpec};
use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::api::service::Service;
use crate::endpoints::selection::{selector, selects};
use crate::endpoints::slices::SERVICE_NAME;
use crate::ingress::class::CLASS_ANNOTATION;
use crate::workload::template_of;
use portolan_base::collections::BTreeSet;

/// Whether a variable begins as those that pods get of a Service of that name.
pub(super) fn is_named_after(variable: &str, service: &str) -> bool {
    let alike = |(one, other): (u8, u8)| one == if other == b'-' { b'_' } else { other.to_ascii_uppercase() };
    variable.as_bytes().get(service.len()) == Some(&b'_') && variable.bytes().zip(service.bytes()).all(alike)
}

/// Whether a container has settings that the variables of a Service of that name may stand among.
pub(super) fn may_take_for_setting(container: &Container, service: &str) -> bool {
    let read = crate::kubelet::program_variables::variable_read_by(&container.image);
    let begins =
        |read: &str| read.strip_suffix("_*").is_some_and(|own| may_collide(&own.to_ascii_lowercase(), service));
    let mut names = container.env.iter().map(|variable| variable.name.as_str()).chain(read);
    names.any(|name| is_named_after(name, service)) || read.is_some_and(begins)
}

/// The texts in containers that may name a Service.
pub(super) fn texts(spec: &PodSpec) -> impl Iterator<Item = &str> {
    spec.containers.iter().flat_map(|container| {
        let settings = container.env.iter().map(|variable| variable.value.as_str());
        settings.chain(container.command.iter().chain(&container.args).map(String::as_str))
    })
}

/// What a text names that may be a Service, with its namespace: `web:80`, `web.shop.svc`.
pub(super) fn named_in<'t>(text: &'t str, namespace: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':');
    let words = text.split(move |character| !is_part(character));
    let words = words.filter(|word| word.contains(':') || word.contains(".svc"));
    words.filter_map(move |word| {
        let host = word.split(':').next()?;
        let Some((name, _)) = host.split_once(".svc") else {
            return Some((host, namespace)).filter(|_| !host.is_empty() && !host.contains('.'));
        };
        let (rest, namespace) = name.rsplit_once('.')?;
        Some((rest.rsplit('.').next()?, namespace))
    })
}

impl<'c> Neighbourhood<'c> {
    /// Around a Service: its endpoints, the Services that it may be mistaken for, and a pod that gets its variables.
    pub(super) fn service(&mut self, key: &'c ObjectKey, service: &Service) {
        if !self.begins((Kind::Service, key)) {
            return;
        }
        let cluster = self.cluster;
        let labels = self.endpoints_of(key, service);
        if let Some(selector) = selector(service).filter(|_| labels.is_empty()) {
            // Where the pods are that it may mean.
            let elsewhere = cluster.pods.iter().find(|(_, pod)| selects(selector, &pod.metadata.labels));
            elsewhere.into_iter().for_each(|(pod, _)| self.pod(pod));
        }
        self.guards(&key.namespace, &labels);
        for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet] {
            let of_its_name = cluster.workloads.get(&kind).and_then(|store| store.entry(key));
            let Some((workload, stored)) = of_its_name else { continue };
            self.workload(kind, workload);
            let Some(template) = template_of(stored) else { continue };
            for (other, stored) in cluster.services.in_namespace(&key.namespace) {
                if selector(stored).is_some_and(|theirs| selects(theirs, &template.metadata.labels)) {
                    self.picked.insert((Kind::Service, other));
                }
            }
        }
        if matches!(service.spec.r#type.as_str(), "NodePort" | "LoadBalancer") {
            self.nodes();
        }
        let (addresses, ports) = entrances(service);
        if !ports.is_empty() || !addresses.is_empty() {
            for (other, stored) in cluster.services.iter() {
                let (theirs, their_ports) = entrances(stored);
                let shares_port = ports.iter().any(|port| their_ports.contains(port));
                if shares_port || addresses.iter().any(|address| theirs.contains(address)) {
                    self.picked.insert((Kind::Service, other));
                }
            }
        }
        for (other, stored) in cluster.services.in_namespace(&key.namespace) {
            let overlaps = selector(stored).is_some_and(|theirs| labels.iter().any(|labels| selects(theirs, labels)));
            if other != key && overlaps {
                self.picked.insert((Kind::Service, other));
                self.endpoints_of(other, stored);
            } else if may_collide(&other.name, &key.name) {
                self.picked.insert((Kind::Service, other));
            }
        }
        if keeps_clients(service) {
            self.clients();
        }
        let has_links = |pod: &Pod| pod.spec.enable_service_links != Some(false);
        let listener = cluster.pods.in_namespace(&key.namespace).find(|(_, pod)| has_links(pod));
        listener.into_iter().for_each(|(pod, _)| self.pod(pod));
        self.aliases(service);
    }

    /// The pods that a Service selects, and the slices and Endpoints written for it. Gives the labels of the pods.
    pub(super) fn endpoints_of(&mut self, key: &'c ObjectKey, service: &Service) -> Vec<&'c StringMap> {
        let cluster = self.cluster;
        let mut labels: Vec<&'c StringMap> = Vec::new();
        if let Some(selector) = selector(service) {
            for (pod, stored) in cluster.pods.in_namespace(&key.namespace) {
                if selects(selector, &stored.metadata.labels) {
                    self.pod(pod);
                    if labels.last() != Some(&&stored.metadata.labels) {
                        labels.push(&stored.metadata.labels);
                    }
                }
            }
        }
        for (slice, stored) in cluster.endpoint_slices.in_namespace(&key.namespace) {
            if stored.metadata.labels.get(SERVICE_NAME) == Some(&key.name) {
                self.picked.insert((Kind::EndpointSlice, slice));
            }
        }
        self.picked.extend(cluster.endpoints.entry(key).map(|(key, _)| (Kind::Endpoints, key)));
        if service.spec.external_traffic_policy == "Local" {
            self.nodes();
        }
        labels
    }

    /// What leads to a Service: the Ingresses that send to it, the sets of pods that are named by it, aliases, policies that
    /// may mean its port, and pods with settings of its name.
    pub(super) fn before_service(&mut self, key: &'c ObjectKey, service: &Service) {
        let cluster = self.cluster;
        self.senders(key);
        let sets = cluster.workloads.get(&Kind::StatefulSet);
        for (set, stored) in sets.into_iter().flat_map(|sets| sets.in_namespace(&key.namespace)) {
            if stored.spec.service_name == key.name {
                self.picked.insert((Kind::StatefulSet, set));
                for pod in self.engine.pods_made_by(Kind::StatefulSet, set) {
                    cluster.pods.entry(&pod).into_iter().for_each(|(pod, _)| self.pod(pod));
                }
            }
        }
        let mut selected: Vec<&'c StringMap> = Vec::new();
        for (pod, stored) in cluster.pods.in_namespace(&key.namespace) {
            let is_told = stored.spec.containers.iter().any(|container| may_take_for_setting(container, &key.name));
            if stored.spec.subdomain == key.name || is_told {
                self.pod(pod);
            }
            let labels = &stored.metadata.labels;
            if selector(service).is_some_and(|selector| selects(selector, labels)) && selected.last() != Some(&labels) {
                selected.push(labels);
            }
        }
        let ports: Vec<i32> = service.ports().iter().map(|port| port.port).collect();
        for (policy, stored) in cluster.network_policies.in_namespace(&key.namespace) {
            let is_about = || selected.iter().any(|labels| stored.spec.pod_selector.matches(labels));
            if super::policies::names_port(stored, &ports) && is_about() {
                self.picked.insert((Kind::NetworkPolicy, policy));
                self.policy(policy, stored);
            }
        }
        for (other, stored) in cluster.services.iter().filter(|(_, stored)| stored.spec.r#type == "ExternalName") {
            if self.alias_of(stored).as_ref() == Some(key) {
                self.picked.insert((Kind::Service, other));
                self.aliases(stored);
            }
        }
    }

    /// The Ingresses that send to a Service.
    pub(super) fn senders(&mut self, key: &'c ObjectKey) {
        for (ingress, stored) in self.cluster.ingresses.in_namespace(&key.namespace) {
            if backends(stored).any(|name| name == key.name) {
                self.picked.insert((Kind::Ingress, ingress));
                self.ingress(ingress, stored);
            }
        }
    }

    /// Around an Ingress: its Services and Secrets, and the Ingresses of its hosts.
    pub(super) fn ingress(&mut self, key: &'c ObjectKey, ingress: &Ingress) {
        if !self.begins((Kind::Ingress, key)) {
            return;
        }
        let cluster = self.cluster;
        let mut guarded = false;
        for name in backends(ingress).collect::<BTreeSet<&str>>() {
            match cluster.services.entry(&ObjectKey::new(key.namespace.as_str(), name)) {
                Some((service, stored)) => {
                    self.picked.insert((Kind::Service, service));
                    let labels = self.endpoints_of(service, stored);
                    self.guards(&key.namespace, &labels);
                    guarded |= !cluster.network_policies.is_empty();
                }
                None => {
                    let elsewhere = cluster.services.iter().find(|(known, _)| known.name == name);
                    self.picked.extend(elsewhere.map(|(service, _)| (Kind::Service, service)));
                }
            }
        }
        for tls in ingress.spec.tls.iter().flatten() {
            let secret = ObjectKey::new(key.namespace.as_str(), tls.secret_name.as_str());
            self.picked.extend(cluster.secrets.entry(&secret).map(|(secret, _)| (Kind::Secret, secret)));
        }
        let has_class = ingress.spec.ingress_class_name.is_some()
            || ingress.metadata.annotations.contains_key(CLASS_ANNOTATION)
            || cluster.ingress_classes.is_empty();
        let is_bare = ingress.spec.tls.iter().flatten().any(|tls| tls.secret_name.is_empty());
        if guarded || !has_class || is_bare {
            self.controllers();
        }
        let own: Vec<&str> = hosts(ingress).collect();
        let mut classed = false;
        for (other, stored) in cluster.ingresses.iter() {
            // Whether any Ingress names a class makes a difference to those that do not.
            let names_class =
                stored.spec.ingress_class_name.is_some() || stored.metadata.annotations.contains_key(CLASS_ANNOTATION);
            let is_first = names_class && !std::mem::replace(&mut classed, true);
            if is_first || hosts(stored).any(|host| own.iter().any(|known| known.eq_ignore_ascii_case(host))) {
                self.picked.insert((Kind::Ingress, other));
            }
        }
    }

    /// Around the Services that keep a client to a pod: whether policies let it through is asked for every client.
    pub(super) fn affinities(&mut self) {
        let cluster = self.cluster;
        for (service, stored) in cluster.services.iter().filter(|(_, stored)| keeps_clients(stored)) {
            self.picked.insert((Kind::Service, service));
            self.service(service, stored);
        }
    }

    /// One pod of each look, as a client, and what its way out is.
    fn clients(&mut self) {
        let cluster = self.cluster;
        let mut seen = BTreeSet::new();
        for (pod, stored) in cluster.pods.iter().filter(|(_, stored)| !stored.spec.host_network) {
            let labels = &stored.metadata.labels;
            if seen.insert((pod.namespace.as_str(), labels)) {
                self.pod(pod);
                self.guards(&pod.namespace, &[labels]);
            }
        }
    }

    /// The pods of ingress controllers, and what their way out is.
    fn controllers(&mut self) {
        let cluster = self.cluster;
        for (pod, stored) in cluster.pods.iter() {
            if crate::lint::ingress_controllers::is_controller(stored) {
                self.pod(pod);
                self.guards(&pod.namespace, &[&stored.metadata.labels]);
            }
        }
    }

    /// Around a slice or an Endpoints object: its Service.
    pub(super) fn walk_slice(&mut self, new: Option<&Resource>) {
        let (cluster, key) = (self.cluster, self.key);
        let old = cluster.endpoint_slices.by_key(key).map(|slice| &slice.metadata);
        let metadata = old.into_iter().chain(new.map(Resource::metadata));
        let mut names: BTreeSet<&str> =
            metadata.filter_map(|metadata| metadata.labels.get(SERVICE_NAME)).map(String::as_str).collect();
        if self.kind == Kind::Endpoints {
            names.insert(&key.name);
        }
        // One that names no Service may be meant for any that has no selector.
        for (service, stored) in cluster.services.in_namespace(&key.namespace) {
            if selector(stored).is_none() {
                self.picked.insert((Kind::Service, service));
            }
        }
        for name in names {
            let service = ObjectKey::new(key.namespace.as_str(), name);
            if let Some((service, stored)) = cluster.services.entry(&service) {
                self.picked.insert((Kind::Service, service));
                self.service(service, stored);
                self.senders(service);
            }
        }
    }

    /// The Services that an alias leads to, one after the other.
    fn aliases(&mut self, service: &Service) {
        let mut seen = BTreeSet::new();
        let mut next = self.alias_of(service);
        while let Some((key, stored)) = next.and_then(|key| self.cluster.services.entry(&key)) {
            self.picked.insert((Kind::Service, key));
            next = if seen.insert(key) { self.alias_of(stored) } else { None };
        }
    }

    fn alias_of(&self, service: &Service) -> Option<ObjectKey> {
        if service.spec.r#type != "ExternalName" {
            return None;
        }
        let name = service.spec.external_name.trim_end_matches('.');
        let inside = name.strip_suffix(self.cluster.options.cluster_domain.as_str())?.strip_suffix(".svc.")?;
        let (name, namespace) = inside.split_once('.')?;
        Some(ObjectKey::new(namespace, name))
    }
}

fn keeps_clients(service: &Service) -> bool {
    service.spec.session_affinity == "ClientIP" && !service.is_headless()
}

/// Whether the variables of two Services can have one name.
fn may_collide(one: &str, other: &str) -> bool {
    let begins = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('-'));
    begins(one, other) || begins(other, one)
}

fn backends(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let spec = &ingress.spec;
    let paths = spec.rules.iter().flatten().flat_map(|rule| &rule.http).flat_map(|http| http.paths.iter().flatten());
    let backends = spec.default_backend.iter().chain(paths.map(|path| &path.backend));
    backends.filter_map(|backend| backend.service.as_ref()).map(|service| service.name.as_str())
}

/// The hosts of an Ingress; the empty one is every host.
fn hosts(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let spec = &ingress.spec;
    let of_rules = spec.rules.iter().flatten().map(|rule| rule.host.as_str());
    let of_tls = spec.tls.iter().flatten().flat_map(|tls| tls.hosts.iter().flatten()).map(String::as_str);
    of_rules.chain(of_tls).chain(spec.default_backend.as_ref().map(|_| ""))
}

/// The addresses and ports of nodes that a Service is reached on.
fn entrances(service: &Service) -> (Vec<&str>, Vec<i32>) {
    let spec = &service.spec;
    let mut addresses: Vec<&str> = spec.external_ips.iter().flatten().map(String::as_str).collect();
    addresses.extend(service.cluster_ips().filter(|address| *address != "None"));
    addresses.extend(Some(spec.load_balancer_ip.as_str()).filter(|address| !address.is_empty()));
    let ports = service.ports().iter().map(|port| port.node_port).chain([spec.health_check_node_port]);
    (addresses, ports.filter(|port| *port != 0).collect())
}
