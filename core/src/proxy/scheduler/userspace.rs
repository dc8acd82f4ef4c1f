//! `userspace`: one after the other, as `LoadBalancerRR.NextEndpoint` (k8s.io/kubernetes/pkg/proxy/userspace/roundrobin.go,
//! until v1.25). With affinity a client keeps its endpoint as long as it comes back in time. (kube-proxy shuffled the
//! endpoints first; here they come in the order they are given.)

use super::{Connection, Server};
use portolan_base::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Who is next, and which clients keep which endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Userspace {
    next: usize,
    /// How many seconds a client keeps its endpoint.
    affinity: Option<u32>,
    kept: BTreeMap<IpAddr, Kept>,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    endpoint: SocketAddr,
    last_used: u64,
}

impl Userspace {
    pub(super) fn new(affinity: Option<u32>) -> Self {
        Userspace { affinity, ..Userspace::default() }
    }

    pub(super) fn schedule(&mut self, servers: &[Server], connection: &Connection) -> Option<usize> {
        if servers.is_empty() {
            return None;
        }
        if let (Some(seconds), Some(kept)) = (self.affinity, self.kept.get_mut(&connection.client))
            && connection.now.saturating_sub(kept.last_used) < u64::from(seconds)
            && let Some(place) = servers.iter().position(|server| server.address == kept.endpoint)
        {
            kept.last_used = connection.now;
            return Some(place);
        }
        let place = self.next % servers.len();
        self.next = (place + 1) % servers.len();
        if self.affinity.is_some() {
            let endpoint = servers.get(place)?.address;
            self.kept.insert(connection.client, Kept { endpoint, last_used: connection.now });
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{from, servers, taken};
    use super::super::{Algorithm, Connection};
    use super::Userspace;

    #[test]
    fn in_turn_whatever_the_weights() {
        assert_eq!(taken(Algorithm::Userspace, &[1, 1, 0], 7), "ABCABCA");
    }

    #[test]
    fn a_client_keeps_its_endpoint_until_its_time_is_over() {
        let servers = servers(&[1, 1, 1]);
        let mut userspace = Userspace::new(Some(10));
        let mut at = |client: u8, now: u64| {
            userspace.schedule(&servers, &Connection { now, ..from([192, 0, 2, client]) }).unwrap()
        };
        // (client, time) → endpoint. Coming back starts the time anew; ten seconds after the last time it is over.
        for (client, now, endpoint) in [(1, 0, 0), (2, 1, 1), (1, 9, 0), (1, 18, 0), (2, 11, 2), (1, 28, 0), (1, 37, 0)]
        {
            assert_eq!(at(client, now), endpoint, "client {client} at {now}");
        }
    }
}
