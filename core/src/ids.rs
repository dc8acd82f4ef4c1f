//! Typed numbers for things that are kept in lists: [`define_ids`] declares one type per kind of thing, and [`IdVec`] is
//! a list that only ids of its own type can index.
//!
//! An id holds its index plus one in a `NonZeroU32`, so `Option<Id>` is as large as the id and no value has to stand for
//! "none". The subtraction on access is one instruction, which most addressing modes absorb.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

/// A typed index of 32 bits.
pub(crate) trait Id: Copy + Eq + Ord + Hash + Debug {
    /// The id of an index. Indexes of 2^32 - 2 and above, which no list in memory reaches, share the highest id.
    fn from_index(index: usize) -> Self;

    /// The index, counted from 0.
    fn index(self) -> usize;

    /// The id as one word that is never 0, for records that pack several kinds of ids.
    fn word(self) -> u32;

    /// The id of a word that [`Id::word`] made; none for 0.
    fn from_word(word: u32) -> Option<Self>;
}

/// Declares id types: `define_ids! { /// A set of pods. pub(crate) SetId; }`. They print as their index.
macro_rules! define_ids {
    ($($(#[$attribute:meta])* $visibility:vis $name:ident;)*) => {$(
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name(std::num::NonZeroU32);

        impl $crate::ids::Id for $name {
            #[inline]
            fn from_index(index: usize) -> Self {
                $name(std::num::NonZeroU32::MIN.saturating_add($crate::ids::to_u32(index)))
            }

            #[inline]
            fn index(self) -> usize {
                (self.0.get() - 1) as usize
            }

            #[inline]
            fn word(self) -> u32 {
                self.0.get()
            }

            #[inline]
            fn from_word(word: u32) -> Option<Self> {
                std::num::NonZeroU32::new(word).map($name)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "{}({})", stringify!($name), $crate::ids::Id::index(*self))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&$crate::ids::Id::index(*self), formatter)
            }
        }

        const _: () = assert!(size_of::<Option<$name>>() == 4);
    )*};
}

pub(crate) use define_ids;

/// A count as 32 bits. Counts beyond 2^32 - 1, which no cluster reaches, become that.
#[inline]
pub(crate) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A list indexed by ids of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdVec<I, T> {
    items: Vec<T>,
    of: PhantomData<fn() -> I>,
}

impl<I, T> Default for IdVec<I, T> {
    fn default() -> Self {
        IdVec { items: Vec::new(), of: PhantomData }
    }
}

impl<I, T> From<Vec<T>> for IdVec<I, T> {
    fn from(items: Vec<T>) -> Self {
        IdVec { items, of: PhantomData }
    }
}

impl<I, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<S: IntoIterator<Item = T>>(items: S) -> Self {
        IdVec { items: items.into_iter().collect(), of: PhantomData }
    }
}

impl<I: Id, T> IdVec<I, T> {
    /// As many copies of an item as the list is long.
    pub(crate) fn filled(item: T, length: usize) -> Self
    where
        T: Clone,
    {
        IdVec { items: vec![item; length], of: PhantomData }
    }

    /// The item of an id; none beyond the end.
    #[inline]
    pub(crate) fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// The item of an id, to change it.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.items.get_mut(id.index())
    }

    /// The id that the next item gets.
    pub(crate) fn next_id(&self) -> I {
        I::from_index(self.items.len())
    }

    /// Appends an item and gives its id.
    pub(crate) fn push(&mut self, item: T) -> I {
        let id = self.next_id();
        self.items.push(item);
        id
    }

    /// Replaces the item of an id. A list that is too short grows, with copies of the item in the gap.
    pub(crate) fn set(&mut self, id: I, item: T)
    where
        T: Copy,
    {
        let gap = (id.index() + 1).saturating_sub(self.items.len());
        self.items.extend(std::iter::repeat_n(item, gap));
        if let Some(slot) = self.items.get_mut(id.index()) {
            *slot = item;
        }
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The items with their ids, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> + Clone {
        self.items.iter().enumerate().map(|(index, item)| (I::from_index(index), item))
    }

    /// The items in order.
    pub(crate) fn values(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The items in order, to change them.
    pub(crate) fn values_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// The items in order, without the list.
    pub(crate) fn into_items(self) -> std::vec::IntoIter<T> {
        self.items.into_iter()
    }

    /// The items as a slice, in the order of their ids.
    pub(crate) fn as_slice(&self) -> &[T] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    define_ids! {
        /// A number of the tests.
        TestId;
    }

    #[test]
    fn an_id_keeps_its_index_and_costs_no_more_with_an_option() {
        for index in [0, 1, 7, 4_000_000_000] {
            let id = TestId::from_index(index);
            assert_eq!((id.index(), TestId::from_word(id.word())), (index, Some(id)));
            assert_eq!(id.to_string(), index.to_string());
        }
        assert!(TestId::from_index(3) < TestId::from_index(4));
        assert_eq!(TestId::from_word(0), None);
        assert_eq!((size_of::<TestId>(), size_of::<Option<TestId>>()), (4, 4));
    }

    #[test]
    fn a_list_grows_to_an_id_that_is_set() {
        let mut list: IdVec<TestId, Option<u8>> = IdVec::default();
        let first = list.push(Some(1));
        list.set(TestId::from_index(2), None);
        assert_eq!((list.len(), list.get(first)), (3, Some(&Some(1))));
        list.set(first, Some(9));
        assert_eq!(list.values().copied().collect::<Vec<_>>(), [Some(9), None, None]);
        assert_eq!(list.get(list.next_id()), None);
    }
}
