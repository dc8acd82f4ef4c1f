//! Sorting that costs little where size counts: the standard library writes its sort anew for every type it sorts, some
//! three kilobytes each in a WebAssembly module. There, one sort of positions serves all types; elsewhere these are the
//! standard library's own. Both are stable, so that every build gives the same order.

use std::cmp::Ordering;

/// Puts the elements of a slice in order. Equal elements stay as they stood to each other.
pub trait SmallSort<T> {
    /// By their own order.
    fn small_sort(&mut self)
    where
        T: Ord;
    /// By a comparison.
    fn small_sort_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);
    /// By a key.
    fn small_sort_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
    /// By a key that is made once for each element.
    fn small_sort_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

#[cfg(not(target_family = "wasm"))]
impl<T> SmallSort<T> for [T] {
    fn small_sort(&mut self)
    where
        T: Ord,
    {
        self.sort();
    }

    fn small_sort_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering) {
        self.sort_by(compare);
    }

    fn small_sort_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        self.sort_by_key(key);
    }

    fn small_sort_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        self.sort_by_cached_key(key);
    }
}

#[cfg(target_family = "wasm")]
impl<T> SmallSort<T> for [T] {
    fn small_sort(&mut self)
    where
        T: Ord,
    {
        self.small_sort_by(T::cmp);
    }

    fn small_sort_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let from = positions(self.len(), &mut |a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        carry_out(from, &mut |a, b| self.swap(a, b));
    }

    fn small_sort_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.small_sort_by(|a, b| key(a).cmp(&key(b)));
    }

    fn small_sort_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        let keys: Vec<K> = self.iter().map(key).collect();
        let from = positions(keys.len(), &mut |a, b| keys.get(a).cmp(&keys.get(b)));
        carry_out(from, &mut |a, b| self.swap(a, b));
    }
}

/// The positions of a sequence in the order of its elements: the first is where the least element stands.
#[cfg(any(test, target_family = "wasm"))]
fn positions(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut from: Vec<usize> = (0..length).collect();
    let mut width = 1;
    while width < length {
        let mut merged = Vec::with_capacity(length);
        for run in from.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            // Two runs that are in order already need no more than one comparison.
            let in_order = match (left.last(), right.first()) {
                (Some(last), Some(first)) => compare(*last, *first).is_le(),
                _ => true,
            };
            while !in_order
                && let (Some((a, behind_a)), Some((b, behind_b))) = (left.split_first(), right.split_first())
            {
                if compare(*a, *b).is_le() {
                    merged.push(*a);
                    left = behind_a;
                } else {
                    merged.push(*b);
                    right = behind_b;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        from = merged;
        width *= 2;
    }
    from
}

/// Brings every element from its position to its place by swaps, cycle by cycle.
#[cfg(any(test, target_family = "wasm"))]
pub(crate) fn carry_out(mut from: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..from.len() {
        let mut here = start;
        while let Some(slot) = from.get_mut(here) {
            let next = std::mem::replace(slot, here);
            if next == start || next == here {
                break;
            }
            swap(here, next);
            here = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SmallSort as _, carry_out, positions};

    #[test]
    fn positions_carried_out_are_the_standard_sort() {
        let mut state = 7_u64;
        for length in 0..200 {
            let mut items: Vec<(u64, usize)> = (0..length)
                .map(|index| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 60, index)
                })
                .collect();
            let mut expected = items.clone();
            expected.small_sort_by_key(|item| item.0);
            let from = positions(items.len(), &mut |a, b| items[a].0.cmp(&items[b].0));
            carry_out(from, &mut |a, b| items.swap(a, b));
            assert_eq!(items, expected);
        }
    }
}
