//! The environment of a container: the variables of Services and its own.

use super::expansion::expand;
use crate::api::pod::{Container, EnvVar, Pod};
use crate::api::resource::{ObjectKey, namespace_or_default};
use crate::api::service::Service;
use crate::cluster::Cluster;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;
use portolan_base::sort::SmallSort as _;
use std::sync::Arc;

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The variables of a container, and what cannot be said of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The container's own variables in their order, then those of Services by the Services' names. (The kubelet's own
    /// order is by chance.)
    pub variables: Vec<Variable>,
    /// Services that are younger than the pod: its containers get their variables only after a restart.
    pub missed: Vec<ObjectKey>,
    /// Variables in which somebody may find what he does not expect.
    pub collisions: Vec<Collision>,
    /// Variables whose values the cluster's objects do not tell: name (or the prefix with `*`) and why.
    pub unknown: Vec<(String, String)>,
}

/// A variable in which somebody may find what he does not expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The variable.
    pub name: String,
    /// The Services that set it.
    pub services: Vec<ObjectKey>,
    /// What is the matter.
    pub kind: CollisionKind,
}

/// How a variable collides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollisionKind {
    /// Several Services set it to different values; which one wins is chance. Here it is the last.
    Services,
    /// The container sets it itself, and the Service's value does not reach it.
    Own,
    /// A program of that name may take it for a setting of its own: `REDIS_PORT` is `tcp://…`, and no number.
    Program(String),
}

impl Collision {
    /// A sentence that says it.
    pub fn because(&self) -> String {
        match &self.kind {
            CollisionKind::Services => "several Services set the variable, and which of them wins is chance".to_owned(),
            CollisionKind::Own => {
                "the container sets the variable itself; the Service's value does not reach it".to_owned()
            }
            CollisionKind::Program(program) => {
                format!(
                    "{program} may read {} as a setting of its own, and finds what the Service puts there",
                    self.name
                )
            }
        }
    }
}

/// The namespace of a pod; a missing one is `default`.
pub(super) fn namespace_of(pod: &Pod) -> &str {
    namespace_or_default(&pod.metadata.namespace)
}

/// The variables that tell of Services, in their order. Services without a cluster IP are left out.
///
/// Mirrors `envvars.FromServices` (k8s.io/kubernetes/pkg/kubelet/envvars, v1.36.3).
pub fn from_services<'s>(services: impl IntoIterator<Item = &'s Service>) -> Vec<Variable> {
    let mut variables = Vec::new();
    for service in services {
        if is_ip_set(service) {
            add_service(&mut variables, service);
        }
    }
    variables
}

/// `v1helper.IsServiceIPSet`
fn is_ip_set(service: &Service) -> bool {
    !service.spec.cluster_ip.is_empty() && service.spec.cluster_ip != "None"
}

fn add_service(variables: &mut Vec<Variable>, service: &Service) {
    let mut add = |name: String, value: String| variables.push(Variable { name, value });
    let prefix = variable_name(&service.metadata.name);
    let ip = &service.spec.cluster_ip;
    let ports = service.spec.ports.as_deref().unwrap_or_default();
    add(format!("{prefix}_SERVICE_HOST"), ip.clone());
    if let Some(first) = ports.first() {
        add(format!("{prefix}_SERVICE_PORT"), first.port.to_string());
    }
    for port in ports.iter().filter(|port| !port.name.is_empty()) {
        add(format!("{prefix}_SERVICE_PORT_{}", variable_name(&port.name)), port.port.to_string());
    }
    for (index, port) in ports.iter().enumerate() {
        let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
        let (lower, upper) = (protocol.to_ascii_lowercase(), protocol.to_ascii_uppercase());
        let url = match ip.contains(':') {
            true => format!("{lower}://[{ip}]:{}", port.port),
            false => format!("{lower}://{ip}:{}", port.port),
        };
        if index == 0 {
            add(format!("{prefix}_PORT"), url.clone());
        }
        let link = format!("{prefix}_PORT_{}_{upper}", port.port);
        add(link.clone(), url);
        add(format!("{link}_PROTO"), lower);
        add(format!("{link}_PORT"), port.port.to_string());
        add(format!("{link}_ADDR"), ip.clone());
    }
}

