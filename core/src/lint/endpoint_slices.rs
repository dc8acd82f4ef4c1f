//! Endpoints that somebody wrote, and that lead nowhere.

use super::{Report, rule};
use crate::api::endpoint_slice::EndpointSlice;
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::endpoints::selection::selector;
use crate::endpoints::slices::{MANAGED_BY, SERVICE_NAME};
use crate::engine::Engine;
use crate::spelling::nearest;
use portolan_base::collections::BTreeSet;
use std::sync::Arc;

rule! {
    /// Finds an EndpointSlice for a Service that is not there, though the files hold others of the namespace, and an Endpoints object
    /// that is almost named like a Service without selector.
    ///
    /// Nothing asks for it: addresses belong to the Service that the label `kubernetes.io/service-name` names, or to the one of
    /// the same name.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   ports: [{name: sql, port: 5432}]
    /// ---
    /// apiVersion: discovery.k8s.io/v1
    /// kind: EndpointSlice
    /// metadata: {name: db-1, labels: {kubernetes.io/service-name: bd}}
    /// addressType: IPv4
    /// endpoints: [{addresses: [192.0.2.10]}]
    /// ports:
    ///   - name: sql
    ///     port: 5432
    ///     protocol: TCP
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   ports: [{name: sql, port: 5432}]
    /// ---
    /// apiVersion: discovery.k8s.io/v1
    /// kind: EndpointSlice
    /// metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
    /// addressType: IPv4
    /// endpoints: [{addresses: [192.0.2.10]}]
    /// ports:
    ///   - name: sql
    ///     port: 5432
    ///     protocol: TCP
    /// ```
    NO_SERVICE = "EPS001", "endpoints-without-service", Warning, no_service
}

rule! {
    /// Finds an Endpoints object for a Service with a selector.
    ///
    /// The controller writes the pods' addresses into the object of that name, whatever somebody has put there.
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
    /// kind: Endpoints
    /// metadata: {name: web}
    /// subsets: [{addresses: [{ip: 192.0.2.10}], ports: [{port: 8080}]}]
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
    /// ```
    OVERWRITTEN = "EPS002", "endpoints-overwritten", Warning, overwritten
}

rule! {
    /// Finds a port of a Service without selector that none of its EndpointSlices has by name.
    ///
    /// The two are joined by the port's name, not by its number: kube-proxy has no endpoints for the port, and rejects
    /// connections to it.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   ports: [{name: sql, port: 5432}]
    /// ---
    /// apiVersion: discovery.k8s.io/v1
    /// kind: EndpointSlice
    /// metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
    /// addressType: IPv4
    /// endpoints: [{addresses: [192.0.2.10]}]
    /// ports:
    ///   - name: pg
    ///     port: 5432
    ///     protocol: TCP
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   ports: [{name: sql, port: 5432}]
    /// ---
    /// apiVersion: discovery.k8s.io/v1
    /// kind: EndpointSlice
    /// metadata: {name: db-1, labels: {kubernetes.io/service-name: db}}
    /// addressType: IPv4
    /// endpoints: [{addresses: [192.0.2.10]}]
    /// ports:
    ///   - name: sql
    ///     port: 5432
    ///     protocol: TCP
    /// ```
    OTHER_PORT = "EPS003", "endpoints-of-other-port", Warning, other_port
}

