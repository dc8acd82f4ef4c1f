//! `sh` and `dh` (`ip_vs_sh.c`, `ip_vs_dh.c`): a table of 256 places, dealt out to the servers in turn, in which the address
//! of the client or of the Service finds its place. `sh` deals each server as many places in a row as its weight says.
//! What falls to a server of weight 0 is refused (the flag `sh-fallback` is not set).

use super::{Connection, MadeFrom, Server, fold, made_from};

const BITS: u32 = 8;
const PLACES: usize = 1 << BITS;

/// The kernel's `GOLDEN_RATIO_32`.
const GOLDEN_RATIO: u32 = 0x61C8_8647;

/// The table of places.
#[derive(Clone, Debug)]
pub(super) struct Hashing {
    by_client: bool,
    made_from: MadeFrom,
    table: Vec<usize>,
}

impl Hashing {
    pub(super) fn source() -> Self {
        Hashing { by_client: true, made_from: MadeFrom::new(), table: Vec::new() }
    }

    pub(super) fn destination() -> Self {
        Hashing { by_client: false, ..Hashing::source() }
    }

    pub(super) fn schedule(&mut self, servers: &[Server], connection: &Connection) -> Option<usize> {
        let made_from = made_from(servers);
        if self.made_from != made_from {
            self.made_from = made_from;
            self.deal(servers);
        }
        let address = if self.by_client { connection.client } else { connection.destination };
        let place = self.table.get(usize::try_from(hash(fold(address))).ok()?).copied()?;
        servers.get(place).filter(|server| server.weight > 0).map(|_| place)
    }

    fn deal(&mut self, servers: &[Server]) {
        let by_client = self.by_client;
        let places_of = |(place, server): (usize, &Server)| {
            let count = if by_client { usize::try_from(server.weight).unwrap_or(PLACES).clamp(1, PLACES) } else { 1 };
            std::iter::repeat_n(place, count)
        };
        self.table = servers.iter().enumerate().flat_map(places_of).cycle().take(PLACES).collect();
    }
}

/// `hash_32(value, 8)`
fn hash(value: u32) -> u32 {
    value.wrapping_mul(GOLDEN_RATIO) >> (32 - BITS)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{from, servers};
    use super::{Hashing, hash};

    /// 10.0.0.1 is 0x0A000001; times 0x61C88647 modulo 2^32 is 0x27C88647, whose first byte is 0x27.
    #[test]
    fn addresses_find_their_places() {
        assert_eq!(hash(0x0A00_0001), 0x27);
        assert_eq!(hash(1), 0x61);
        assert_eq!(hash(2), 0xC3);
        assert_eq!(hash(0x0A60_0001), 0x82);
    }

    /// Place 0x27 is 39. With weights 1, 2 and 1 the places go A B B C, and 39 is the last of its four: C. With
    /// destinations dealt one by one 10.96.0.1 (0x0A600001, place 0x82 = 130) falls to the second of three.
    #[test]
    fn places_are_dealt_by_weight_or_in_turn() {
        let mut source = Hashing::source();
        assert_eq!(source.schedule(&servers(&[1, 2, 1]), &from([10, 0, 0, 1])), Some(2));
        assert_eq!(source.schedule(&servers(&[1, 2, 0]), &from([10, 0, 0, 1])), None);
        let mut destination = Hashing::destination();
        assert_eq!(destination.schedule(&servers(&[1, 9, 1]), &from([10, 0, 0, 1])), Some(1));
        assert_eq!(destination.schedule(&servers(&[1, 0, 1]), &from([10, 0, 0, 1])), None);
    }
}
