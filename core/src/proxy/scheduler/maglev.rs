//! `mh` (`ip_vs_mh.c`): Maglev hashing (Eisenbud et al.: Maglev, NSDI 2016, §3.4). Each server has an order of its own over
//! 4,093 places; in turn, by weight, each takes its next place that is free. The client's address finds the place. What
//! falls to a server of weight 0 is refused (the flag `mh-fallback` is not set).

use super::weighted_round_robin::divisor;
use super::{Connection, MadeFrom, Server, fold, made_from};

/// `IP_VS_MH_TAB_SIZE` for the default `CONFIG_IP_VS_MH_TAB_INDEX` of 12, and the bits that a server's turns may have.
const PLACES: u32 = 4093;
const TURN_BITS: u32 = 6;

/// The halves of the keys of the two hashes.
const OFFSET_KEY: u64 = 2_654_435_761;
const SKIP_KEY: u64 = 2_654_446_892;

/// The table of places.
#[derive(Clone, Debug, Default)]
pub(super) struct Maglev {
    made_from: MadeFrom,
    table: Vec<Option<usize>>,
}

/// A server while places are taken.
struct Setup {
    place: usize,
    next: u32,
    skip: u32,
    turns: u32,
}

impl Maglev {
    pub(super) fn schedule(&mut self, servers: &[Server], connection: &Connection) -> Option<usize> {
        let made_from = made_from(servers);
        if self.made_from != made_from {
            self.made_from = made_from;
            self.table = populate(servers);
        }
        let at = hash(fold(connection.client), OFFSET_KEY) % PLACES;
        let place = self.table.get(usize::try_from(at).ok()?).copied().flatten()?;
        servers.get(place).filter(|server| server.weight > 0).map(|_| place)
    }
}

/// `ip_vs_mh_permutate` and `ip_vs_mh_populate`
fn populate(servers: &[Server]) -> Vec<Option<usize>> {
    let mut table = vec![None; usize::try_from(PLACES).unwrap_or(0)];
    let divisor = divisor(servers);
    if divisor == 0 {
        return table;
    }
    let largest = servers.iter().map(|server| server.weight).max().unwrap_or(0) / divisor;
    let shift = (u32::BITS - largest.leading_zeros()).saturating_sub(TURN_BITS);
    let setup = |(place, server): (usize, &Server)| {
        // The sum may wrap, as the kernel's does.
        let value = fold(server.address.ip()).wrapping_add(u32::from(server.address.port()));
        let turns = match (server.weight / divisor) >> shift {
            0 => u32::from(server.weight != 0),
            turns => turns,
        };
        Setup { place, next: hash(value, OFFSET_KEY) % PLACES, skip: hash(value, SKIP_KEY) % (PLACES - 1) + 1, turns }
    };
    let mut setups: Vec<Setup> = servers.iter().enumerate().map(setup).collect();
    let mut taken = 0;
    loop {
        for setup in setups.iter_mut() {
            for _ in 0..setup.turns {
                take(&mut table, setup);
                taken += 1;
                if taken == PLACES {
                    return table;
                }
            }
        }
    }
}

/// Takes the server's next place that is free.
fn take(table: &mut [Option<usize>], setup: &mut Setup) {
    // The number of places is a prime, so that every skip leads past all of them.
    for _ in 0..PLACES {
        match usize::try_from(setup.next).ok().and_then(|next| table.get_mut(next)) {
            Some(free @ None) => {
                *free = Some(setup.place);
                return;
            }
            _ => setup.next = (setup.next + setup.skip) % PLACES,
        }
    }
}

