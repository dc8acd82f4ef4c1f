//! Which numbers of a pool are taken, as runs without a gap: a number in, the next free one out, in the time that one
//! look-up takes. A full pool is one run, however large it is.

use portolan_base::collections::BTreeMap;

/// The numbers that are taken: addresses of one family, or ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runs {
    /// The first number of each run by its last one. Two runs never touch.
    first_by_last: BTreeMap<u128, u128>,
}

impl Runs {
    /// Takes a number. It must be free.
    pub(super) fn take(&mut self, number: u128) {
        let below = number.checked_sub(1).and_then(|last| self.first_by_last.remove(&last));
        let first = below.unwrap_or(number);
        let above = number.checked_add(1).and_then(|next| self.run_with(next)).filter(|(first, _)| *first > number);
        let last = above.map_or(number, |(_, last)| last);
        self.first_by_last.insert(last, first);
    }

    /// Gives a number back. It must be taken.
    pub(super) fn give_back(&mut self, number: u128) {
        let Some((first, last)) = self.run_with(number) else { return };
        self.first_by_last.remove(&last);
        if number < last {
            self.first_by_last.insert(last, number.saturating_add(1));
        }
        if first < number {
            self.first_by_last.insert(number.saturating_sub(1), first);
        }
    }

    /// The first number from `first` to `last` that is neither taken nor reserved. `passed` is called for each run of taken
    /// numbers before it: once for every gap of reserved numbers at most.
    pub(super) fn first_free(
        &self,
        (first, last): (u128, u128),
        is_reserved: &dyn Fn(u128) -> bool,
        passed: &mut dyn FnMut(u128, u128),
    ) -> Option<u128> {
        let mut next = first;
        while next <= last {
            let end = match self.run_with(next) {
                Some((_, end)) => {
                    passed(next, end.min(last));
                    end
                }
                None if is_reserved(next) => next,
                None => return Some(next),
            };
            next = end.checked_add(1)?;
        }
        None
    }

    /// First and last number of the run that holds the number.
    fn run_with(&self, number: u128) -> Option<(u128, u128)> {
        let (last, first) = self.first_by_last.range(number..).next()?;
        (*first <= number).then_some((*first, *last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// A thousand numbers are taken and given back, and after each step the runs say what a plain set says.
    #[test]
    fn runs_say_what_a_set_of_numbers_says() {
        let (mut runs, mut set) = (Runs::default(), BTreeSet::new());
        let mut seed: u64 = 7;
        for _ in 0..1000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let number = u128::from(seed % 40);
            if set.insert(number) {
                runs.take(number);
            } else {
                set.remove(&number);
                runs.give_back(number);
            }
            for first in 0..40 {
                let free = (first..=39).find(|number| !set.contains(number) && number % 7 != 0);
                let mut passed = Vec::new();
                let found = runs.first_free((first, 39), &|number| number % 7 == 0, &mut |a, b| passed.push((a, b)));
                assert_eq!(found, free);
                let passed: Vec<u128> = passed.into_iter().flat_map(|(a, b)| a..=b).collect();
                let taken: Vec<u128> = set.range(first..=free.unwrap_or(39)).copied().collect();
                assert_eq!(passed, taken);
            }
            let lengths: usize = runs.first_by_last.iter().map(|(last, first)| (last - first + 1) as usize).sum();
            assert_eq!(lengths, set.len());
        }
    }
}
