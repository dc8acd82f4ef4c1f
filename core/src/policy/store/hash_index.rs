//! Ids by the hash of their things: a hash comes in, candidates go to a test, the id that passes goes out.

use crate::ids::Id;
use std::hash::{Hash, Hasher};

/// Ids by the hash of their things: open addressing, at most half full, so most look-ups read one place.
#[derive(Clone, Debug)]
pub(crate) struct HashIndex<I> {
    /// The places; their number is a power of two.
    places: Vec<Place<I>>,
    count: usize,
}

/// A hash and the id of its thing, or no id in an empty place.
type Place<I> = (u32, Option<I>);

impl<I> Default for HashIndex<I> {
    fn default() -> Self {
        HashIndex { places: Vec::new(), count: 0 }
    }
}

impl<I: Id> HashIndex<I> {
    /// The first id of that hash for which `is` holds.
    pub(crate) fn find(&self, hash: u32, mut is: impl FnMut(I) -> bool) -> Option<I> {
        let mut at = self.home(hash);
        while let Some((known, Some(id))) = self.places.get(at).copied() {
            if known == hash && is(id) {
                return Some(id);
            }
            at = self.after(at);
        }
        None
    }

    /// Adds an id; the same hash may have others already.
    pub(crate) fn insert(&mut self, hash: u32, id: I) {
        if self.count * 2 >= self.places.len() {
            let larger = vec![(0, None); (self.places.len() * 2).max(16)];
            let known = std::mem::replace(&mut self.places, larger);
            for place in known.into_iter().filter(|(_, id)| id.is_some()) {
                self.put(place);
            }
        }
        self.put((hash, Some(id)));
        self.count += 1;
    }

    /// Removes an id. Those behind it move up, so no look-up ends too early.
    pub(crate) fn remove(&mut self, hash: u32, id: I) {
        let mut hole = self.home(hash);
        while self.places.get(hole).is_some_and(|place| *place != (hash, Some(id))) {
            if self.places.get(hole).is_some_and(|(_, id)| id.is_none()) {
                return;
            }
            hole = self.after(hole);
        }
        let mut at = self.after(hole);
        while let Some(place) = self.places.get(at).copied().filter(|(_, id)| id.is_some()) {
            let mask = self.mask();
            let distance = |from: usize| at.wrapping_sub(from) & mask;
            if distance(self.home(place.0)) >= distance(hole) {
                self.set(hole, place);
                hole = at;
            }
            at = self.after(at);
        }
        self.set(hole, (0, None));
        self.count = self.count.saturating_sub(1);
    }

    fn put(&mut self, place: Place<I>) {
        let mut at = self.home(place.0);
        while self.places.get(at).is_some_and(|(_, id)| id.is_some()) {
            at = self.after(at);
        }
        self.set(at, place);
    }

    fn set(&mut self, at: usize, place: Place<I>) {
        if let Some(slot) = self.places.get_mut(at) {
            *slot = place;
        }
    }

    fn mask(&self) -> usize {
        self.places.len().wrapping_sub(1)
    }

    fn home(&self, hash: u32) -> usize {
        hash as usize & self.mask()
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & self.mask()
    }
}

/// A hash of 32 bits that depend on all of the thing. No output is in the order of hashes.
pub(crate) fn hash_of<T: Hash + ?Sized>(thing: &T) -> u32 {
    let mut mixer = Mixer(0);
    thing.hash(&mut mixer);
    let mixed = mixer.finish();
    u32::try_from(mixed >> 32).unwrap_or_default()
}

struct Mixer(u64);

impl Mixer {
    fn mix(&mut self, word: u64) {
        // The multiplier is 2^64 divided by the golden ratio, as in D. Knuth's multiplicative hashing.
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        let mixed = self.0 ^ (self.0 >> 32);
        mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        match bytes.last_chunk() {
            _ if rest.is_empty() => {}
            // Mixing some bytes twice costs less than reading the rest one by one.
            Some(last) => self.mix(u64::from_le_bytes(*last)),
            None => self.mix(rest.iter().fold(1, |word, byte| word << 8 | u64::from(*byte))),
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.mix(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.mix(word);
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::ids::define_ids! {
        /// A number of the tests.
        TestId;
    }

    #[test]
    fn an_index_finds_the_ids_that_were_inserted_and_not_removed() {
        let mut index = HashIndex::default();
        let mut there: Vec<(u32, TestId)> = Vec::new();
        let mut state = 5_u32;
        for at in 0..4_000_u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few hashes, so that places run into each other, and some around the end of the index.
            let hash = ((state >> 20) % 97).wrapping_sub(60);
            if state.is_multiple_of(3) && !there.is_empty() {
                let (hash, number) = there.swap_remove(state as usize % there.len());
                index.remove(hash, number);
                assert_eq!(index.find(hash, |found| found == number), None);
            } else {
                let id = TestId::from_index(at as usize);
                index.insert(hash, id);
                there.push((hash, id));
            }
            if at.is_multiple_of(50) {
                for (hash, number) in &there {
                    assert_eq!(index.find(*hash, |found| found == *number), Some(*number));
                }
            }
        }
        assert!(there.len() > 1_000);
    }
}
