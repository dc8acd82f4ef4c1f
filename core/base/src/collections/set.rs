//! The set.

use super::map::{Keys, remove, search};
use super::positions::{Found, Positions};
use crate::sort::carry_out;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;

/// A set in order: what [`std::collections::BTreeSet`] is, with less code for each type.
#[derive(Clone)]
pub struct BTreeSet<K> {
    keys: Vec<K>,
    order: Positions,
}

impl<K> Default for BTreeSet<K> {
    fn default() -> Self {
        BTreeSet { keys: Vec::new(), order: Positions::default() }
    }
}

impl<K> BTreeSet<K> {
    /// A set without elements.
    pub fn new() -> Self {
        BTreeSet::default()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The elements in order.
    pub fn iter(&self) -> Keys<'_, K> {
        Keys { walk: self.order.walk(self.len()), keys: &self.keys }
    }

    /// The least element.
    pub fn first(&self) -> Option<&K> {
        self.iter().next()
    }

    /// The greatest element.
    pub fn last(&self) -> Option<&K> {
        self.iter().next_back()
    }
}

impl<K: Ord> BTreeSet<K> {
    /// Whether the element is in it.
    pub fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        matches!(search(&self.order, &self.keys, key), Found::Entry(..))
    }

    /// Puts an element in. Tells whether it was not there.
    pub fn insert(&mut self, key: K) -> bool {
        let Found::Gap(place) = search(&self.order, &self.keys, &key) else { return false };
        self.order.insert(place, self.keys.len());
        self.keys.push(key);
        true
    }

    /// Takes an element out. Tells whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        remove(&mut self.order, &mut self.keys, key).is_some()
    }
}

impl<'s, K> IntoIterator for &'s BTreeSet<K> {
    type Item = &'s K;
    type IntoIter = Keys<'s, K>;

    fn into_iter(self) -> Keys<'s, K> {
        self.iter()
    }
}

impl<K> IntoIterator for BTreeSet<K> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    fn into_iter(mut self) -> Self::IntoIter {
        carry_out(self.order.take(), &mut |a, b| self.keys.swap(a, b));
        self.keys.into_iter()
    }
}

impl<K: Ord> Extend<K> for BTreeSet<K> {
    fn extend<I: IntoIterator<Item = K>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl<'k, K: Ord + Copy + 'k> Extend<&'k K> for BTreeSet<K> {
    fn extend<I: IntoIterator<Item = &'k K>>(&mut self, keys: I) {
        self.extend(keys.into_iter().copied());
    }
}

impl<K: Ord> FromIterator<K> for BTreeSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        let mut set = BTreeSet::new();
        set.extend(keys);
        set
    }
}

impl<K: Ord, const N: usize> From<[K; N]> for BTreeSet<K> {
    fn from(keys: [K; N]) -> Self {
        BTreeSet::from_iter(keys)
    }
}

impl<K: PartialEq> PartialEq for BTreeSet<K> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq> Eq for BTreeSet<K> {}

impl<K: Ord> Ord for BTreeSet<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<K: Ord> PartialOrd for BTreeSet<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: fmt::Debug> fmt::Debug for BTreeSet<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self).finish()
    }
}
