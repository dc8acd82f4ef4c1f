//! Choosing one endpoint among several: as kube-proxy's rules do it (at random), as its userspace mode did it (in turn, with
//! affinity), and as the IPVS schedulers of Linux do it (`net/netfilter/ipvs/ip_vs_*.c`, v6.1).
//!
//! What comes in are the [`Server`]s in their order, with weights and open connections, and a [`Connection`]; what goes out
//! is the place of the server, or nothing where none may be chosen. What a scheduler remembers is in the [`Scheduler`];
//! chance comes from a seed, and time comes in with the connection. kube-proxy gives every endpoint the weight 1.

mod hashing;
mod least_connection;
mod locality;
mod maglev;
mod random;
mod round_robin;
mod userspace;
mod weighted_round_robin;

use std::net::{IpAddr, SocketAddr};

/// An endpoint that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its address and port.
    pub address: SocketAddr,
    /// Its weight; one of weight 0 gets no new connections from the IPVS schedulers.
    pub weight: u32,
    /// Its open connections.
    pub active: u64,
    /// Its connections that are closing.
    pub inactive: u64,
}

impl Server {
    /// A server of weight 1 without connections, as kube-proxy sets it up.
    pub fn new(address: SocketAddr) -> Self {
        Server { address, weight: 1, active: 0, inactive: 0 }
    }

    /// What `ip_vs_dest_conn_overhead` makes of the connections: an open one costs as much as 256 that are closing.
    fn overhead(&self) -> u128 {
        u128::from(self.active) * 256 + u128::from(self.inactive)
    }
}

/// A new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Who opens it.
    pub client: IpAddr,
    /// Where to: the address of the Service.
    pub destination: IpAddr,
    /// When, in seconds of any clock.
    pub now: u64,
}

/// The ways to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `random`: even, as the rules of the iptables and nftables modes.
    Random,
    /// `userspace`: in turn, as the mode that kube-proxy had until v1.25; a client keeps its endpoint with affinity.
    Userspace,
    /// `rr`: round robin.
    RoundRobin,
    /// `wrr`: weighted round robin.
    WeightedRoundRobin,
    /// `lc`: least connection.
    LeastConnection,
    /// `wlc`: weighted least connection.
    WeightedLeastConnection,
    /// `lblc`: locality-based least connection.
    LocalityBased,
    /// `lblcr`: locality-based least connection with replication.
    LocalityBasedReplicated,
    /// `sh`: source hashing.
    SourceHashing,
    /// `dh`: destination hashing.
    DestinationHashing,
    /// `sed`: shortest expected delay.
    ShortestDelay,
    /// `nq`: never queue.
    NeverQueue,
    /// `mh`: Maglev hashing.
    Maglev,
}

impl Algorithm {
    /// All of them with their names.
    pub const ALL: [(Algorithm, &'static str); 13] = [
        (Algorithm::Random, "random"),
        (Algorithm::Userspace, "userspace"),
        (Algorithm::RoundRobin, "rr"),
        (Algorithm::WeightedRoundRobin, "wrr"),
        (Algorithm::LeastConnection, "lc"),
        (Algorithm::WeightedLeastConnection, "wlc"),
        (Algorithm::LocalityBased, "lblc"),
        (Algorithm::LocalityBasedReplicated, "lblcr"),
        (Algorithm::SourceHashing, "sh"),
        (Algorithm::DestinationHashing, "dh"),
        (Algorithm::ShortestDelay, "sed"),
        (Algorithm::NeverQueue, "nq"),
        (Algorithm::Maglev, "mh"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("random", |(_, name)| name)
    }

    /// The way of that name (`--ipvs-scheduler`).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(algorithm, _)| algorithm)
    }

    /// Whether it looks at the client's address.
    pub fn looks_at_client(self) -> bool {
        matches!(self, Algorithm::SourceHashing | Algorithm::Maglev)
    }
}

/// A way to choose, and what it remembers.
#[derive(Clone, Debug)]
pub struct Scheduler {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Random(random::Random),
    Userspace(userspace::Userspace),
    RoundRobin(round_robin::RoundRobin),
    WeightedRoundRobin(weighted_round_robin::WeightedRoundRobin),
    Least(least_connection::Least),
    Locality(locality::Locality),
    Hashing(hashing::Hashing),
    Maglev(Box<maglev::Maglev>),
}

impl Scheduler {
    /// A scheduler that has chosen nothing yet. The seed matters to `random` only, the affinity (how many seconds a client
    /// keeps its endpoint) to `userspace` only.
    pub fn new(algorithm: Algorithm, seed: u64, affinity: Option<u32>) -> Self {
        let state = match algorithm {
            Algorithm::Random => State::Random(random::Random::new(seed)),
            Algorithm::Userspace => State::Userspace(userspace::Userspace::new(affinity)),
            Algorithm::RoundRobin => State::RoundRobin(round_robin::RoundRobin::default()),
            Algorithm::WeightedRoundRobin => {
                State::WeightedRoundRobin(weighted_round_robin::WeightedRoundRobin::default())
            }
            Algorithm::LeastConnection => State::Least(least_connection::Least::Unweighted),
            Algorithm::WeightedLeastConnection => State::Least(least_connection::Least::Weighted),
            Algorithm::ShortestDelay => State::Least(least_connection::Least::Delay),
            Algorithm::NeverQueue => State::Least(least_connection::Least::NeverQueue),
            Algorithm::LocalityBased => State::Locality(locality::Locality::new(false)),
            Algorithm::LocalityBasedReplicated => State::Locality(locality::Locality::new(true)),
            Algorithm::SourceHashing => State::Hashing(hashing::Hashing::source()),
            Algorithm::DestinationHashing => State::Hashing(hashing::Hashing::destination()),
            Algorithm::Maglev => State::Maglev(Box::default()),
        };
        Scheduler { state }
    }

