//! The endpoints behind a backend: where a proxy sends the requests of a rule.

use super::backend::Backend;
use super::table::RouteTable;
use crate::api::resource::ObjectKey;
use crate::cluster::Cluster;
use crate::endpoints::EndpointsTable;
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// One endpoint of a backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Upstream {
    /// Its address and port.
    pub address: SocketAddr,
    /// The pod there, where the endpoint names one.
    pub pod: Option<ObjectKey>,
}

/// The endpoints that take the requests of a backend: those of the Service's port that are ready, each once, in order.
/// None where the backend is no Service, or has none.
pub fn upstreams(cluster: &Cluster, endpoints: &EndpointsTable, backend: &Backend) -> Vec<Upstream> {
    let Backend::Service { key, port } = backend else { return Vec::new() };
    let Some(service) = cluster.services.by_key(key) else { return Vec::new() };
    let wanted = service
        .ports()
        .iter()
        .find(|known| if port.name.is_empty() { Some(known.port) == port.number } else { known.name == port.name });
    let Some(wanted) = wanted else { return Vec::new() };
    let mut found = BTreeSet::new();
    for slice in endpoints.slices(key) {
        let ports = slice.ports.iter().flatten();
        let named = ports.filter(|port| port.name.as_deref().unwrap_or_default() == wanted.name);
        let Some(number) = named.filter_map(|port| u16::try_from(port.port?).ok()).next() else { continue };
        for endpoint in slice.endpoints.iter().flatten().filter(|endpoint| endpoint.conditions.ready != Some(false)) {
            let address = endpoint.addresses.iter().flatten().next().and_then(|address| address.parse::<IpAddr>().ok());
            let Some(address) = address else { continue };
            let pod = endpoint.target_ref.as_ref().filter(|target| target.kind == "Pod");
            let pod = pod.map(|target| ObjectKey::new(target.namespace.as_str(), target.name.as_str()));
            found.insert(Upstream { address: SocketAddr::new(address, number), pod });
        }
    }
    found.into_iter().collect()
}

/// Every backend of a table with its endpoints.
pub fn all(cluster: &Cluster, endpoints: &EndpointsTable, table: &RouteTable) -> BTreeMap<Backend, Vec<Upstream>> {
    let rules = table.hosts().iter().flat_map(|host| host.entries()).chain(table.default_entry());
    let mut found = BTreeMap::new();
    for entry in rules {
        let canary = entry.options.as_ref().and_then(|options| options.canary.as_ref()).map(|canary| &canary.backend);
        for backend in canary.into_iter().chain([&entry.backend]) {
            if *backend != Backend::Nothing && !found.contains_key(backend) {
                found.insert(backend.clone(), upstreams(cluster, endpoints, backend));
            }
        }
    }
    found
}
