//! What nodes mean for endpoints: the zone of each, how much of the cluster's processors each zone has, and how many of a
//! Service's endpoints it should get for that.
//!
//! Mirrors `TopologyCache.SetNodes` and `getAllocations` (`k8s.io/endpointslice/topologycache`, v0.36.3).

use super::hints::count;
use crate::api::node::Node;
use crate::cluster::Cluster;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;

/// The most that an endpoint may be overloaded by.
const OVERLOAD_THRESHOLD: f64 = 0.2;

/// Labels of nodes that do not count: control planes.
const EXCLUDED_LABELS: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// What the controllers look at in nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Nodes {
    /// The zone of every node, empty where it has none.
    zones: BTreeMap<String, String>,
    pub(super) ratios: ZoneRatios,
}

impl Nodes {
    /// The nodes of the cluster.
    pub fn compile(cluster: &Cluster) -> Self {
        let zone = |node: &Node| node.zone().unwrap_or_default().to_owned();
        let zones = cluster.nodes.iter().map(|(key, node)| (key.name.clone(), zone(node))).collect();
        Nodes { zones, ratios: ZoneRatios::compile(cluster) }
    }

    /// Whether a pod's node is there. Where no node at all is known, as when only manifests are given, every one is taken
    /// to exist.
    pub(super) fn has(&self, node: &str) -> bool {
        self.zones.is_empty() || self.zones.contains_key(node)
    }

    /// The zone of a node, where it has one.
    pub(super) fn zone(&self, node: &str) -> Option<&str> {
        self.zones.get(node).map(String::as_str).filter(|zone| !zone.is_empty())
    }
}

/// The share of the cluster's processors in each zone. Empty where the nodes do not tell it, or have fewer than two zones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ZoneRatios(BTreeMap<String, f64>);

/// How many endpoints a zone should get: `desired` is at least the fewest that keep it from overload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Allocation {
    pub(super) desired: f64,
}

impl ZoneRatios {
    /// The shares by the allocatable processors of the nodes that are ready and no control plane. One such node without
    /// a zone or without processors takes all shares away.
    fn compile(cluster: &Cluster) -> Self {
        let mut by_zone: BTreeMap<String, i128> = BTreeMap::new();
        for (_, node) in cluster.nodes.iter() {
            let labels = node.labels();
            if EXCLUDED_LABELS.iter().any(|label| labels.contains_key(*label)) || !is_ready(node) {
                continue;
            }
            let (Some(zone), Some(cpu)) = (node.zone(), allocatable_cpu(node).filter(|cpu| *cpu != 0)) else {
                return ZoneRatios::default();
            };
            *by_zone.entry(zone.to_owned()).or_default() += cpu;
        }
        let total: i128 = by_zone.values().sum();
        if total == 0 || by_zone.len() < 2 {
            return ZoneRatios::default();
        }
        let ratio = |cpu: i128| milli(cpu) / milli(total);
        ZoneRatios(by_zone.into_iter().map(|(zone, cpu)| (zone, ratio(cpu))).collect())
    }

    /// The endpoints each zone should get of so many; nothing where that would overload some (`getAllocations`).
    pub(super) fn allocations(&self, endpoints: usize) -> Option<BTreeMap<String, Allocation>> {
        if self.0.is_empty() || self.0.len() > endpoints {
            return None;
        }
        let mut remaining = count(endpoints);
        let mut allocations = BTreeMap::new();
        for (zone, ratio) in &self.0 {
            let desired = ratio * count(endpoints);
            let minimum = (desired * (1.0 / (1.0 + OVERLOAD_THRESHOLD))).ceil();
            remaining -= minimum;
            if remaining < 0.0 {
                return None;
            }
            allocations.insert(zone.clone(), Allocation { desired: desired.max(minimum) });
        }
        Some(allocations)
    }
}

fn is_ready(node: &Node) -> bool {
    let ready = node.status.conditions.iter().find(|condition| condition.r#type == "Ready");
    ready.is_some_and(|condition| condition.status == "True")
}

fn allocatable_cpu(node: &Node) -> Option<i128> {
    match node.status.allocatable.get("cpu")? {
        Json::String(text) => quantity(text),
        Json::Int(number) => Some(i128::from(*number) * NANO),
        Json::Number(text) => quantity(text),
        _ => None,
    }
}

const NANO: i128 = 1_000_000_000;

/// A `resource.Quantity` in billionths, rounded up, which is the finest that a Quantity holds.
fn quantity(text: &str) -> Option<i128> {
    let digits = text.find(|character: char| !matches!(character, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(digits)?;
    let (numerator, denominator): (i128, i128) = match suffix {
        "n" => (1, NANO),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "" => (1, 1),
        "k" => (1000, 1),
        "M" => (1_000_000, 1),
        "G" => (NANO, 1),
        "T" => (1000 * NANO, 1),
        "P" => (1_000_000 * NANO, 1),
        "E" => (NANO * NANO, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        exponent => {
            let exponent: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
            if exponent < 0 { (1, power) } else { (power, 1) }
        }
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.get(..fraction.len().min(18))?;
    let digits = format!("{whole}{fraction}").parse::<i128>().ok()?;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let above = digits.checked_mul(numerator)?.checked_mul(NANO)?;
    let below = scale.checked_mul(denominator)?;
    let rounds_up = above > 0 && above % below != 0;
    Some(above / below + i128::from(rounds_up))
}

/// `Quantity.MilliValue`: thousandths, rounded up.
#[expect(clippy::cast_precision_loss, reason = "Go turns the same integer into a float64")]
fn milli(nano: i128) -> f64 {
    let milli = nano / 1_000_000 + i128::from(nano % 1_000_000 > 0);
    i64::try_from(milli).unwrap_or(i64::MAX) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_with_their_suffixes() {
        assert_eq!(quantity("4"), Some(4 * NANO));
        assert_eq!(quantity("3920m"), Some(3_920_000_000));
        assert_eq!(quantity("0.5"), Some(500_000_000));
        assert_eq!(quantity("1e3"), Some(1000 * NANO));
        assert_eq!(quantity("2Ki"), Some(2048 * NANO));
        assert_eq!(quantity("0.1n"), Some(1));
        assert_eq!(quantity("many"), None);
    }

    #[test]
    fn zones_get_their_share_unless_that_overloads_one() {
        let halves = ZoneRatios(BTreeMap::from([("a".to_owned(), 0.5), ("b".to_owned(), 0.5)]));
        assert_eq!(halves.allocations(1), None);
        let desired = |endpoints| halves.allocations(endpoints).map(|zones| zones["a"].desired);
        assert_eq!(desired(2), Some(1.0));
        assert_eq!(desired(3), None, "two each is more than three");
        assert_eq!(desired(4), Some(2.0));
        assert_eq!(desired(5), None);
    }
}
