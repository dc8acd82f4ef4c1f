//! SVC004 `external-name-is-address`: finds an `externalName` that is an IP address.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use std::net::IpAddr;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, service) in engine.cluster().services.iter() {
        let name = &service.spec.external_name;
        if service.spec.r#type == "ExternalName" && name.parse::<IpAddr>().is_ok() {
            let message = format!("{name} is an IP address, and a CNAME record to an address does not resolve");
            let help = "use a Service without selector and an EndpointSlice with the address";
            report.at(Kind::Service, key, "spec.externalName", message, help);
        }
    }
}