/// `makeEnvVariableName`. The names of Services and ports have no letters beyond ASCII.
fn variable_name(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

/// The Services whose variables the containers of a pod get, sorted by name, whatever their age.
///
/// Mirrors `Kubelet.getServiceEnvVarMap` (kubelet_pods.go, v1.36.3): `kubernetes` of the namespace `default` always; with
/// `enableServiceLinks` every Service of the pod's own namespace, one named `kubernetes` in place of the other. The kubelet knows
/// the Services that are stored: where the files hold no `kubernetes`, there are no variables of it.
pub fn services_told(cluster: &Cluster, pod: &Pod) -> Vec<(ObjectKey, Arc<Service>)> {
    let namespace = namespace_of(pod);
    let mut told = BTreeMap::new();
    let master = ObjectKey::in_namespace("", "kubernetes");
    let stored = cluster.services.by_key(&master).map(Arc::clone);
    told.extend(stored.map(|service| (master.name.clone(), (master, service))));
    if pod.spec.enable_service_links.unwrap_or(true) {
        let own = cluster.services.in_namespace(namespace).filter(|(_, service)| is_ip_set(service));
        told.extend(own.map(|(key, service)| (key.name.clone(), (key.clone(), Arc::clone(service)))));
    }
    told.into_values().filter(|(_, service)| is_ip_set(service)).collect()
}

/// The environment of a container of a pod.
///
/// Mirrors `Kubelet.makeEnvironmentVariables` (kubelet_pods.go, v1.36.3): a value is expanded with the variables before
/// it and those of Services; the container's own variables stand above those of Services.
pub fn of_container(cluster: &Cluster, pod: &Pod, container: &Container) -> Environment {
    let mut environment = Environment::default();
    let mut told: BTreeMap<String, (String, Vec<ObjectKey>)> = BTreeMap::new();
    let mut order = Vec::new();
    for (key, service) in services_told(cluster, pod) {
        if is_younger(&service, pod) {
            environment.missed.push(key);
            continue;
        }
        for Variable { name, value } in from_services([service.as_ref()]) {
            if !told.contains_key(&name) {
                order.push(name.clone());
            }
            let (known, services) = told.entry(name).or_default();
            if *known != value && !services.is_empty() || services.is_empty() {
                services.push(key.clone());
            }
            *known = value;
        }
    }
    let mut own: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut own_order = Vec::new();
    for source in &container.env_from {
        let why = format!("they come from {}, whose values are not read", source_of(source));
        environment.unknown.push((format!("{}*", prefix_of(source)), why));
    }
    for variable in &container.env {
        let value_of = |name: &str| match own.get(name) {
            Some(known) => known.clone().ok_or(()),
            None => told.get(name).map(|(value, _)| value.clone()).ok_or(()),
        };
        // A name that nothing else sets may be one of those that are not read.
        let may_be_unread = |name: &str| {
            let mut prefixes = container.env_from.iter().map(prefix_of);
            !told.contains_key(name) && prefixes.any(|prefix| name.starts_with(prefix))
        };
        let is_unknown = |name: &str| own.get(name).map_or_else(|| may_be_unread(name), Option::is_none);
        let value = match value(cluster, pod, variable, value_of, is_unknown) {
            Ok(value) => Some(value),
            Err(why) => {
                environment.unknown.push((variable.name.clone(), why));
                None
            }
        };
        if !own.contains_key(variable.name.as_str()) {
            own_order.push(variable.name.as_str());
        }
        own.insert(&variable.name, value);
    }
    for name in own_order {
        if let Some(Some(value)) = own.get(name) {
            environment.variables.push(Variable { name: name.to_owned(), value: value.clone() });
        }
    }
    for name in order {
        let Some((value, services)) = told.remove(&name) else { continue };
        if own.contains_key(name.as_str()) {
            environment.collisions.push(Collision { name, services, kind: CollisionKind::Own });
            continue;
        }
        if services.len() > 1 {
            environment.collisions.push(Collision { name: name.clone(), services, kind: CollisionKind::Services });
        } else if let Some(program) = name.strip_suffix("_PORT").and_then(|prefix| program_named(container, prefix)) {
            let kind = CollisionKind::Program(program.to_owned());
            environment.collisions.push(Collision { name: name.clone(), services, kind });
        }
        environment.variables.push(Variable { name, value });
    }
    environment
}

/// The program of the container, by its own name or its image's, whose settings begin with that word.
fn program_named<'c>(container: &'c Container, prefix: &str) -> Option<&'c str> {
    let image = container.image.split('@').next().unwrap_or_default();
    let image = image.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
    [container.name.as_str(), image].into_iter().find(|name| variable_name(name) == prefix)
}

