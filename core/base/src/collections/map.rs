//! The map.

use super::positions::{Found, Place, Positions, Walk};
use crate::sort::carry_out;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::RangeFrom;

/// A map by keys in order: what [`std::collections::BTreeMap`] is, with less code for each pair of types.
///
/// Keys and values stand apart, so that maps with the same type of key share their search.
#[derive(Clone)]
pub struct BTreeMap<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
    order: Positions,
}

impl<K, V> Default for BTreeMap<K, V> {
    fn default() -> Self {
        BTreeMap::new()
    }
}

/// Looks for a key.
pub(super) fn search<K: Borrow<Q>, Q: Ord + ?Sized>(order: &Positions, keys: &[K], key: &Q) -> Found {
    order.search(keys.len(), &|at| keys.get(at).map_or(Ordering::Equal, |known| known.borrow().cmp(key)))
}

/// Takes a key out of its place; gives its position, which the last key has now.
pub(super) fn remove<K: Ord + Borrow<Q>, Q: Ord + ?Sized>(
    order: &mut Positions,
    keys: &mut Vec<K>,
    key: &Q,
) -> Option<usize> {
    let Found::Entry(at, place) = search(order, keys, key) else { return None };
    if let Found::Entry(_, of_last) = search::<K, K>(order, keys, keys.last()?) {
        order.remove(place, of_last, keys.len());
    }
    keys.swap_remove(at);
    Some(at)
}

impl<K, V> BTreeMap<K, V> {
    /// A map without entries.
    pub const fn new() -> Self {
        BTreeMap { keys: Vec::new(), values: Vec::new(), order: Positions::new() }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes every entry out.
    pub fn clear(&mut self) {
        *self = BTreeMap::default();
    }

    /// The entries by key.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { walk: self.order.walk(self.len()), keys: &self.keys, values: &self.values }
    }

    /// The keys in order.
    pub fn keys(&self) -> Keys<'_, K> {
        Keys { walk: self.order.walk(self.len()), keys: &self.keys }
    }

    /// The values by key.
    pub fn values(&self) -> Keys<'_, V> {
        Keys { walk: self.order.walk(self.len()), keys: &self.values }
    }

    /// The entries by key, with values to change.
    pub fn iter_mut(&mut self) -> std::iter::Zip<std::slice::Iter<'_, K>, std::slice::IterMut<'_, V>> {
        self.straighten();
        self.keys.iter().zip(&mut self.values)
    }

    /// Brings the entries themselves in order.
    fn straighten(&mut self) {
        carry_out(self.order.take(), &mut |a, b| {
            self.keys.swap(a, b);
            self.values.swap(a, b);
        });
    }

    /// The values by key, to change.
    pub fn values_mut(&mut self) -> std::slice::IterMut<'_, V> {
        self.straighten();
        self.values.iter_mut()
    }

    /// The keys in order.
    pub fn into_keys(mut self) -> std::vec::IntoIter<K> {
        self.straighten();
        self.keys.into_iter()
    }

    /// The values by key.
    pub fn into_values(mut self) -> std::vec::IntoIter<V> {
        self.straighten();
        self.values.into_iter()
    }
}

impl<K: Ord, V> BTreeMap<K, V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match search(&self.order, &self.keys, key) {
            Found::Entry(at, _) => self.values.get(at),
            Found::Gap(_) => None,
        }
    }

    /// The key as it is kept, and its value.
    pub fn get_key_value<Q: Ord + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        match search(&self.order, &self.keys, key) {
            Found::Entry(at, _) => Some((self.keys.get(at)?, self.values.get(at)?)),
            Found::Gap(_) => None,
        }
    }

    /// The value of a key, to change.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        match search(&self.order, &self.keys, key) {
            Found::Entry(at, _) => self.values.get_mut(at),
            Found::Gap(_) => None,
        }
    }

    /// Whether there is an entry with that key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        matches!(search(&self.order, &self.keys, key), Found::Entry(..))
    }

    /// Puts a value under a key; gives the one it takes the place of.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match search(&self.order, &self.keys, &key) {
            Found::Entry(at, _) => Some(std::mem::replace(self.values.get_mut(at)?, value)),
            Found::Gap(place) => {
                self.put(place, key, value);
                None
            }
        }
    }

    #[expect(clippy::incompatible_msrv, reason = "compiled for WebAssembly alone, which needs the pinned toolchain")]
    fn put(&mut self, place: Place, key: K, value: V) -> &mut V {
        self.order.insert(place, self.keys.len());
        self.keys.push(key);
        self.values.push_mut(value)
    }

    /// Takes a key's entry out; gives its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        remove(&mut self.order, &mut self.keys, key).map(|at| self.values.swap_remove(at))
    }

    /// The entry of a key, there or not.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        match search(&self.order, &self.keys, &key) {
            Found::Entry(at, _) => Entry::Occupied(OccupiedEntry { values: &mut self.values, at }),
            Found::Gap(place) => Entry::Vacant(VacantEntry { map: self, place, key }),
        }
    }

    /// Takes all entries of another map over, which is empty then.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }

    /// Keeps the entries of which `keep` is true, asked in order.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        for (key, mut value) in std::mem::take(self) {
            if keep(&key, &mut value) {
                self.insert(key, value);
            }
        }
    }

    /// The entries from a key on.
    pub fn range(&self, from: RangeFrom<K>) -> Iter<'_, K, V> {
        let (Found::Entry(_, place) | Found::Gap(place)) = search(&self.order, &self.keys, &from.start);
        Iter { walk: self.order.walk_from(place, self.len()), keys: &self.keys, values: &self.values }
    }

    /// The entry with the least key.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The entry with the greatest key.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }
}

