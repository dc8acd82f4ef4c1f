//! Names of Services in the settings of containers, looked up in what the files hold.

use super::report::{Shared, Written};
use super::{Report, rule};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::spelling::nearest;
use portolan_base::collections::BTreeSet;

rule! {
    /// Finds a pod on its node's network that is told the name of a Service and does not ask the cluster's DNS.
    ///
    /// With `hostNetwork: true` the policy `ClusterFirst`, which is the default too, means the node's own resolver, and that knows
    /// no Services. `ClusterFirstWithHostNet` asks the cluster's.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   hostNetwork: true
    ///   dnsPolicy: ClusterFirst
    ///   containers:
    ///     - name: agent
    ///       image: registry.example.com/agent:1
    ///       args: ["--server=http://web.default.svc:80"]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: agent}
    /// spec:
    ///   hostNetwork: true
    ///   dnsPolicy: ClusterFirstWithHostNet
    ///   containers:
    ///     - name: agent
    ///       image: registry.example.com/agent:1
    ///       args: ["--server=http://web.default.svc:80"]
    /// ```
    HOST_DNS = "DNS003", "host-network-without-cluster-dns", Warning, host_dns
}

rule! {
    /// Finds the name of a Service in the environment or the arguments of a container, where there is no such Service in that
    /// namespace, or the Service has no such port.
    ///
    /// Only names are looked at that say what they are: those that end with `.svc` or the cluster's domain, and for ports also
    /// the plain name of a Service of the pod's own namespace. A Service that is not there may be somebody else's to make; so its
    /// absence is told only where a Service of nearly that name is in the namespace, or, where the files hold Services of it, one of that name in another.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: client}
    /// spec:
    ///   containers:
    ///     - name: client
    ///       image: registry.example.com/client:1
    ///       env:
    ///         - {name: SERVER, value: "http://web.default.svc.cluster.local:8080/"}
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: client}
    /// spec:
    ///   containers:
    ///     - name: client
    ///       image: registry.example.com/client:1
    ///       env:
    ///         - {name: SERVER, value: "http://web.default.svc.cluster.local:80/"}
    /// ```
    DANGLING = "DNS004", "name-without-service", Warning, dangling
}

/// A place that a setting names.
struct Named<'t> {
    /// As written.
    text: &'t str,
    service: ObjectKey,
    port: Option<i32>,
    /// Whether it can be nothing else: it says that it is a Service's name.
    full: bool,
}

/// The names of Services in a text. `namespace` is that of whoever reads it.
fn names<'t>(text: &'t str, namespace: &str, domain: &str) -> Vec<Named<'t>> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':');
    let mut found = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive(|character| !is_part(character)) {
        let before = text.get(..start).unwrap_or_default();
        start += piece.len();
        let word = piece.trim_end_matches(|character| !is_part(character));
        // The last part of a path with a colon is an image and its tag.
        let is_image = before.ends_with('/') && !before.ends_with("://") || text.contains("image");
        let (host, port) = match word.split_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().ok().map(i32::from)),
            None => (word, None),
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let full =
            host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.')).unwrap_or(host).strip_suffix(".svc");
        match full {
            Some(name) => {
                let mut labels = name.rsplit('.');
                if let (Some(namespace), Some(service)) = (labels.next(), labels.next())
                    && !service.is_empty()
                {
                    found.push(Named { text: word, service: ObjectKey::new(namespace, service), port, full: true });
                }
            }
            None if port.is_some() && !host.contains('.') && !host.is_empty() && !is_image => {
                found.push(Named { text: word, service: ObjectKey::new(namespace, host), port, full: false });
            }
            None => {}
        }
    }
    found
}

/// What looks at a setting: where it is written, its field, its text.
type Show<'s, 'a> = dyn FnMut(&Written<'a>, &dyn Fn() -> String, &'a str) + 's;

/// Shows every setting of every pod, one of those that a workload makes.
fn settings<'a>(shared: &Shared<'a>, show: &mut Show<'_, 'a>) {
    for written in shared.written() {
        for (index, container) in written.pod.spec.containers.iter().enumerate() {
            let field = |list: &str, at: usize| format!("{}spec.containers[{index}].{list}[{at}]", written.template);
            let is_image = |name: &str| name.to_ascii_lowercase().contains("image");
            for (at, variable) in container.env.iter().enumerate().filter(|(_, variable)| !is_image(&variable.name)) {
                show(written, &|| format!("{}.value", field("env", at)), &variable.value);
            }
            for (list, texts) in [("command", &container.command), ("args", &container.args)] {
                texts.iter().enumerate().for_each(|(at, text)| show(written, &|| field(list, at), text));
            }
        }
    }
}

