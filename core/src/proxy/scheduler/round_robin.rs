//! `rr` (`ip_vs_rr.c`): one after the other, those of weight 0 left out.

use super::Server;

/// Who was last.
#[derive(Clone, Debug, Default)]
pub(super) struct RoundRobin {
    last: Option<usize>,
}

impl RoundRobin {
    pub(super) fn schedule(&mut self, servers: &[Server]) -> Option<usize> {
        let count = servers.len();
        let start = self.last.map_or(0, |last| last + 1);
        let place = (start..start + count)
            .map(|place| place % count)
            .find(|place| servers.get(*place).is_some_and(|server| server.weight > 0))?;
        self.last = Some(place);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Algorithm;
    use super::super::tests::taken;

    #[test]
    fn in_turn_without_those_of_weight_0() {
        assert_eq!(taken(Algorithm::RoundRobin, &[1, 1, 1], 7), "ABCABCA");
        assert_eq!(taken(Algorithm::RoundRobin, &[5, 0, 1], 5), "ACACA");
    }
}