/// The entry of a key.
#[derive(Debug)]
pub enum Entry<'m, K, V> {
    /// It is not there.
    Vacant(VacantEntry<'m, K, V>),
    /// It is there.
    Occupied(OccupiedEntry<'m, V>),
}

/// Where an entry would stand.
#[derive(Debug)]
pub struct VacantEntry<'m, K, V> {
    map: &'m mut BTreeMap<K, V>,
    place: Place,
    key: K,
}

/// An entry that is there.
#[derive(Debug)]
pub struct OccupiedEntry<'m, V> {
    values: &'m mut [V],
    at: usize,
}

impl<'m, K: Ord, V> VacantEntry<'m, K, V> {
    /// Puts the value in.
    pub fn insert(self, value: V) -> &'m mut V {
        self.map.put(self.place, self.key, value)
    }
}

impl<'m, V> OccupiedEntry<'m, V> {
    /// The value.
    #[expect(
        clippy::indexing_slicing,
        reason = "the order holds the positions of entries that are there, and no others"
    )]
    pub fn into_mut(self) -> &'m mut V {
        &mut self.values[self.at]
    }
}

impl<'m, K: Ord, V> Entry<'m, K, V> {
    /// The value, or the one that is put in.
    pub fn or_insert(self, value: V) -> &'m mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(value),
        }
    }

    /// The value, or the one that is made and put in.
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'m mut V {
        match self {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(value()),
        }
    }

    /// The value, or the default, put in.
    pub fn or_default(self) -> &'m mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

/// The entries by key.
#[derive(Debug)]
pub struct Iter<'m, K, V> {
    walk: Walk<'m>,
    keys: &'m [K],
    values: &'m [V],
}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Iter { walk: self.walk.clone(), keys: self.keys, values: self.values }
    }
}

impl<'m, K, V> Iterator for Iter<'m, K, V> {
    type Item = (&'m K, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.walk.next()?;
        Some((self.keys.get(at)?, self.values.get(at)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.walk.left(), Some(self.walk.left()))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let at = self.walk.next_back()?;
        Some((self.keys.get(at)?, self.values.get(at)?))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

/// Keys, or values, in the order of the keys.
#[derive(Debug)]
pub struct Keys<'m, K> {
    pub(super) walk: Walk<'m>,
    pub(super) keys: &'m [K],
}

impl<K> Clone for Keys<'_, K> {
    fn clone(&self) -> Self {
        Keys { walk: self.walk.clone(), keys: self.keys }
    }
}

impl<'m, K> Iterator for Keys<'m, K> {
    type Item = &'m K;

    fn next(&mut self) -> Option<&'m K> {
        self.keys.get(self.walk.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.walk.left(), Some(self.walk.left()))
    }
}

impl<K> DoubleEndedIterator for Keys<'_, K> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.keys.get(self.walk.next_back()?)
    }
}

impl<K> ExactSizeIterator for Keys<'_, K> {}

impl<'m, K, V> IntoIterator for &'m BTreeMap<K, V> {
    type Item = (&'m K, &'m V);
    type IntoIter = Iter<'m, K, V>;

    fn into_iter(self) -> Iter<'m, K, V> {
        self.iter()
    }
}

impl<'m, K, V> IntoIterator for &'m mut BTreeMap<K, V> {
    type Item = (&'m K, &'m mut V);
    type IntoIter = std::iter::Zip<std::slice::Iter<'m, K>, std::slice::IterMut<'m, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<K, V> IntoIterator for BTreeMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::iter::Zip<std::vec::IntoIter<K>, std::vec::IntoIter<V>>;

    fn into_iter(mut self) -> Self::IntoIter {
        self.straighten();
        self.keys.into_iter().zip(self.values)
    }
}

impl<K: Ord, V> Extend<(K, V)> for BTreeMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for BTreeMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = BTreeMap::new();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for BTreeMap<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        BTreeMap::from_iter(entries)
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for BTreeMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for BTreeMap<K, V> {}

impl<K: Ord, V: Ord> Ord for BTreeMap<K, V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<K: Ord, V: Ord> PartialOrd for BTreeMap<K, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for BTreeMap<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self).finish()
    }
}
