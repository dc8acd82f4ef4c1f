//! `lc`, `wlc`, `sed` and `nq` (`ip_vs_lc.c`, `ip_vs_wlc.c`, `ip_vs_sed.c`, `ip_vs_nq.c`): the server with the least to do.
//!
//! `lc` counts connections; `wlc` divides them by the weight; `sed` counts the new one among them, and forgets those that
//! are closing; `nq` is `sed`, but gives a server without connections precedence. Of equals the first is taken.

use super::Server;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Least {
    Unweighted,
    Weighted,
    Delay,
    NeverQueue,
}

impl Least {
    pub(super) fn schedule(self, servers: &[Server]) -> Option<usize> {
        let candidates = servers.iter().enumerate().filter(|(_, server)| server.weight > 0);
        let overhead = |server: &Server| match self {
            Least::Unweighted | Least::Weighted => server.overhead(),
            Least::Delay | Least::NeverQueue => u128::from(server.active) + 1,
        };
        if self == Least::NeverQueue
            && let Some((place, _)) = candidates.clone().find(|(_, server)| server.active == 0)
        {
            return Some(place);
        }
        match self {
            Least::Unweighted => candidates.min_by_key(|(_, server)| overhead(server)).map(|(place, _)| place),
            _ => least_weighted(candidates, overhead),
        }
    }
}

/// The place with the least overhead for its weight; the first of equals.
pub(super) fn least_weighted<'s>(
    candidates: impl Iterator<Item = (usize, &'s Server)>,
    overhead: impl Fn(&Server) -> u128,
) -> Option<usize> {
    let least = candidates.reduce(|least, other| {
        // least / weight > other / weight, without dividing.
        let is_less = overhead(least.1) * u128::from(other.1.weight) > overhead(other.1) * u128::from(least.1.weight);
        if is_less { other } else { least }
    });
    least.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::super::Algorithm;
    use super::super::tests::{servers, taken};
    use super::Least;

    /// With weights 1 and 2, B may have twice as many connections. `wlc` begins with A, because nobody has any yet;
    /// `sed` begins with B, where the new connection costs half.
    #[test]
    fn who_has_the_least_to_do_is_next() {
        assert_eq!(taken(Algorithm::LeastConnection, &[1, 2], 4), "ABAB");
        assert_eq!(taken(Algorithm::WeightedLeastConnection, &[1, 2], 7), "ABBABBA");
        assert_eq!(taken(Algorithm::ShortestDelay, &[1, 2], 5), "BABBA");
        assert_eq!(taken(Algorithm::NeverQueue, &[1, 2, 2], 5), "ABCBC");
    }

    #[test]
    fn closing_connections_count_for_a_256th() {
        let mut servers = servers(&[1, 1, 0]);
        (servers[0].inactive, servers[1].active) = (255, 1);
        assert_eq!(Least::Unweighted.schedule(&servers), Some(0));
        servers[0].inactive = 257;
        assert_eq!(Least::Weighted.schedule(&servers), Some(1));
        assert_eq!(Least::Delay.schedule(&servers), Some(0));
        assert_eq!(Least::NeverQueue.schedule(&servers), Some(0));
    }
}