/// Whether the Service was made after the pod had started. Without both times it was not.
fn is_younger(service: &Service, pod: &Pod) -> bool {
    let seconds = |time: &str| crate::api::time::to_seconds(time);
    let started = pod.status.start_time.as_ref().map_or(&pod.metadata.creation_timestamp, |time| time);
    match (seconds(&service.metadata.creation_timestamp.0), seconds(&started.0)) {
        (Some(made), Some(started)) => made > started,
        _ => false,
    }
}

/// The prefix of the names that a source of many variables gives.
fn prefix_of(source: &Json) -> &str {
    source.get("prefix").and_then(Json::as_str).unwrap_or_default()
}

fn source_of(source: &Json) -> String {
    for (member, kind) in [
        ("configMapRef", "ConfigMap"),
        ("secretRef", "Secret"),
        ("configMapKeyRef", "ConfigMap"),
        ("secretKeyRef", "Secret"),
    ] {
        if let Some(reference) = source.get(member) {
            return format!("{kind} {}", reference.get("name").and_then(Json::as_str).unwrap_or_default());
        }
    }
    "a source that the node knows".to_owned()
}

/// The value of one variable, or why it is not known.
fn value(
    cluster: &Cluster,
    pod: &Pod,
    variable: &EnvVar,
    value_of: impl Fn(&str) -> Result<String, ()>,
    is_unknown: impl Fn(&str) -> bool,
) -> Result<String, String> {
    if !variable.value.is_empty() {
        let mut unknown = None;
        let expanded = expand(&variable.value, |name| {
            if is_unknown(name) {
                unknown = Some(name.to_owned());
            }
            value_of(name).ok()
        });
        return match unknown {
            Some(name) => Err(format!("it is made from {name}, whose value is not known")),
            None => Ok(expanded),
        };
    }
    let Some(source) = &variable.value_from else { return Ok(String::new()) };
    match source.get("fieldRef").and_then(|field| field.get("fieldPath")).and_then(Json::as_str) {
        Some(path) => field(cluster, pod, path).ok_or_else(|| format!("{path} is no field that a variable can have")),
        None => Err(format!("it comes from {}, whose values are not read", source_of(source))),
    }
}

/// A field of the pod (`podFieldSelectorRuntimeValue`).
fn field(cluster: &Cluster, pod: &Pod, path: &str) -> Option<String> {
    let metadata = &pod.metadata;
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let map = match map {
            "metadata.labels" => &metadata.labels,
            "metadata.annotations" => &metadata.annotations,
            _ => return None,
        };
        return Some(map.get(key).cloned().unwrap_or_default());
    }
    // The kubelet asks its own node; the pod's status says the same once it has run.
    let hosts = || -> Vec<String> {
        let node = cluster.nodes.get("", &pod.spec.node_name).map(|node| node.host_ips()).unwrap_or_default();
        if !node.is_empty() {
            return node.iter().map(ToString::to_string).collect();
        }
        let known: Vec<String> = pod.status.host_ips.iter().map(|host| host.ip.clone()).collect();
        if !known.is_empty() || pod.status.host_ip.is_empty() { known } else { vec![pod.status.host_ip.clone()] }
    };
    Some(match path {
        "metadata.name" => metadata.name.clone(),
        "metadata.namespace" => namespace_of(pod).to_owned(),
        "metadata.uid" => metadata.uid.clone(),
        // `ConvertDownwardAPIFieldLabel` (pkg/apis/core/pods) still takes the older name.
        "spec.nodeName" | "spec.host" => pod.spec.node_name.clone(),
        "spec.serviceAccountName" if pod.spec.service_account_name.is_empty() => "default".to_owned(),
        "spec.serviceAccountName" => pod.spec.service_account_name.clone(),
        "status.hostIP" => hosts().into_iter().next().unwrap_or_default(),
        "status.hostIPs" => hosts().join(","),
        "status.podIP" => sorted_ips(cluster, pod).into_iter().next().unwrap_or_default(),
        "status.podIPs" => sorted_ips(cluster, pod).join(","),
        _ => return None,
    })
}

