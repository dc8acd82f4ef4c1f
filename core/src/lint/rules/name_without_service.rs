//! DNS004 `name-without-service`: finds the name of a Service in a container's environment or arguments, if the Service
//! or its port does not exist.

use crate::api::resource::Kind;
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::lint::context::PodTemplate;
use crate::lint::report::Reporter;
use crate::lint::service_names::{Named, names, settings};
use crate::spelling::nearest;
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let domain = &cluster.options.cluster_domain;
    let mut reported = BTreeSet::new();
    settings(report.context, &mut |&PodTemplate { kind, object: key, .. }, field, text| {
        if !text.contains(':') && !text.contains(".svc") {
            return;
        }
        for named in names(text, &key.namespace, domain) {
            let Some(fault) = fault(cluster, &named) else { continue };
            if !reported.insert((kind, key, named.text)) {
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
            Some(near) => format!("write `{near}`"),
            None => format!("there is one in namespace {}", elsewhere()?.0.namespace),
        };
        let message = format!("{} does not resolve: no Service `{}`", named.text, named.service);
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
