//! The maps and sets of the small build, held against the standard library's.

use super::map::{BTreeMap, Entry};
use super::set::BTreeSet;
use std::collections;

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn same(map: &BTreeMap<String, u64>, expected: &collections::BTreeMap<String, u64>) {
    assert!(map.iter().eq(expected.iter()));
    assert!(map.iter().rev().eq(expected.iter().rev()));
    assert!(map.keys().eq(expected.keys()) && map.values().eq(expected.values()));
    assert_eq!((map.len(), map.is_empty()), (expected.len(), expected.is_empty()));
    assert_eq!((map.first_key_value(), map.last_key_value()), (expected.first_key_value(), expected.last_key_value()));
    assert_eq!(format!("{map:?}"), format!("{expected:?}"));
    // One after the other, what is there and what is not.
    for (key, value) in expected {
        assert_eq!((map.get(key), map.get(format!("{key}+").as_str())), (Some(value), None));
    }
}

#[test]
fn a_map_is_the_standard_map_whatever_is_done_to_it() {
    for (seed, range) in (0..30).zip([3, 40, 3_000].into_iter().cycle()) {
        let mut numbers = Numbers(seed);
        let (mut map, mut expected) = (BTreeMap::new(), collections::BTreeMap::new());
        for step in 0..6_000 {
            let key = format!("{:04}", numbers.below(range));
            match numbers.below(if step < 3_000 { 6 } else { 9 }) {
                0..4 => assert_eq!(map.insert(key.clone(), step), expected.insert(key.clone(), step)),
                4 => {
                    let known = matches!(map.entry(key.clone()), Entry::Occupied(_));
                    assert_eq!(known, expected.contains_key(&key));
                    *map.entry(key.clone()).or_default() += step;
                    *expected.entry(key.clone()).or_default() += step;
                }
                5 => assert_eq!(map.get_mut(key.as_str()), expected.get_mut(key.as_str())),
                _ => assert_eq!(map.remove(key.as_str()), expected.remove(key.as_str())),
            }
            assert_eq!(map.get(key.as_str()), expected.get(key.as_str()));
        }
        same(&map, &expected);
        let from = format!("{:04}", range / 2);
        assert!(map.range(from.clone()..).eq(expected.range(from.clone()..)));
        assert!(map.range(from.clone()..).rev().eq(expected.range(from..).rev()));
        let (copy, expected_copy) = (map.clone(), expected.clone());
        map.retain(|key, value| key.ends_with('3') || value.is_multiple_of(3));
        expected.retain(|key, value| key.ends_with('3') || value.is_multiple_of(3));
        same(&map, &expected);
        assert_eq!(copy.cmp(&map), expected_copy.cmp(&expected));
        map.append(&mut copy.clone());
        same(&map, &expected_copy);
        assert_eq!(map, copy);
        map.iter_mut().for_each(|(key, value)| *value += key.len() as u64);
        assert!(map.values().eq(expected_copy.values().map(|value| value + 4).collect::<Vec<_>>().iter()));
        assert!(copy.clone().into_keys().eq(expected_copy.clone().into_keys()));
        assert!(copy.clone().into_values().eq(expected_copy.clone().into_values()));
        assert!(copy.into_iter().eq(expected_copy));
    }
}

#[test]
fn a_set_is_the_standard_set() {
    let mut numbers = Numbers(5);
    let (mut set, mut expected) = (BTreeSet::new(), collections::BTreeSet::new());
    for step in 0..8_000 {
        let key = numbers.below(2_000);
        if step % 3 == 2 {
            assert_eq!(set.remove(&key), expected.remove(&key));
        } else {
            assert_eq!(set.insert(key), expected.insert(key));
        }
        assert_eq!(set.contains(&key), expected.contains(&key));
    }
    assert!(set.iter().eq(expected.iter()) && set.iter().rev().eq(expected.iter().rev()));
    assert_eq!((set.first(), set.last(), set.len()), (expected.first(), expected.last(), expected.len()));
    assert_eq!(format!("{set:?}"), format!("{expected:?}"));
    let copy: BTreeSet<u64> = set.iter().rev().copied().collect();
    assert_eq!(copy, set);
    assert!(set.into_iter().eq(expected));
}

#[test]
fn a_hundred_thousand_entries_in_any_order_are_no_matter() {
    let mut map = BTreeMap::new();
    for number in 0..100_000_u64 {
        map.insert(number.wrapping_mul(2_654_435_761) % 1_000_003, number);
    }
    assert!(map.keys().is_sorted());
    for number in 0..100_000_u64 {
        assert_eq!(map.remove(&(number.wrapping_mul(2_654_435_761) % 1_000_003)), Some(number));
    }
    assert!(map.is_empty());
}
