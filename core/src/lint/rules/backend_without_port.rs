//! ING002 `backend-without-port`: finds a backend of an Ingress whose Service has no port of that number or name.

use crate::api::ingress::IngressServiceBackend;
use crate::api::meta::IntOrString;
use crate::api::resource::Kind;
use crate::api::service::{Service, ServicePort};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::backends::Target;
use crate::lint::report::Reporter;
use crate::spelling::nearest;

pub(super) fn check(_: &Engine, report: &mut Reporter<'_>) {
    for target in report.context.targets() {
        let Target { ingress, backend, key, service, port, .. } = target;
        let Some(stored) = service.filter(|stored| port.is_none() && stored.spec.r#type != "ExternalName") else {
            continue;
        };
        let (wanted, field) = match backend.port.name.as_str() {
            "" => (backend.port.number.to_string(), format!("{}.port.number", target.field())),
            name => (name.to_owned(), format!("{}.port.name", target.field())),
        };
        let named = |port: &ServicePort| match port.name.as_str() {
            "" => port.port.to_string(),
            name => format!("{} ({name})", port.port),
        };
        let known: Vec<String> = stored.ports().iter().map(named).collect();
        let message = format!("Service {key} has no port {wanted}");
        let help = format!("it has {}", known.join(", "));
        report
            .at(Kind::Ingress, ingress, &field, message, help)
            .and(Kind::Service, key, "spec.ports", "its ports")
            .fix(Kind::Ingress, ingress, &|edit| {
                let meant = match meant(backend, stored)? {
                    port if backend.port.name.is_empty() => Scalar::Number(i64::from(port.port)),
                    port => Scalar::Text(Some(port.name.as_str()).filter(|name| !name.is_empty())?),
                };
                Some(vec![edit.replace(&field, meant)?])
            });
    }
}

/// The port of the Service that was meant: its only port, the one with a similar name, or the one whose target port is the
/// number in the backend.
fn meant<'s>(backend: &IngressServiceBackend, service: &'s Service) -> Option<&'s ServicePort> {
    let ports = service.ports();
    if let [only] = ports {
        return Some(only);
    }
    let name = backend.port.name.as_str();
    if name.is_empty() {
        let mut leading = ports.iter().filter(|port| port.target_port == IntOrString::Int(backend.port.number));
        return leading.next().filter(|_| leading.next().is_none());
    }
    let near = nearest(name, &mut ports.iter().map(|port| port.name.as_str()))?;
    ports.iter().find(|port| port.name == near)
}