/// The pod's addresses, those of the node's first family first (`sortPodIPs`).
fn sorted_ips(cluster: &Cluster, pod: &Pod) -> Vec<String> {
    let node = cluster.nodes.get("", &pod.spec.node_name);
    let first = node.and_then(|node| node.host_ips().first().copied());
    let mut ips: Vec<String> = pod.ips().map(str::to_owned).collect();
    if let Some(first) = first {
        ips.small_sort_by_key(|ip| ip.contains(':') != first.is_ipv6());
    }
    ips
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::resource::{Kind, read};
    use crate::cluster::Options;
    use crate::manifest;

    fn cluster(text: &str) -> Cluster {
        let mut cluster = Cluster::new(Options::default());
        for node in manifest::objects(text).into_iter().flatten() {
            let text = |name| node.get(name).and_then(portolan_base::tree::Node::as_str).unwrap();
            cluster.insert(read(Kind::of(text("apiVersion"), text("kind")).unwrap(), &node).0, None);
        }
        cluster
    }

    fn environment(cluster: &Cluster, namespace: &str) -> Environment {
        let pod = cluster.pods.get(namespace, "p").unwrap();
        of_container(cluster, pod, &pod.spec.containers[0])
    }

    fn value<'e>(environment: &'e Environment, name: &str) -> Option<&'e str> {
        environment.variables.iter().find(|variable| variable.name == name).map(|variable| variable.value.as_str())
    }

    const SERVICES: &str = r#"
apiVersion: v1
kind: ServiceList
items:
- {metadata: {name: kubernetes, namespace: default}, spec: {clusterIP: 10.0.0.1, ports: [{name: https, port: 443}]}}
- {metadata: {name: other, namespace: default}, spec: {clusterIP: 10.0.0.2, ports: [{port: 80}]}}
- {metadata: {name: foo, namespace: a}, spec: {clusterIP: 10.0.0.3, ports: [{port: 80}]}}
- {metadata: {name: foo-service, namespace: a}, spec: {clusterIP: 10.0.0.4, ports: [{port: 81}]}}
- {metadata: {name: late, namespace: a, creationTimestamp: "2026-01-01T00:00:02Z"}, spec: {clusterIP: 10.0.0.5, ports: [{port: 1}]}}
- {metadata: {name: headless, namespace: a}, spec: {clusterIP: None, ports: [{port: 1}]}}
- {metadata: {name: kubernetes, namespace: own}, spec: {clusterIP: 10.0.0.6, ports: [{port: 6443}]}}
---
apiVersion: v1
kind: PodList
items:
- metadata: {name: p, namespace: a, labels: {app: web}}
  spec:
    nodeName: n1
    containers:
    - name: c
      image: registry.example/team/foo:1.2@sha256:0123
      envFrom: [{prefix: X_, configMapRef: {name: settings}}]
      env:
      - {name: URL, value: "http://$(FOO_SERVICE_HOST):$(FOO_PORT_80_TCP_PORT)/$(LATER)$$(URL)"}
      - {name: LATER, value: "1"}
      - {name: AGAIN, value: "$(LATER)2"}
      - {name: MADE, value: "$(X_SETTING)"}
      - {name: HOST, valueFrom: {fieldRef: {fieldPath: spec.host}}}
      - {name: LATER, value: "3"}
      - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
      - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
      - {name: SECRET, valueFrom: {secretKeyRef: {name: s, key: k}}}
      - {name: FROM_SECRET, value: "x$(SECRET)"}
      - {name: OTHER_SERVICE_HOST, value: mine}
      - {name: FOO_PORT_80_TCP_ADDR, value: mine}
  status: {startTime: "2026-01-01T00:00:01Z"}