fn host_dns(engine: &Engine, report: &mut Report<'_>) {
    let domain = &engine.cluster().options.cluster_domain;
    let mut told = BTreeSet::new();
    settings(report.shared, &mut |&Written { kind, object: key, template, pod }, field, text| {
        let asks_node = pod.spec.host_network && matches!(pod.spec.dns_policy.as_str(), "" | "ClusterFirst");
        if !asks_node || !text.contains(".svc") || told.contains(&(kind, key)) {
            return;
        }
        let Some(named) = names(text, &key.namespace, domain).into_iter().find(|named| named.full) else { return };
        told.insert((kind, key));
        let message = format!("{} does not resolve: a pod on its node's network asks the node's resolver", named.text);
        let policy = format!("{template}spec.dnsPolicy");
        let help = "write dnsPolicy: ClusterFirstWithHostNet";
        report.at(kind, key, &policy, message, help).and(kind, key, &field(), "the name").mend(kind, key, &|edit| {
            let value = Scalar::Text("ClusterFirstWithHostNet");
            Some(vec![match edit.value(&policy) {
                Some(_) => edit.replace(&policy, value)?,
                None => edit.insert(policy.strip_suffix(".dnsPolicy")?, "dnsPolicy", value)?,
            }])
        });
    });
}

fn dangling(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let domain = &cluster.options.cluster_domain;
    let mut told = BTreeSet::new();
    settings(report.shared, &mut |&Written { kind, object: key, .. }, field, text| {
        if !text.contains(':') && !text.contains(".svc") {
            return;
        }
        for named in names(text, &key.namespace, domain) {
            let Some(fault) = fault(cluster, &named) else { continue };
            if !told.insert((kind, key, named.text)) {
                continue;
            }
            let Fault { message, help } = fault;
            report.at(kind, key, &field(), message, help).and(
                Kind::Service,
                &named.service,
                "spec.ports",
                "the Service",
            );
        }
    });
}

struct Fault {
    message: String,
    help: String,
}

fn fault(cluster: &Cluster, named: &Named<'_>) -> Option<Fault> {
    let Some(service) = cluster.services.by_key(&named.service) else {
        if !named.full {
            return None;
        }
        // Others may hold the Services of a namespace; what is near to one that is here was meant for it.
        let known = cluster.services.in_namespace(&named.service.namespace);
        let near = nearest(&named.service.name, &mut known.map(|(key, _)| key.name.as_str()));
        let is_here = cluster.services.first_of(&named.service.namespace).is_some();
        let elsewhere = || cluster.services.iter().find(|(key, _)| is_here && key.name == named.service.name);
        let help = match near {
            Some(near) => format!("there is a Service {near}"),
            None => format!("there is one in namespace {}", elsewhere()?.0.namespace),
        };
        let message = format!("{} does not resolve: there is no Service {}", named.text, named.service);
        return Some(Fault { message, help });
    };
    // Behind other addresses than its own a Service does not decide on the port.
    let decides = !service.is_headless() && service.spec.r#type != "ExternalName" && !service.ports().is_empty();
    let port = named.port.filter(|_| decides)?;
    if service.ports().iter().any(|known| known.port == port) {
        return None;
    }
    Some(Fault {
        message: format!("{}: Service {} has no port {port}", named.text, named.service),
        help: format!("it has {}", shown(service)),
    })
}

fn shown(service: &Service) -> String {
    let ports: Vec<String> = service.ports().iter().map(|port| port.port.to_string()).collect();
    ports.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_is_none() {
        let read = |text: &str| -> Vec<String> {
            let shown = |named: Named<'_>| format!("{} {:?} {}", named.service, named.port, named.full);
            names(text, "shop", "cluster.local").into_iter().map(shown).collect()
        };
        assert_eq!(read("http://web.ops.svc.cluster.local:80/x"), ["ops/web Some(80) true"]);
        assert_eq!(read("db-0.db.ops.svc."), ["ops/db None true"]);
        assert_eq!(read("a=web:8080,b=other"), ["shop/web Some(8080) false"]);
        assert_eq!(read("http://web:8080/web:2,http://é/web:3"), ["shop/web Some(8080) false"]);
        assert_eq!(read("--image=web:17"), Vec::<String>::new());
        assert_eq!(read("svc 10.0.0.1:80 example.com:80 web.svc :8080 x::y"), Vec::<String>::new());
    }
}
