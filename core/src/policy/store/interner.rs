//! Equal things share one id: a thing comes in, its id goes out, and uses are counted.

use super::hash_index::{HashIndex, hash_of};
use super::slot_map::SlotMap;
use crate::ids::{Id, IdVec};
use std::hash::Hash;

/// Things that get an id when they first come, and are removed by a sweep once nobody uses them.
#[derive(Clone, Debug)]
pub(crate) struct Interner<I, T> {
    slots: SlotMap<I, Used<T>>,
    index: HashIndex<I>,
    /// Those that came since the last sweep, and those that may have become unused since.
    fresh: Vec<I>,
    idle: Vec<I>,
}

#[derive(Clone, Debug)]
struct Used<T> {
    item: T,
    uses: u32,
}

impl<I, T> Default for Interner<I, T> {
    fn default() -> Self {
        Interner { slots: SlotMap::default(), index: HashIndex::default(), fresh: Vec::new(), idle: Vec::new() }
    }
}

impl<I: Id, T: Hash + Eq> Interner<I, T> {
    /// Counts one more use of the thing and gives its id.
    pub(crate) fn take_up(&mut self, item: T) -> I {
        let hash = hash_of(&item);
        if let Some(known) = self.find(hash, |other| *other == item) {
            if let Some(slot) = self.slots.get_mut(known) {
                slot.uses += 1;
            }
            return known;
        }
        let id = self.slots.insert(Used { item, uses: 1 });
        self.index.insert(hash, id);
        self.fresh.push(id);
        id
    }

    /// Counts one use less. A thing without uses stays until the next sweep.
    pub(crate) fn give_up(&mut self, id: I) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.uses = slot.uses.saturating_sub(1);
            if slot.uses == 0 {
                self.idle.push(id);
            }
        }
    }

    /// The id of the thing of that hash for which `is` holds.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(&T) -> bool) -> Option<I> {
        self.index.find(hash, |id| self.slots.get(id).is_some_and(|slot| is(&slot.item)))
    }

    /// Counts one more use of the thing of that id.
    pub(crate) fn again(&mut self, id: I) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.uses += 1;
        }
    }

    /// The things that came since the last sweep and are in use.
    pub(crate) fn fresh(&self) -> Vec<I> {
        self.fresh.iter().filter(|id| self.slots.get(**id).is_some_and(|slot| slot.uses > 0)).copied().collect()
    }

    /// How many things came since the last sweep.
    pub(crate) fn fresh_count(&self) -> usize {
        self.fresh.len()
    }

    /// The things that nobody uses.
    pub(crate) fn gone(&self) -> Vec<I> {
        let mut gone: Vec<I> = Vec::new();
        for id in &self.idle {
            if self.slots.get(*id).is_some_and(|slot| slot.uses == 0) && !gone.contains(id) {
                gone.push(*id);
            }
        }
        gone
    }

    /// Removes the things that nobody uses, and gives them.
    pub(crate) fn sweep(&mut self) -> Vec<(I, T)> {
        self.fresh.clear();
        let mut swept = Vec::new();
        for id in std::mem::take(&mut self.idle) {
            if self.slots.get(id).is_some_and(|slot| slot.uses == 0)
                && let Some(Used { item, .. }) = self.slots.remove(id)
            {
                self.index.remove(hash_of(&item), id);
                swept.push((id, item));
            }
        }
        swept
    }
}

impl<I: Id, T> Interner<I, T> {
    pub(crate) fn get(&self, id: I) -> Option<&T> {
        Some(&self.slots.get(id)?.item)
    }

    /// The thing, to change fields that its equality ignores.
    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        Some(&mut self.slots.get_mut(id)?.item)
    }

    /// Every thing with its id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> + Clone {
        self.slots.iter().map(|(id, slot)| (id, &slot.item))
    }

    /// All things in the order of their ids, if none was removed.
    pub(crate) fn into_list(self) -> IdVec<I, T> {
        self.slots.into_items().map(|slot| slot.item).collect()
    }

    /// How many things there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many ids were ever given: the length of a list that has room for each.
    pub(crate) fn width(&self) -> usize {
        self.slots.width()
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
    fn a_thing_that_nobody_uses_is_removed_and_its_id_given_again() {
        let mut names: Interner<TestId, String> = Interner::default();
        let a = names.take_up("a".to_owned());
        assert_eq!(names.take_up("a".to_owned()), a);
        let b = names.take_up("b".to_owned());
        assert_eq!(names.fresh(), [a, b]);
        assert_eq!(names.sweep(), []);
        names.give_up(a);
        assert_eq!(names.gone(), []);
        names.give_up(a);
        assert_eq!(names.gone(), [a]);
        // Used again before the sweep, it stays.
        assert_eq!(names.take_up("a".to_owned()), a);
        assert!(names.gone().is_empty() && names.fresh_count() == 0 && names.sweep().is_empty());
        names.give_up(a);
        assert_eq!(names.sweep(), [(a, "a".to_owned())]);
        assert_eq!(names.find(hash_of("a"), |name| name == "a"), None);
        assert_eq!(names.take_up("c".to_owned()), a);
        assert_eq!(names.len(), 2);
    }
}
