//! The map of a cluster: everything that may reach everything, by workload and by range of addresses, in few rows; what
//! stands open to pods that are not there; where requests come in; and the pods no policy selects.

pub(crate) mod entries;
pub(crate) mod exposure;
pub(crate) mod flows;
pub(crate) mod parties;
pub(crate) mod render;

pub use entries::EntryPoint;
pub use exposure::Exposure;
pub use parties::Party;
pub use render::Format;

use super::index::PolicyIndex;
use super::ports::PortSet;
use super::reach::{AddressSpan, Reach};
use super::rule::{Direction, Tier};
use crate::api::resource::ObjectKey;
use crate::cluster::Cluster;
use flows::{Flow, Side};
use parties::Parties;
use portolan_base::sort::SmallSort as _;
use std::net::IpAddr;

/// What may reach what. The rows together are exactly what [`PolicyIndex::verdict`] lets through between different pods
/// and between pods and addresses outside; a pod reaches itself, and its node, whatever the rows say.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ConnectionMap {
    /// The connections.
    pub rows: Vec<Row>,
    /// What is open to, or from, pods that the cluster does not hold.
    pub exposed: Vec<Exposure>,
    /// Where Ingresses bring requests in.
    pub entries: Vec<EntryPoint>,
    /// The pods that no NetworkPolicy selects, by direction.
    pub gaps: Vec<(Direction, Vec<Party>)>,
    /// Pods on their node's network, which no policy is taken to select; they are in no row.
    pub on_host: Vec<ObjectKey>,
    /// How many pods there are to tell of; without any there are no rows, whatever the policies say.
    pub pods: u32,
}

/// Every one of `from` may reach every one of `to` on `ports`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The sources.
    pub from: Vec<Party>,
    /// The destinations.
    pub to: Vec<Party>,
    /// The destinations' ports.
    pub ports: PortSet,
}

impl ConnectionMap {
    /// The map of a cluster, from its compiled policies.
    pub fn of(cluster: &Cluster, index: &PolicyIndex) -> Self {
        let Mapped { reach, flows, .. } = index.mapped(cluster);
        let parties = Parties::new(cluster, index);
        let side = |side: &Side| match side {
            Side::Classes(classes) => parties.of(index, classes),
            Side::Addresses(nets) => nets.iter().map(|net| Party::Range(*net)).collect(),
        };
        let mut rows: Vec<Row> = flows
            .iter()
            .map(|flow| Row { from: side(&flow.from), to: side(&flow.to), ports: reach.ports.get(flow.ports) })
            .filter(|row| !row.from.is_empty() && !row.to.is_empty())
            .collect();
        rows.small_sort_by(|a, b| (&a.to, &a.from, &a.ports).cmp(&(&b.to, &b.from, &b.ports)));
        ConnectionMap {
            rows,
            exposed: exposure::of(index, reach, &parties),
            entries: entries::of(cluster, index),
            gaps: gaps(index, &parties),
            pods: parties.all,
            on_host: parties.on_host,
        }
    }
}

/// What classes may reach: the part of a map that does not depend on which pods are in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapped {
    reach: Reach,
    /// The rows over classes: between pods, out to addresses, and in from them.
    flows: Vec<Flow>,
    /// The ranges that pods are given their addresses from, without what is made up around a pod outside of them.
    given: Vec<AddressSpan>,
}

impl Mapped {
    pub(crate) fn of(cluster: &Cluster, index: &PolicyIndex) -> Self {
        let mut reach = Reach::of(index);
        let given = parties::given_ranges(cluster);
        let holes = parties::pod_ranges(&given, index);
        let mut flows = flows::between_pods(&mut reach);
        flows.extend(flows::with_outside(&reach, Direction::Egress, &holes));
        flows.extend(flows::with_outside(&reach, Direction::Ingress, &holes));
        Mapped { reach, flows, given }
    }

    /// Whether pods may have that address without the map being another for it.
    pub(crate) fn is_usual(&self, address: IpAddr) -> bool {
        parties::is_in(&self.given, address)
    }
}

fn gaps(index: &PolicyIndex, parties: &Parties) -> Vec<(Direction, Vec<Party>)> {
    let mut gaps = Vec::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        let is_selected =
            |policy: &super::ids::PolicyId| index.policy(*policy).is_some_and(|it| it.tier == Tier::NetworkPolicy);
        let open: Vec<super::ids::ClassId> = index
            .classes
            .iter()
            .filter(|(_, class)| !class.policies(direction).iter().any(is_selected))
            .map(|(class, _)| class)
            .collect();
        let open = parties.of(index, &open);
        if !open.is_empty() {
            gaps.push((direction, open));
        }
    }
    gaps
}
