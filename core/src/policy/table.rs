//! Numbers for things: things are told apart once, when they come, and known by their number from then on.

use super::selector::number;
use std::hash::{Hash, Hasher};

/// Things by number. A number that has become free is given again.
#[derive(Clone, Debug)]
pub(crate) struct Slots<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// Puts a thing in and gives its number.
    pub(crate) fn put(&mut self, item: T) -> u32 {
        let at = self.free.pop().unwrap_or(number(self.items.len()));
        if at as usize == self.items.len() {
            self.items.push(None);
        }
        if let Some(slot) = self.items.get_mut(at as usize) {
            *slot = Some(item);
        }
        at
    }

    /// Takes a thing out; its number becomes free.
    pub(crate) fn take(&mut self, at: u32) -> Option<T> {
        let taken = self.items.get_mut(at as usize)?.take();
        if taken.is_some() {
            self.free.push(at);
        }
        taken
    }

    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.items.get(at as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.items.get_mut(at as usize)?.as_mut()
    }

    /// Every thing with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> + Clone {
        self.items.iter().enumerate().filter_map(|(at, item)| Some((number(at), item.as_ref()?)))
    }

    /// How many things there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// One more than the highest number that was ever given.
    pub(crate) fn width(&self) -> usize {
        self.items.len()
    }
}

/// Things that are numbered when they are first met and forgotten when nobody uses them any more.
#[derive(Clone, Debug)]
pub(crate) struct Interned<T> {
    slots: Slots<Used<T>>,
    table: Table,
    /// Those met since the last sweep, and those that may have become useless since.
    fresh: Vec<u32>,
    idle: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Used<T> {
    item: T,
    uses: u32,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Interned { slots: Slots::default(), table: Table::default(), fresh: Vec::new(), idle: Vec::new() }
    }
}

impl<T: Hash + Eq> Interned<T> {
    /// Takes one more use of the thing up and gives its number.
    pub(crate) fn take_up(&mut self, item: T) -> u32 {
        let hash = hash_of(&item);
        if let Some(known) = self.find(hash, |other| *other == item) {
            if let Some(slot) = self.slots.get_mut(known) {
                slot.uses += 1;
            }
            return known;
        }
        let at = self.slots.put(Used { item, uses: 1 });
        self.table.insert(hash, at);
        self.fresh.push(at);
        at
    }

    /// Gives one use up. What has none left stays until the next sweep.
    pub(crate) fn give_up(&mut self, at: u32) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.uses = slot.uses.saturating_sub(1);
            if slot.uses == 0 {
                self.idle.push(at);
            }
        }
    }

    /// The number of the thing of that hash that is the one.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(&T) -> bool) -> Option<u32> {
        self.table.find(hash, |at| self.slots.get(at).is_some_and(|slot| is(&slot.item)))
    }

    /// Takes one more use of a thing up that has that number.
    pub(crate) fn again(&mut self, at: u32) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.uses += 1;
        }
    }

    /// The things met since the last sweep that are in use.
    pub(crate) fn fresh(&self) -> Vec<u32> {
        self.fresh.iter().filter(|at| self.slots.get(**at).is_some_and(|slot| slot.uses > 0)).copied().collect()
    }

    /// How many things have been met since the last sweep.
    pub(crate) fn fresh_count(&self) -> usize {
        self.fresh.len()
    }

    /// The things that nobody uses.
    pub(crate) fn gone(&self) -> Vec<u32> {
        let mut gone: Vec<u32> = Vec::new();
        for at in &self.idle {
            if self.slots.get(*at).is_some_and(|slot| slot.uses == 0) && !gone.contains(at) {
                gone.push(*at);
            }
        }
        gone
    }

    /// Forgets what nobody uses, and gives it.
    pub(crate) fn sweep(&mut self) -> Vec<(u32, T)> {
        self.fresh.clear();
        let mut swept = Vec::new();
        for at in std::mem::take(&mut self.idle) {
            if self.slots.get(at).is_some_and(|slot| slot.uses == 0)
                && let Some(Used { item, .. }) = self.slots.take(at)
            {
                self.table.remove(hash_of(&item), at);
                swept.push((at, item));
            }
        }
        swept
    }
}

impl<T> Interned<T> {
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        Some(&self.slots.get(at)?.item)
    }

    /// The thing, to change what is beside its identity.
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        Some(&mut self.slots.get_mut(at)?.item)
    }

    /// Every thing with its number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> + Clone {
        self.slots.iter().map(|(at, slot)| (at, &slot.item))
    }

    /// All things in the order of their numbers, where none was forgotten.
    pub(crate) fn into_list(self) -> Vec<T> {
        self.slots.items.into_iter().flatten().map(|slot| slot.item).collect()
    }

    /// How many things there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// One more than the highest number that was ever given.
    pub(crate) fn width(&self) -> usize {
        self.slots.width()
    }
}

