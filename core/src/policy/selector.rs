//! Label selectors over interned labels: matching is comparing numbers, and labels that no selector mentions are not
//! looked at, so that objects which every selector judges alike have the same [`Signature`].

use super::ids::{LabelKeyId, LabelValueId};
use crate::api::meta::{LabelSelector, StringMap};
use crate::cluster::Cluster;
use crate::ids::{Id as _, IdVec};
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;

/// The keys and values that selectors of one sort of object (pods, namespaces, nodes) mention, numbered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    keys: BTreeMap<String, LabelKeyId>,
    values: IdVec<LabelKeyId, BTreeMap<String, LabelValueId>>,
}

/// The labels of an object as far as the vocabulary goes: (key, value) pairs in order. A value that no selector
/// mentions is none.
pub(crate) type Signature = Vec<(LabelKeyId, Option<LabelValueId>)>;

/// A selector in canonical form: requirements in order, none twice. All of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Requirement {
    In(LabelKeyId, Vec<LabelValueId>),
    NotIn(LabelKeyId, Vec<LabelValueId>),
    Exists(LabelKeyId),
    DoesNotExist(LabelKeyId),
    /// An operator that is none of the four matches nothing.
    Never,
}

impl Vocabulary {
    /// Takes up what the selector mentions and gives its canonical form.
    pub(crate) fn selector(&mut self, selector: &LabelSelector) -> Selector {
        let mut requirements = Vec::new();
        for (key, value) in &selector.match_labels {
            let key = self.key(key);
            requirements.push(Requirement::In(key, self.value(key, value).into_iter().collect()));
        }
        for requirement in &selector.match_expressions {
            let key = self.key(&requirement.key);
            requirements.push(match requirement.operator.as_str() {
                "In" => Requirement::In(key, self.all(key, &requirement.values)),
                "NotIn" => Requirement::NotIn(key, self.all(key, &requirement.values)),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::DoesNotExist(key),
                _ => Requirement::Never,
            });
        }
        requirements.small_sort();
        requirements.dedup();
        Selector { requirements }
    }

    /// The part of the labels that the selectors taken up so far can tell apart.
    pub(crate) fn signature(&self, labels: &StringMap) -> Signature {
        let mut signature: Signature = labels.iter().filter_map(|(key, value)| self.label(key, value)).collect();
        signature.small_sort();
        signature
    }

    /// The same for a namespace of that name: the API server sets `kubernetes.io/metadata.name` on every one.
    pub(crate) fn namespace_signature(&self, cluster: &Cluster, name: &str) -> Signature {
        const NAME: &str = "kubernetes.io/metadata.name";
        let labels = cluster.namespaces.get("", name).map(|found| &found.metadata.labels);
        let given = labels.into_iter().flatten().filter(|(key, _)| *key != NAME);
        let mut signature: Signature = given.filter_map(|(key, value)| self.label(key, value)).collect();
        signature.extend(self.label(NAME, name));
        signature.small_sort();
        signature
    }

    fn label(&self, key: &str, value: &str) -> Option<(LabelKeyId, Option<LabelValueId>)> {
        let key = *self.keys.get(key)?;
        Some((key, self.known(key, value)))
    }

    /// The selector as `kubectl` writes it: `app=web,env notin (a,b),!old`. None for the one that matches everything.
    pub(crate) fn show(&self, selector: &Selector) -> Option<String> {
        let key = |wanted: &LabelKeyId| {
            self.keys.iter().find(|(_, number)| *number == wanted).map(|(key, _)| key.as_str()).unwrap_or_default()
        };
        let list = |of: &LabelKeyId, wanted: &[LabelValueId]| {
            let values = self.values.get(*of).into_iter().flatten();
            values.filter(|(_, number)| wanted.contains(number)).map(|(value, _)| value.as_str()).collect::<Vec<_>>()
        };
        let show = |requirement: &Requirement| match requirement {
            Requirement::In(of, values) => match list(of, values).as_slice() {
                [value] => format!("{}={value}", key(of)),
                values => format!("{} in ({})", key(of), values.join(",")),
            },
            Requirement::NotIn(of, values) => format!("{} notin ({})", key(of), list(of, values).join(",")),
            Requirement::Exists(of) => key(of).to_owned(),
            Requirement::DoesNotExist(of) => format!("!{}", key(of)),
            Requirement::Never => "nothing".to_owned(),
        };
        let shown: Vec<String> = selector.requirements.iter().map(show).collect();
        (!shown.is_empty()).then(|| shown.join(","))
    }