/// `hsiphash` of four bytes on a 64-bit machine, its key twice the same half: SipHash-1-3 (Aumasson, Bernstein 2012), the
/// low 32 bits.
fn hash(value: u32, half: u64) -> u32 {
    let mut v = [
        0x736f_6d65_7073_6575 ^ half,
        0x646f_7261_6e64_6f6d ^ half,
        0x6c79_6765_6e65_7261 ^ half,
        0x7465_6462_7974_6573 ^ half,
    ];
    let block = 4 << 56 | u64::from(value);
    let [_, _, _, v3] = &mut v;
    *v3 ^= block;
    round(&mut v);
    let [v0, _, v2, _] = &mut v;
    *v0 ^= block;
    *v2 ^= 0xff;
    for _ in 0..3 {
        round(&mut v);
    }
    let [v0, v1, v2, v3] = v;
    let low = (v0 ^ v1 ^ v2 ^ v3) & u64::from(u32::MAX);
    u32::try_from(low).unwrap_or(0)
}

fn round(v: &mut [u64; 4]) {
    let [v0, v1, v2, v3] = v;
    *v0 = v0.wrapping_add(*v1);
    *v1 = v1.rotate_left(13) ^ *v0;
    *v0 = v0.rotate_left(32);
    *v2 = v2.wrapping_add(*v3);
    *v3 = v3.rotate_left(16) ^ *v2;
    *v0 = v0.wrapping_add(*v3);
    *v3 = v3.rotate_left(21) ^ *v0;
    *v2 = v2.wrapping_add(*v1);
    *v1 = v1.rotate_left(17) ^ *v2;
    *v2 = v2.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{from, servers};
    use super::{Maglev, PLACES, populate};

    fn shares(weights: &[u32]) -> Vec<usize> {
        let table = populate(&servers(weights));
        (0..weights.len()).map(|place| table.iter().filter(|taken| **taken == Some(place)).count()).collect()
    }

    /// 4,093 places in turns of 1, 2 and 1 are 1,023 rounds and one place more, which the first takes.
    #[test]
    fn places_are_shared_by_weight() {
        assert_eq!(shares(&[1, 2, 1]), [1024, 2046, 1023]);
        assert_eq!(shares(&[2, 4, 2]), [1024, 2046, 1023]);
        assert_eq!(shares(&[1, 0]), [4093, 0]);
        // 1,000 has ten bits, of which six stay: 62 turns to one.
        assert_eq!(shares(&[1000, 1]), [4029, 64]);
        assert_eq!(populate(&servers(&[0, 0])), vec![None; usize::try_from(PLACES).unwrap()]);
    }

    /// The kernel's functions, compiled by themselves, make this table of three servers (weights 3, 5 and 0, port 80): its
    /// fingerprint (FNV-1a over the places, counted from 1), and who takes the clients 192.0.2.1 to 192.0.2.8.
    #[test]
    fn the_table_is_the_kernels() {
        let servers = servers(&[3, 5, 0]);
        let fingerprint = populate(&servers).iter().fold(1_469_598_103_934_665_603_u64, |sum, place| {
            (sum ^ u64::try_from(place.unwrap() + 1).unwrap()).wrapping_mul(1_099_511_628_211)
        });
        assert_eq!(fingerprint, 6_391_578_515_154_674_349);
        let mut maglev = Maglev::default();
        let taken: Vec<_> = (1..=8).map(|last| maglev.schedule(&servers, &from([192, 0, 2, last]))).collect();
        assert_eq!(taken, [1, 1, 1, 0, 1, 1, 1, 1].map(Some));
    }

    /// What the Maglev paper promises: without one server, nearly all clients of the others stay where they are.
    #[test]
    fn few_move_when_a_server_goes() {
        let all = servers(&[1; 10]);
        let fewer = &all[..9];
        let (mut before, mut after) = (Maglev::default(), Maglev::default());
        let mut moved = 0;
        for client in 0..2000_u16 {
            let [high, low] = client.to_be_bytes();
            let from = from([10, 7, high, low]);
            let was = before.schedule(&all, &from).unwrap();
            moved += usize::from(was < 9 && after.schedule(fewer, &from) != Some(was));
        }
        assert!(moved < 200, "{moved} of about 1800 moved");
    }
}