- {metadata: {name: p, namespace: own}, spec: {containers: [{name: c}]}}
- {metadata: {name: p, namespace: nolinks}, spec: {enableServiceLinks: false, containers: [{name: c}]}}
"#;

    #[test]
    fn own_variables_stand_above_those_of_services() {
        let found = environment(&cluster(SERVICES), "a");
        assert_eq!(value(&found, "URL"), Some("http://10.0.0.3:80/$(LATER)$(URL)"));
        assert_eq!(value(&found, "AGAIN"), Some("12"));
        assert_eq!(value(&found, "LATER"), Some("3"));
        assert_eq!((value(&found, "NODE"), value(&found, "APP")), (Some("n1"), Some("web")));
        assert_eq!(value(&found, "HOST"), Some("n1"));
        assert_eq!(value(&found, "OTHER_SERVICE_HOST"), Some("mine"));
        assert_eq!(value(&found, "KUBERNETES_SERVICE_HOST"), Some("10.0.0.1"));
        assert_eq!(value(&found, "HEADLESS_SERVICE_HOST"), None);
        let unknown: Vec<&str> = found.unknown.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(unknown, ["X_*", "MADE", "SECRET", "FROM_SECRET"]);
    }

    #[test]
    fn younger_services_are_missed_and_collisions_told() {
        let found = environment(&cluster(SERVICES), "a");
        assert_eq!(found.missed, [ObjectKey::new("a", "late")]);
        assert_eq!(value(&found, "LATE_SERVICE_HOST"), None);
        let foo = ObjectKey::new("a", "foo");
        let collision = |name: &str, services: &[&ObjectKey], kind| Collision {
            name: name.to_owned(),
            services: services.iter().map(|service| (*service).clone()).collect(),
            kind,
        };
        assert_eq!(
            found.collisions,
            [
                collision("FOO_SERVICE_PORT", &[&foo, &ObjectKey::new("a", "foo-service")], CollisionKind::Services),
                collision("FOO_PORT", &[&foo], CollisionKind::Program("foo".to_owned())),
                collision("FOO_PORT_80_TCP_ADDR", &[&foo], CollisionKind::Own),
            ]
        );
        assert_eq!(value(&found, "FOO_SERVICE_PORT"), Some("tcp://10.0.0.4:81"));
    }

    /// Facts of upstream's `TestMakeEnvironmentVariables` (kubelet_pods_test.go): the Services whose variables are set.
    #[test]
    fn variables_of_the_master_service_are_always_set() {
        let all = cluster(SERVICES);
        assert_eq!(value(&environment(&all, "own"), "KUBERNETES_SERVICE_HOST"), Some("10.0.0.6"));
        let without = environment(&all, "nolinks");
        assert_eq!(value(&without, "KUBERNETES_SERVICE_HOST"), Some("10.0.0.1"));
        assert_eq!(without.variables.len(), 8);
        let bare =
            cluster("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: b}, spec: {containers: [{name: c}]}}");
        assert_eq!(value(&environment(&bare, "b"), "KUBERNETES_PORT"), None);
    }

    #[test]
    fn services_without_an_address_have_no_variables() {
        let all = cluster(SERVICES);
        let found = services_told(&all, all.pods.get("a", "p").unwrap());
        let names: Vec<&str> = found.iter().map(|(key, _)| key.name.as_str()).collect();
        assert_eq!(names, ["foo", "foo-service", "kubernetes", "late"]);
    }
}