    /// The place of the server that takes the connection; nothing where none may. The servers' connections are the
    /// caller's to count.
    pub fn schedule(&mut self, servers: &[Server], connection: &Connection) -> Option<usize> {
        match &mut self.state {
            State::Random(random) => random.schedule(servers.len()),
            State::Userspace(userspace) => userspace.schedule(servers, connection),
            State::RoundRobin(round_robin) => round_robin.schedule(servers),
            State::WeightedRoundRobin(weighted) => weighted.schedule(servers),
            State::Least(least) => least.schedule(servers),
            State::Locality(locality) => locality.schedule(servers, connection),
            State::Hashing(hashing) => hashing.schedule(servers, connection),
            State::Maglev(maglev) => maglev.schedule(servers, connection),
        }
    }
}

/// Opens connections one after the other, `interval` seconds apart, and leaves them open. Gives the places of the servers
/// that took them; a connection that none took is left out.
pub fn choose(
    scheduler: &mut Scheduler,
    servers: &mut [Server],
    mut connection: Connection,
    count: usize,
    interval: u64,
) -> Vec<usize> {
    let mut chosen = Vec::new();
    for _ in 0..count {
        if let Some(place) = scheduler.schedule(servers, &connection) {
            chosen.push(place);
            if let Some(server) = servers.get_mut(place) {
                server.active += 1;
            }
        }
        connection.now = connection.now.saturating_add(interval);
    }
    chosen
}

/// The input of a table, so that the table is built again when the servers change.
type MadeFrom = Vec<(SocketAddr, u32)>;

fn made_from(servers: &[Server]) -> MadeFrom {
    servers.iter().map(|server| (server.address, server.weight)).collect()
}

/// An address folded to 32 bits, as the hashing schedulers do it.
fn fold(ip: IpAddr) -> u32 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            let word = |shift: u32| u32::try_from(bits >> shift & 0xFFFF_FFFF).unwrap_or(0);
            word(0) ^ word(32) ^ word(64) ^ word(96)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Servers `10.0.0.1:80` and on, with these weights.
    pub(super) fn servers(weights: &[u32]) -> Vec<Server> {
        let server = |(at, weight): (usize, &u32)| Server {
            weight: *weight,
            ..Server::new(SocketAddr::from(([10, 0, 0, u8::try_from(at + 1).unwrap()], 80)))
        };
        weights.iter().enumerate().map(server).collect()
    }

    /// A connection from that client to the Service 10.96.0.1.
    pub(super) fn from(client: [u8; 4]) -> Connection {
        Connection { client: client.into(), destination: [10, 96, 0, 1].into(), now: 0 }
    }

    /// Who takes so many connections, as letters.
    pub(super) fn taken(algorithm: Algorithm, weights: &[u32], count: usize) -> String {
        let mut scheduler = Scheduler::new(algorithm, 0, None);
        let chosen = choose(&mut scheduler, &mut servers(weights), from([192, 0, 2, 1]), count, 1);
        chosen.into_iter().map(|place| char::from(b'A' + u8::try_from(place).unwrap())).collect()
    }

    #[test]
    fn nobody_is_chosen_where_nobody_is() {
        for (algorithm, name) in Algorithm::ALL {
            assert_eq!(taken(algorithm, &[], 2), "", "{name}");
            assert_eq!(Algorithm::named(name), Some(algorithm));
            if !matches!(algorithm, Algorithm::Random | Algorithm::Userspace) {
                assert_eq!(taken(algorithm, &[0, 0], 2), "", "{name}");
                assert_eq!(taken(algorithm, &[1], 3), "AAA", "{name}");
            }
        }
        assert_eq!(Algorithm::named("fo"), None);
    }

    #[test]
    fn addresses_fold_to_a_word() {
        assert_eq!(fold([10, 0, 0, 1].into()), 0x0A00_0001);
        let ip: IpAddr = "fd00:1:2:3:4:5:6:7".parse().unwrap();
        assert_eq!(fold(ip), 0xFD00_0001 ^ 0x0002_0003 ^ 0x0004_0005 ^ 0x0006_0007);
    }
}