    fn key(&mut self, key: &str) -> LabelKeyId {
        if let Some(known) = self.keys.get(key) {
            return *known;
        }
        let id = self.values.push(BTreeMap::new());
        self.keys.insert(key.to_owned(), id);
        id
    }

    /// The id of a value of a key that [`Vocabulary::key`] gave.
    fn value(&mut self, key: LabelKeyId, value: &str) -> Option<LabelValueId> {
        if let Some(known) = self.known(key, value) {
            return Some(known);
        }
        let values = self.values.get_mut(key)?;
        let id = LabelValueId::from_index(values.len());
        values.insert(value.to_owned(), id);
        Some(id)
    }

    fn all(&mut self, key: LabelKeyId, values: &[String]) -> Vec<LabelValueId> {
        let mut numbers: Vec<LabelValueId> = values.iter().filter_map(|value| self.value(key, value)).collect();
        numbers.small_sort();
        numbers.dedup();
        numbers
    }

    fn known(&self, key: LabelKeyId, value: &str) -> Option<LabelValueId> {
        self.values.get(key)?.get(value).copied()
    }
}

impl Selector {
    /// Whether the labels satisfy the selector, as `LabelSelector::matches` does.
    pub(crate) fn matches(&self, signature: &Signature) -> bool {
        let value = |key: &LabelKeyId| {
            let at = signature.binary_search_by_key(key, |(known, _)| *known).ok()?;
            signature.get(at).map(|(_, value)| *value)
        };
        self.requirements.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                value(key).flatten().is_some_and(|value| values.binary_search(&value).is_ok())
            }
            Requirement::NotIn(key, values) => {
                value(key).flatten().is_none_or(|value| values.binary_search(&value).is_err())
            }
            Requirement::Exists(key) => value(key).is_some(),
            Requirement::DoesNotExist(key) => value(key).is_none(),
            Requirement::Never => false,
        })
    }

    /// A (key, value) pair that whatever matches must have, where there is one: the way into an index by label.
    pub(crate) fn needed_label(&self) -> Option<(LabelKeyId, Option<LabelValueId>)> {
        self.requirements.iter().find_map(|requirement| match requirement {
            Requirement::In(key, values) => match values.as_slice() {
                [value] => Some((*key, Some(*value))),
                _ => None,
            },
            _ => None,
        })
    }

    /// Whether it matches everything, because it asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::meta::LabelSelectorRequirement;

    fn labels(pairs: &[(&str, &str)]) -> StringMap {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn selector(pairs: &[(&str, &str)], expressions: &[(&str, &str, &[&str])]) -> LabelSelector {
        let requirement = |(key, operator, values): &(&str, &str, &[&str])| LabelSelectorRequirement {
            key: (*key).to_owned(),
            operator: (*operator).to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
        };
        LabelSelector { match_labels: labels(pairs), match_expressions: expressions.iter().map(requirement).collect() }
    }

    #[test]
    fn interned_selectors_judge_as_the_plain_ones() {
        let selectors = [
            selector(&[], &[]),
            selector(&[("app", "a")], &[]),
            selector(&[("app", "a")], &[("env", "NotIn", &["x", "y"])]),
            selector(&[], &[("env", "In", &["y", "x"]), ("app", "Exists", &[])]),
            selector(&[], &[("env", "DoesNotExist", &[])]),
            selector(&[], &[("app", "NotIn", &["a"])]),
            selector(&[], &[("env", "Bogus", &["x"])]),
        ];
        let objects = [
            labels(&[]),
            labels(&[("app", "a")]),
            labels(&[("app", "b"), ("env", "x")]),
            labels(&[("app", "a"), ("env", "z"), ("other", "1")]),
            labels(&[("env", "y")]),
        ];
        let mut vocabulary = Vocabulary::default();
        let interned: Vec<Selector> = selectors.iter().map(|plain| vocabulary.selector(plain)).collect();
        for object in &objects {
            let signature = vocabulary.signature(object);
            for (plain, interned) in selectors.iter().zip(&interned) {
                assert_eq!(interned.matches(&signature), plain.matches(object), "{plain:?} on {object:?}");
            }
        }
    }

    #[test]
    fn the_same_requirements_in_another_order_are_the_same_selector() {
        let mut vocabulary = Vocabulary::default();
        let one = vocabulary.selector(&selector(&[("a", "1")], &[("b", "In", &["x", "y"])]));
        let two = vocabulary.selector(&selector(&[], &[("b", "In", &["y", "x", "y"]), ("a", "In", &["1"])]));
        assert_eq!(one, two);
    }
}
