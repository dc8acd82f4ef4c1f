//! At an ingress controller: which rule serves the request, and from there to the endpoints of its Service.

use super::endpoint::Reached;
use super::entry::Entry;
use super::journey::{Path, Walk};
use super::sender::Sender;
use super::{Door, Doors, HopAnswer, Outcome};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::{Service, ServicePort};
use crate::ask::part::Location;
use crate::ask::route::{RouteAnswer, ServicePort as BackendPort};
use crate::ingress::Controller;

/// The most pods of one controller from which a request is followed on.
const MOST_PODS: usize = 8;

impl<'e> Walk<'e> {
    /// At pods of a controller, which all serve by the same rules.
    pub(super) fn at_controllers(&mut self, path: Path<'e>, sender: &Sender, pods: &[(Door, ObjectKey)]) {
        let Some((door, pod)) = pods.first() else { return };
        let Some(entry) = self.controller_at(pod, door.port) else { return };
        let tls = self.is_tls_port(&entry, door.port);
        let mut path = path;
        match (self.target.is_secure(), tls) {
            (true, false) => {
                let because =
                    format!("port {} of the controller speaks plain HTTP, and the URL asks for TLS", door.port);
                path.hop("ingress", None, because.clone(), None);
                return self.end(path, Outcome::NotFound, "tls", format!("The TLS handshake fails: {because}."));
            }
            (false, true) => {
                let because =
                    format!("port {} of the controller speaks TLS, and the URL asks for plain HTTP", door.port);
                path.hop("ingress", None, because.clone(), None);
                return self.end(
                    path,
                    Outcome::NotFound,
                    "tls",
                    format!("The controller answers 400 or closes the connection: {because}."),
                );
            }
            (true, true) if entry.controller == Controller::Contour && !self.listens_to_https(&entry) => {
                let because = "no Ingress of Contour has a rule with a certificate, and Envoy without any does not listen for HTTPS";
                let sentence = format!("The connection is refused: {because}.");
                path.hop("pod", None, because, None);
                return self.end(path, Outcome::Refused, "no https", sentence);
            }
            _ => {}
        }
        let pods: Vec<ObjectKey> = pods.iter().map(|(_, pod)| pod.clone()).collect();
        self.by_rule(path, sender, &entry, &pods);
    }

    /// Whether a port of the controller's pods is the one for TLS: it is behind the Service's port 443, or one of that name.
    fn is_tls_port(&self, entry: &Entry, target: u16) -> bool {
        let Some(key) = &entry.service else { return self.target.is_secure() };
        let Some(service) = self.engine.cluster().services.by_key(key) else { return self.target.is_secure() };
        let is_tls = |port: &ServicePort| port.port == 443 || port.name == "https";
        service.ports().iter().filter(|port| is_tls(port)).any(|port| {
            self.engine.endpoints().slices(key).iter().flat_map(|slice| slice.ports.iter().flatten()).any(|known| {
                known.name.as_deref().unwrap_or_default() == port.name && known.port == Some(i32::from(target))
            })
        })
    }

    fn listens_to_https(&self, entry: &Entry) -> bool {
        self.engine
            .route_table(entry.controller, entry.class.as_deref())
            .hosts()
            .iter()
            .any(|host| host.secure == Some(true))
    }