fn no_service(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let in_files = |key: &ObjectKey| cluster.services.in_namespace(&key.namespace).next().is_some();
    let near = |service: &ObjectKey| {
        let known = cluster.services.in_namespace(&service.namespace).filter(|(_, known)| selector(known).is_none());
        nearest(&service.name, &mut known.map(|(key, _)| key.name.as_str())).map(str::to_owned)
    };
    for (key, slice) in cluster.endpoint_slices.iter().filter(|(key, _)| in_files(key)) {
        let Some(name) = slice.metadata.labels.get(SERVICE_NAME) else { continue };
        let service = ObjectKey::new(key.namespace.as_str(), name.as_str());
        if cluster.services.by_key(&service).is_some() {
            continue;
        }
        let meant = near(&service);
        let help = meant
            .as_ref()
            .map_or("name a Service of the namespace".to_owned(), |meant| format!("there is a Service {meant}"));
        let field = format!("metadata.labels[{SERVICE_NAME}]");
        let message = format!("there is no Service {service}");
        report
            .at(Kind::EndpointSlice, key, &field, message, help)
            .mend(Kind::EndpointSlice, key, &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant.as_deref()?))?]));
    }
    for (key, endpoints) in cluster.endpoints.iter().filter(|(key, _)| in_files(key)) {
        // Those without addresses are some controller's note of who leads.
        if cluster.services.by_key(key).is_some() || endpoints.subsets.iter().flatten().next().is_none() {
            continue;
        }
        // Volumes use Endpoints without a Service, so only one that is almost named like a Service is surely misnamed.
        let Some(meant) = near(key) else { continue };
        let message = format!("there is no Service {key}");
        report.at(Kind::Endpoints, key, "metadata.name", message, format!("there is a Service {meant}")).mend(
            Kind::Endpoints,
            key,
            &|edit| Some(vec![edit.replace("metadata.name", Scalar::Text(&meant))?]),
        );
    }
}

fn overwritten(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for (key, endpoints) in cluster.endpoints.iter() {
        let is_written = endpoints.metadata.uid.is_empty() && endpoints.metadata.resource_version.is_empty();
        let Some(service) = cluster.services.by_key(key).filter(|_| is_written) else { continue };
        if selector(service).is_some() && endpoints.subsets.iter().flatten().next().is_some() {
            let message = format!("Service {key} has a selector: the controller replaces these addresses by its pods'");
            let help = "take the selector out of the Service, or these Endpoints away";
            report.at(Kind::Endpoints, key, "subsets", message, help).and(
                Kind::Service,
                key,
                "spec.selector",
                "the selector",
            );
        }
    }
}

fn other_port(engine: &Engine, report: &mut Report<'_>) {
    for (key, service) in engine.cluster().services.iter() {
        if selector(service).is_some() {
            continue;
        }
        let slices = engine.endpoints().slices(key);
        if slices.iter().all(|slice| slice.endpoints.iter().flatten().next().is_none()) {
            continue;
        }
        let names: BTreeSet<&str> = slices.iter().flat_map(port_names).collect();
        for (index, port) in service.ports().iter().enumerate() {
            if names.contains(port.name.as_str()) {
                continue;
            }
            let shown = |name: &str| if name.is_empty() { "one without name".to_owned() } else { name.to_owned() };
            let known: Vec<String> = names.iter().map(|name| shown(name)).collect();
            let message = format!("no EndpointSlice has port {}: there is {}", shown(&port.name), known.join(", "));
            let help = "give the port of the EndpointSlice the name of the Service's port";
            let field = format!("spec.ports[{index}].name");
            let written = slices.iter().filter(|slice| !slice.metadata.labels.contains_key(MANAGED_BY));
            let slice =
                written.map(|slice| ObjectKey::new(key.namespace.as_str(), slice.metadata.name.as_str())).next();
            let told = report.at(Kind::Service, key, &field, message, help);
            let Some(slice) = slice else { continue };
            let only = slices.len() == 1 && service.ports().len() == 1 && names.len() == 1;
            told.and(Kind::EndpointSlice, &slice, "ports", "its ports").mend(Kind::EndpointSlice, &slice, &|edit| {
                let name = Some(port.name.as_str()).filter(|name| only && !name.is_empty())?;
                Some(vec![match edit.value("ports[0].name") {
                    Some(_) => edit.replace("ports[0].name", Scalar::Text(name))?,
                    None => edit.insert("ports[0]", "name", Scalar::Text(name))?,
                }])
            });
        }
    }
}

fn port_names(slice: &Arc<EndpointSlice>) -> impl Iterator<Item = &str> {
    slice.ports.iter().flatten().map(|port| port.name.as_deref().unwrap_or_default())
}
