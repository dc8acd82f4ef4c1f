//! ExternalName Services that lead nowhere.

use super::{Report, rule};
use crate::api::resource::Kind;
use crate::engine::Engine;
use std::net::IpAddr;

rule! {
    /// Finds an `externalName` that is an IP address.
    ///
    /// DNS answers with a CNAME, and a CNAME to an address is a name that does not resolve. An address wants a Service without
    /// selector and an EndpointSlice.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: database
    /// spec:
    ///   type: ExternalName
    ///   externalName: 192.0.2.10
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: database
    /// spec:
    ///   type: ExternalName
    ///   externalName: db.example.com
    /// ```
    IS_ADDRESS = "SVC004", "external-name-is-address", Error, is_address
}

rule! {
    /// Finds an `externalName` that leads back to the Service itself, at once or through other Services.
    ///
    /// The name never resolves.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: database
    /// spec:
    ///   type: ExternalName
    ///   externalName: database.default.svc.cluster.local
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: database
    /// spec:
    ///   type: ExternalName
    ///   externalName: database.other.svc.cluster.local
    /// ```
    IS_ITSELF = "SVC005", "external-name-is-itself", Error, is_itself
}

fn is_address(engine: &Engine, report: &mut Report<'_>) {
    for (key, service) in engine.cluster().services.iter() {
        let name = &service.spec.external_name;
        if service.spec.r#type == "ExternalName" && name.parse::<IpAddr>().is_ok() {
            let message = format!("{name} is an address: DNS cannot answer with it as a name");
            let help = "write a Service without selector, and an EndpointSlice with the address";
            report.at(Kind::Service, key, "spec.externalName", message, help);
        }
    }
}

fn is_itself(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let domain = format!(".svc.{}", cluster.options.cluster_domain);
    let leads_to = |name: &str| -> Option<crate::api::resource::ObjectKey> {
        let (service, namespace) = name.trim_end_matches('.').strip_suffix(&domain)?.split_once('.')?;
        Some(crate::api::resource::ObjectKey::new(namespace, service))
    };
    for (key, service) in cluster.services.iter().filter(|(_, service)| service.spec.r#type == "ExternalName") {
        let mut at = leads_to(&service.spec.external_name);
        // A chain longer than there are Services has gone round.
        for _ in 0..cluster.services.len() {
            let Some(next) = at else { break };
            if next == *key {
                let message = format!("{} leads back to the Service itself", service.spec.external_name);
                report.at(
                    Kind::Service,
                    key,
                    "spec.externalName",
                    message,
                    "name what is meant outside of this Service",
                );
                break;
            }
            let stored = cluster.services.by_key(&next).filter(|service| service.spec.r#type == "ExternalName");
            at = stored.and_then(|service| leads_to(&service.spec.external_name));
        }
    }
}