    /// By the rules of the Ingresses to a Service, and to its endpoints. `pods` are the controller's; none where the files do
    /// not have them.
    pub(super) fn by_rule(&mut self, mut path: Path<'e>, sender: &Sender, entry: &Entry, pods: &[ObjectKey]) {
        self.assume(
            "controller",
            entry.controller.name(),
            "the class of the Ingress decides which controller serves it",
        );
        let url = self.target.url.clone();
        let answer = match self.route(entry.controller, entry.class.as_deref(), sender.client()) {
            Ok(answer) => answer,
            Err(error) => {
                let sentence = format!("The rule that serves {url} cannot be found: {error}.");
                path.hop("ingress", Some(HopAnswer::Error(error)), sentence.clone(), None);
                return self.end(path, Outcome::Unknown, "route", sentence);
            }
        };
        let whole = |answer: &RouteAnswer<'e>| Some(HopAnswer::Route(Box::new(answer.clone())));
        if self.target.is_secure() && entry.controller == Controller::Contour && answer.tls.is_none() {
            let because = format!("no certificate is for {}, so Envoy closes the TLS connection", self.target.host);
            path.hop("ingress", whole(&answer), because.clone(), None);
            return self.end(path, Outcome::NotFound, "tls", format!("The TLS handshake fails: {because}."));
        }
        if !answer.matched {
            path.hop("ingress", whole(&answer), answer.because.clone(), None);
            let sentence = format!("The ingress controller answers 404: no rule matches {url}.");
            return self.end(path, Outcome::NotFound, "404", sentence);
        }
        let source = answer.ingress.as_ref().and_then(|key| self.source(Kind::Ingress, key, &rule_field(&answer)));
        let named = answer.ingress.as_ref().map_or_else(|| "an Ingress".to_owned(), |key| format!("Ingress {key}"));
        if let Some(refusal) = &answer.refusal {
            let (code, because) = (refusal.code, refusal.because.clone());
            path.hop("ingress", whole(&answer), format!("{named}: {because}"), source);
            let sentence = format!("The ingress controller answers {code}: {because}.");
            return self.end(path, Outcome::Refused, format!("code {code}"), sentence);
        }
        if let Some(redirect) = &answer.redirect {
            let (code, to) = (redirect.code, redirect.location.clone());
            path.hop("ingress", whole(&answer), format!("{named} redirects with {code} to {to}"), source);
            let sentence = format!("The ingress controller redirects {url} with {code} to {to}.");
            return self.end(path, Outcome::Redirected, "redirect", sentence);
        }
        let Some(service) = answer.service.clone() else {
            path.hop("ingress", whole(&answer), format!("{named} sends it to a resource of the controller"), source);
            let sentence = format!("{url} goes to a resource that only its controller knows.");
            return self.end(path, Outcome::Unknown, "resource", sentence);
        };
        let rewritten = answer.rewrite.as_ref().filter(|path| !path.is_empty());
        let rewritten = rewritten.map(|path| format!(", with the path rewritten to {path}")).unwrap_or_default();
        let key = ObjectKey::new(service.namespace.as_str(), service.name.as_str());
        let because = format!("{named} sends it to port {} of Service {key}{rewritten}", service.port);
        path.hop("ingress", whole(&answer), because, source);
        self.pass_to_backend(path, entry, pods, &key, &service.port, answer.fallback.as_ref());
    }

