//! `wrr` (`ip_vs_wrr.c`): rounds with a bar that sinks from the largest weight to the smallest by their greatest common
//! divisor; in a round, each server whose weight reaches the bar takes a connection.

use super::{MadeFrom, Server, made_from};

/// Where the round stands.
#[derive(Clone, Debug, Default)]
pub(super) struct WeightedRoundRobin {
    made_from: MadeFrom,
    /// Who was last in this round.
    last: Option<usize>,
    /// The bar (`cw`), its highest (`mw`) and its step (`di`).
    bar: i64,
    highest: i64,
    step: i64,
}

impl WeightedRoundRobin {
    pub(super) fn schedule(&mut self, servers: &[Server]) -> Option<usize> {
        let made_from = made_from(servers);
        if self.made_from != made_from {
            self.made_from = made_from;
            self.update(servers);
        }
        if self.highest <= 0 {
            return None;
        }
        loop {
            let behind = self.last.map_or(0, |last| last + 1);
            let reaches = |server: &Server| i64::from(server.weight) >= self.bar;
            if let Some(found) = servers.iter().skip(behind).position(reaches) {
                self.last = Some(behind + found);
                return self.last;
            }
            self.last = None;
            self.bar -= self.step;
            if self.bar <= 0 {
                self.bar = self.highest;
            }
        }
    }

    /// `ip_vs_wrr_dest_changed`
    fn update(&mut self, servers: &[Server]) {
        let largest = servers.iter().map(|server| i64::from(server.weight)).max().unwrap_or(0);
        self.last = None;
        self.step = i64::from(divisor(servers).max(1));
        self.highest = largest - (self.step - 1);
        if self.bar > self.highest || self.bar == 0 {
            self.bar = self.highest;
        } else if self.step > 1 {
            self.bar = self.bar / self.step * self.step + 1;
        }
    }
}

/// The greatest common divisor of the weights above 0; 0 where there is none.
pub(super) fn divisor(servers: &[Server]) -> u32 {
    let weights = servers.iter().map(|server| server.weight).filter(|weight| *weight > 0);
    weights.fold(0, |mut divisor, mut weight| {
        while weight > 0 {
            (divisor, weight) = (weight, divisor % weight);
        }
        divisor
    })
}

#[cfg(test)]
mod tests {
    use super::super::Algorithm;
    use super::super::tests::taken;

    /// The first is the example of the LVS documentation. For 2 and 4 the bar is 3, then 1.
    #[test]
    fn rounds_with_a_sinking_bar() {
        assert_eq!(taken(Algorithm::WeightedRoundRobin, &[4, 3, 2], 9), "AABABCABC");
        assert_eq!(taken(Algorithm::WeightedRoundRobin, &[2, 4], 6), "BABBAB");
        assert_eq!(taken(Algorithm::WeightedRoundRobin, &[1, 0, 1], 4), "ACAC");
    }
}
