//! EPS001 `endpoints-without-service`: finds an EndpointSlice or an Endpoints object whose Service does not exist.

use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::endpoints::selection::selector;
use crate::endpoints::slices::SERVICE_NAME;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use crate::spelling::nearest;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let (cluster, context) = (engine.cluster(), report.context);
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
            .map_or("write the name of a Service in this namespace".to_owned(), |meant| format!("write `{meant}`"));
        let field = format!("metadata.labels[{SERVICE_NAME}]");
        let message = format!("no Service `{service}`");
        report.at(Kind::EndpointSlice, key, &field, message, help).fix(Kind::EndpointSlice, key, &|edit| {
            let meant = meant.as_deref().filter(|_| !context.is_name(&service.name))?;
            Some(vec![edit.replace(&field, Scalar::Text(meant))?])
        });
    }
    for (key, endpoints) in cluster.endpoints.iter().filter(|(key, _)| in_files(key)) {
        // Those without addresses are some controller's note of who leads.
        if cluster.services.by_key(key).is_some() || endpoints.subsets.iter().flatten().next().is_none() {
            continue;
        }
        // Volumes use Endpoints without a Service, so only a name that is almost a Service's is an error.
        let Some(meant) = near(key) else { continue };
        let message = format!("no Service `{key}`");
        report.at(Kind::Endpoints, key, "metadata.name", message, format!("write `{meant}`")).fix(
            Kind::Endpoints,
            key,
            &|edit| Some(vec![edit.replace("metadata.name", Scalar::Text(&meant))?]),
        );
    }
}