    /// From the controller to the endpoints of a Service, as the endpoint controllers publish them: an ingress controller
    /// sends to endpoints, without kube-proxy.
    /// `fallback` replaces a Service that has no endpoints.
    fn pass_to_backend(
        &mut self,
        mut path: Path<'e>,
        entry: &Entry,
        pods: &[ObjectKey],
        key: &ObjectKey,
        port: &BackendPort,
        fallback: Option<&ObjectKey>,
    ) {
        let Some(service) = self.engine.cluster().services.by_key(key).cloned() else {
            let because = format!("Service {key} does not exist");
            path.hop("service", None, because.clone(), None);
            return self.end(
                path,
                Outcome::NoEndpoint,
                "503",
                format!("The ingress controller answers 503: {because}."),
            );
        };
        if service.spec.r#type == "ExternalName" {
            let source = self.source(Kind::Service, key, "spec.externalName");
            let name = service.spec.external_name.clone();
            if entry.controller == Controller::Contour {
                let because = format!(
                    "Service {key} is an alias of {name}, and Contour does not follow ExternalName Services by default"
                );
                path.hop("service", None, because.clone(), source);
                return self.end(
                    path,
                    Outcome::NoEndpoint,
                    "503",
                    format!("The ingress controller answers 503: {because}."),
                );
            }
            path.hop("service", None, format!("Service {key} is an alias of {name}"), source);
            let sentence = format!("{} goes to {name}, outside the cluster.", self.target.url);
            return self.end(path, Outcome::External, "outside", sentence);
        }
        let Some(found) = port_of(&service, port) else {
            let source = self.source(Kind::Service, key, "spec.ports");
            let known: Vec<String> = service.ports().iter().map(|port| port.port.to_string()).collect();
            let because = format!("Service {key} has no port {port}; it has {}", known.join(", "));
            path.hop("service", None, because.clone(), source);
            return self.end(
                path,
                Outcome::NoEndpoint,
                "503",
                format!("The ingress controller answers 503: {because}."),
            );
        };
        let ready = self.ready_endpoints(key, &found.name);
        let source = self.service_port_source(key, &service, found);
        let count = ready.len();
        let endpoints = if count == 1 { "1 endpoint".to_owned() } else { format!("{count} endpoints, evenly") };
        let summary = Some(HopAnswer::Endpoints(Doors { to: ready.clone() }));
        if ready.is_empty() {
            let because = self.no_endpoint_because(key, &service);
            path.hop("service", summary, because.clone(), source);
            let of_fallback =
                fallback.and_then(|fallback| self.first_port(fallback).map(|port| (fallback.clone(), port)));
            if let Some((fallback, port)) = of_fallback
                && !self.ready_endpoints(&fallback, &port.name).is_empty()
            {
                let words = format!(
                    "the default backend of the Ingress, Service {fallback}, takes the place of a Service without endpoints"
                );
                let source = self.source(Kind::Service, &fallback, "metadata.name");
                path.hop("service", None, words, source);
                return self.pass_to_backend(path, entry, pods, &fallback, &BackendPort::Number(port.port), None);
            }
            return self.end(
                path,
                Outcome::NoEndpoint,
                "503",
                format!("The ingress controller answers 503: {because}."),
            );
        }
        path.hop("service", summary, format!("port {} of Service {key} goes to {endpoints}", found.port), source);
        let doors: Vec<(Door, Option<ObjectKey>)> = ready
            .iter()
            .map(|door| {
                (
                    *door,
                    self.pod_at(door.ip)
                        .or_else(|| self.host_pods_at(*door, self.target.protocol()).into_iter().next()),
                )
            })
            .collect();
        let through = format!("Service {key}");
        if pods.is_empty() {
            let from = Sender::Controller;
            let reached = Reached { node: String::new(), masquerade: false, through };
            return self.at_backends(path, &from, &doors, &reached);
        }
        let several = pods.len();
        for pod in pods.iter().take(MOST_PODS) {
            let part = path.branch(1, several, (several > 1).then(|| pod.to_string()));
            let from = self.pod_sender(pod);
            let node = if let Sender::Pod { node, .. } = &from { node.clone() } else { String::new() };
            let reached = Reached { node, masquerade: false, through: through.clone() };
            self.at_backends(part, &from, &doors, &reached);
        }
    }

    fn first_port(&self, key: &ObjectKey) -> Option<ServicePort> {
        self.engine.cluster().services.by_key(key)?.ports().first().cloned()
    }

    /// Why a Service has no ready endpoint, and what to compare.
    fn no_endpoint_because(&self, key: &ObjectKey, service: &Service) -> String {
        let pods = self.engine.endpoints().pods(key);
        if !pods.is_empty() {
            let names: Vec<String> = pods.iter().take(3).map(|pod| pod.metadata.name.clone()).collect();
            return format!("no endpoint of Service {key} is ready; it selects {}", names.join(", "));
        }
        match service.spec.selector.as_ref().filter(|selector| !selector.is_empty()) {
            Some(selector) => {
                let labels: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!(
                    "Service {key} has no endpoint: no pod in namespace {} has the labels {}",
                    key.namespace,
                    labels.join(",")
                )
            }
            None => format!("Service {key} has no selector, and no EndpointSlice names endpoints for it"),
        }
    }

    /// Where the port of a Service is declared.
    fn service_port_source(&self, key: &ObjectKey, service: &Service, port: &ServicePort) -> Option<Location<'e>> {
        let index = service.ports().iter().position(|known| known == port).unwrap_or(0);
        self.source(Kind::Service, key, &format!("spec.ports[{index}].port"))
    }

    /// A pod as a sender.
    pub(super) fn pod_sender(&self, key: &ObjectKey) -> Sender {
        let pod = self.engine.cluster().pods.by_key(key);
        Sender::Pod {
            key: key.clone(),
            node: pod.map(|pod| pod.spec.node_name.clone()).unwrap_or_default(),
            host_network: pod.is_some_and(|pod| pod.spec.host_network),
            seen: None,
        }
    }
}

fn port_of<'s>(service: &'s Service, port: &BackendPort) -> Option<&'s ServicePort> {
    service.ports().iter().find(|known| match port {
        BackendPort::Number(number) => known.port == *number,
        BackendPort::Name(name) => known.name == *name,
    })
}

/// The field of the rule that won.
fn rule_field(answer: &RouteAnswer<'_>) -> String {
    match (answer.rule, answer.path) {
        (Some(rule), Some(path)) => format!("spec.rules[{rule}].http.paths[{path}].path"),
        _ => "spec.defaultBackend".to_owned(),
    }
}
