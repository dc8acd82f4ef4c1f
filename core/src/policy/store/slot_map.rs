//! Things by id, where the id of a removed thing is given to the next one that comes.

use crate::ids::{Id, IdVec};

/// Things by id. An id that has become free is given again.
#[derive(Clone, Debug)]
pub(crate) struct SlotMap<I, T> {
    items: IdVec<I, Option<T>>,
    free: Vec<I>,
}

impl<I, T> Default for SlotMap<I, T> {
    fn default() -> Self {
        SlotMap { items: IdVec::default(), free: Vec::new() }
    }
}

impl<I: Id, T> SlotMap<I, T> {
    /// Stores a thing and gives its id.
    pub(crate) fn insert(&mut self, item: T) -> I {
        let id = match self.free.pop() {
            Some(id) => id,
            None => self.items.push(None),
        };
        if let Some(slot) = self.items.get_mut(id) {
            *slot = Some(item);
        }
        id
    }

    /// Removes a thing; its id becomes free.
    pub(crate) fn remove(&mut self, id: I) -> Option<T> {
        let removed = self.items.get_mut(id)?.take();
        if removed.is_some() {
            self.free.push(id);
        }
        removed
    }

    pub(crate) fn get(&self, id: I) -> Option<&T> {
        self.items.get(id)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.items.get_mut(id)?.as_mut()
    }

    /// Every thing with its id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> + Clone {
        self.items.iter().filter_map(|(id, item)| Some((id, item.as_ref()?)))
    }

    /// Every thing in the order of the ids, without them.
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.items.into_items().flatten()
    }

    /// How many things there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// How many ids were ever given: the length of a list that has room for each.
    pub(crate) fn width(&self) -> usize {
        self.items.len()
    }
}
