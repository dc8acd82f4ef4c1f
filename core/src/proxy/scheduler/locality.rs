//! `lblc` and `lblcr` (`ip_vs_lblc.c`, `ip_vs_lblcr.c`): what goes to one address stays with one server, or with a set of
//! them, as long as that is not overloaded while another has hardly anything to do.
//!
//! A server is overloaded when it has more open connections than its weight, and some server has less than half of its
//! own. Then, and for a new address, the server with the least weighted connections is taken; `lblcr` adds it to the set,
//! and takes the busiest out of a set that has not changed for a day. What was not used for a day is forgotten.

use super::least_connection::least_weighted;
use super::{Connection, Server};
use portolan_base::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// `DEFAULT_EXPIRATION`, in seconds.
const EXPIRATION: u64 = 24 * 60 * 60;

/// Which servers an address stays with.
#[derive(Clone, Debug)]
pub(super) struct Locality {
    replicated: bool,
    entries: BTreeMap<IpAddr, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// The last added first.
    servers: Vec<SocketAddr>,
    last_used: u64,
    last_changed: u64,
}

impl Locality {
    pub(super) fn new(replicated: bool) -> Self {
        Locality { replicated, entries: BTreeMap::new() }
    }

    pub(super) fn schedule(&mut self, servers: &[Server], connection: &Connection) -> Option<usize> {
        let now = connection.now;
        self.entries.retain(|_, entry| now.saturating_sub(entry.last_used) < EXPIRATION);
        let replicated = self.replicated;
        let Some(entry) = self.entries.get_mut(&connection.destination) else {
            let place = least(servers)?;
            let entry = Entry { servers: vec![servers.get(place)?.address], last_used: now, last_changed: now };
            self.entries.insert(connection.destination, entry);
            return Some(place);
        };
        entry.last_used = now;
        let of_set = |entry: &Entry| {
            let place = |address: &SocketAddr| servers.iter().position(|server| server.address == *address);
            entry.servers.iter().filter_map(place).collect::<Vec<usize>>()
        };
        let set = of_set(entry);
        let candidates = set.iter().filter_map(|place| Some((*place, servers.get(*place)?)));
        let mine = least_weighted(candidates.filter(|(_, server)| server.weight > 0), Server::overhead);
        if replicated
            && entry.servers.len() > 1
            && now > entry.last_changed + EXPIRATION
            && let Some(busiest) = busiest(servers, &set)
        {
            entry.servers.retain(|address| *address != busiest);
            entry.last_changed = now;
        }
        if let Some(place) = mine
            && !is_overloaded(servers, place)
        {
            return Some(place);
        }
        let place = least(servers)?;
        let address = servers.get(place)?.address;
        if !replicated {
            entry.servers = vec![address];
        } else if !entry.servers.contains(&address) {
            entry.servers.insert(0, address);
            entry.last_changed = now;
        }
        Some(place)
    }
}

fn least(servers: &[Server]) -> Option<usize> {
    least_weighted(servers.iter().enumerate().filter(|(_, server)| server.weight > 0), Server::overhead)
}

/// `is_overloaded`
fn is_overloaded(servers: &[Server], place: usize) -> bool {
    let busy = |server: &Server| server.active > u64::from(server.weight);
    servers.get(place).is_some_and(busy) && servers.iter().any(|server| server.active * 2 < u64::from(server.weight))
}

/// The server of the set with the most weighted connections (`ip_vs_dest_set_max`); the first of equals.
fn busiest(servers: &[Server], set: &[usize]) -> Option<SocketAddr> {
    let candidates = set.iter().filter_map(|place| servers.get(*place)).filter(|server| server.weight > 0);
    let most = candidates.reduce(|most, other| {
        let is_more = most.overhead() * u128::from(other.weight) < other.overhead() * u128::from(most.weight);
        if is_more { other } else { most }
    });
    most.map(|server| server.address)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{from, servers};
    use super::super::{Connection, Server};
    use super::{EXPIRATION, Locality};

    fn at(now: u64) -> Connection {
        Connection { now, ..from([192, 0, 2, 1]) }
    }

    fn loaded(active: [u64; 3]) -> Vec<Server> {
        let mut servers = servers(&[2, 2, 2]);
        servers.iter_mut().zip(active).for_each(|(server, active)| server.active = active);
        servers
    }

    /// Weights are 2: with more than two connections a server is overloaded as soon as another has none.
    #[test]
    fn an_address_stays_with_its_server_until_that_is_overloaded() {
        let mut locality = Locality::new(false);
        for (active, chosen) in [
            ([0, 0, 0], 0),
            ([2, 0, 0], 0),
            // Overloaded, but nobody is idle.
            ([3, 1, 1], 0),
            ([3, 1, 0], 2),
            // It has moved, and stays there though A has less to do.
            ([0, 0, 2], 2),
        ] {
            assert_eq!(locality.schedule(&loaded(active), &at(0)), Some(chosen), "{active:?}");
        }
        assert_eq!(locality.schedule(&loaded([0, 0, 2]), &at(EXPIRATION - 1)), Some(2));
        assert_eq!(locality.schedule(&loaded([0, 0, 2]), &at(2 * EXPIRATION - 1)), Some(0));
    }

    #[test]
    fn a_set_grows_by_the_least_busy_and_loses_the_busiest_after_a_day() {
        let mut locality = Locality::new(true);
        let mut choose = |active, now| locality.schedule(&loaded(active), &at(now)).unwrap();
        assert_eq!(choose([0, 0, 0], 0), 0);
        assert_eq!(choose([3, 0, 1], 1), 1);
        // Both are in the set now: the less busy of the two, though C has nothing to do.
        assert_eq!(choose([2, 1, 0], 2), 1);
        assert_eq!(choose([1, 2, 0], 3), 0);
        assert_eq!(choose([1, 2, 0], EXPIRATION), 0);
        // A day without a change: A, now the busiest, leaves the set.
        assert_eq!(choose([2, 1, 0], EXPIRATION + 2), 1);
        assert_eq!(choose([0, 1, 0], EXPIRATION + 3), 1);
    }
}