/// Numbers by the hash of what they stand for: open addressing, at most half full, so that most look-ups read one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// A hash and the number of its thing in each place, or [`EMPTY`]. As many as a power of two.
    places: Vec<(u32, u32)>,
    count: usize,
}

const EMPTY: (u32, u32) = (u32::MAX, u32::MAX);

impl Table {
    /// The first number of that hash that is the one.
    pub(crate) fn find(&self, hash: u32, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut at = self.home(hash);
        while let Some(place) = self.places.get(at).filter(|place| **place != EMPTY) {
            if place.0 == hash && is(place.1) {
                return Some(place.1);
            }
            at = self.after(at);
        }
        None
    }

    /// Puts a number in; the same hash may be there already.
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if self.count * 2 >= self.places.len() {
            let larger = vec![EMPTY; (self.places.len() * 2).max(16)];
            let known = std::mem::replace(&mut self.places, larger);
            for (hash, number) in known.into_iter().filter(|place| *place != EMPTY) {
                self.put((hash, number));
            }
        }
        self.put((hash, number));
        self.count += 1;
    }

    /// Takes a number out. What stands behind it moves up, so that no look-up ends too early.
    pub(crate) fn remove(&mut self, hash: u32, number: u32) {
        let mut hole = self.home(hash);
        while self.places.get(hole).is_some_and(|place| *place != (hash, number)) {
            if self.places.get(hole) == Some(&EMPTY) {
                return;
            }
            hole = self.after(hole);
        }
        let mut at = self.after(hole);
        while let Some(place) = self.places.get(at).copied().filter(|place| *place != EMPTY) {
            let mask = self.mask();
            let distance = |from: usize| at.wrapping_sub(from) & mask;
            if distance(self.home(place.0)) >= distance(hole) {
                self.set(hole, place);
                hole = at;
            }
            at = self.after(at);
        }
        self.set(hole, EMPTY);
        self.count = self.count.saturating_sub(1);
    }

    fn put(&mut self, place: (u32, u32)) {
        let mut at = self.home(place.0);
        while self.places.get(at).is_some_and(|place| *place != EMPTY) {
            at = self.after(at);
        }
        self.set(at, place);
    }

    fn set(&mut self, at: usize, place: (u32, u32)) {
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

/// Puts a thing at its number in a list by number, which grows as it has to.
pub(super) fn put_at<T: Copy>(list: &mut Vec<T>, at: u32, item: T) {
    let gap = (at as usize + 1).saturating_sub(list.len());
    list.extend(std::iter::repeat_n(item, gap));
    if let Some(slot) = list.get_mut(at as usize) {
        *slot = item;
    }
}

/// A hash of few bits that depend on all of the thing. Nothing is listed in its order.
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
            // Some bytes once more, which costs less than to take the rest one by one.
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

    #[test]
    fn a_table_finds_what_was_put_in_and_not_taken_out() {
        let mut table = Table::default();
        let mut there: Vec<(u32, u32)> = Vec::new();
        let mut state = 5_u32;
        for at in 0..4_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few hashes, so that places run into each other, and some around the end of the table.
            let hash = ((state >> 20) % 97).wrapping_sub(60);
            if state.is_multiple_of(3) && !there.is_empty() {
                let (hash, number) = there.swap_remove(state as usize % there.len());
                table.remove(hash, number);
                assert_eq!(table.find(hash, |found| found == number), None);
            } else {
                table.insert(hash, at);
                there.push((hash, at));
            }
            if at.is_multiple_of(50) {
                for (hash, number) in &there {
                    assert_eq!(table.find(*hash, |found| found == *number), Some(*number));
                }
            }
        }
        assert!(there.len() > 1_000);
    }

    #[test]
    fn what_nobody_uses_is_forgotten_and_its_number_given_again() {
        let mut names: Interned<String> = Interned::default();
        let a = names.take_up("a".to_owned());
        assert_eq!(names.take_up("a".to_owned()), a);
        let b = names.take_up("b".to_owned());
        assert_eq!(names.fresh(), [a, b]);
        assert_eq!(names.sweep(), []);
        names.give_up(a);
        assert_eq!(names.gone(), []);
        names.give_up(a);
        assert_eq!(names.gone(), [a]);
        // Taken up again before the sweep, it stays.
        assert_eq!(names.take_up("a".to_owned()), a);
        assert!(names.gone().is_empty() && names.fresh_count() == 0 && names.sweep().is_empty());
        names.give_up(a);
        assert_eq!(names.sweep(), [(a, "a".to_owned())]);
        assert_eq!(names.find(hash_of("a"), |name| name == "a"), None);
        assert_eq!(names.take_up("c".to_owned()), a);
        assert_eq!(names.len(), 2);
    }
}
