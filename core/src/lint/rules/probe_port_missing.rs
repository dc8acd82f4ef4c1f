//! POD003 `probe-port-missing`: finds a probe with a named port that its container does not declare.

use crate::api::pod::Container;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::context::PodTemplate;
use crate::lint::report::Reporter;
use crate::spelling::nearest;
use portolan_base::json::Json;

pub(super) fn check(_: &Engine, report: &mut Reporter<'_>) {
    for &PodTemplate { kind, object, template, pod } in report.context.pod_templates() {
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for (probe, action, name) in named_probes(container) {
                let names = || container.ports.iter().map(|port| port.name.as_str()).filter(|name| !name.is_empty());
                if names().any(|known| known == name) || name.parse::<i32>().is_ok() {
                    continue;
                }
                let only = || names().next().filter(|_| container.ports.len() == 1);
                let meant = nearest(name, &mut names()).or_else(only);
                let message = format!("container {} has no port named {name}, so the probe fails", container.name);
                let help = match meant {
                    Some(meant) => format!("write `{meant}`"),
                    None => "write the name of a port of the container, or a number".to_owned(),
                };
                let field = format!("{template}spec.containers[{index}].{probe}.{action}.port");
                report
                    .at(kind, object, &field, message, help)
                    .fix(kind, object, &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant?))?]));
            }
        }
    }
}

/// The probes of a container whose port is a name: the probe, what it does, and the name.
fn named_probes(container: &Container) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
    let probes = [
        ("livenessProbe", &container.liveness_probe),
        ("readinessProbe", &container.readiness_probe),
        ("startupProbe", &container.startup_probe),
    ];
    probes.into_iter().flat_map(|(name, probe)| {
        let port = move |action: &'static str| {
            let port = probe.as_ref()?.get(action)?.get("port").and_then(Json::as_str)?;
            Some((name, action, port))
        };
        ["httpGet", "tcpSocket"].into_iter().filter_map(port)
    })
}
