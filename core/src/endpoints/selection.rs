//! Which Services select a pod: found by the pod's labels, without asking every Service.

use crate::api::meta::StringMap;
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use portolan_base::collections::{BTreeMap, BTreeSet};

/// The selector of a Service that gets its endpoints from the controllers: none for `ExternalName`, none where it has no
/// selector. An empty selector is stored as none.
pub fn selector(service: &Service) -> Option<&StringMap> {
    let selector = service.spec.selector.as_ref().filter(|selector| !selector.is_empty())?;
    (service.spec.r#type != "ExternalName").then_some(selector)
}

/// Whether labels fulfil a selector: they have every pair of it.
pub fn selects(selector: &StringMap, labels: &StringMap) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The Services of every namespace, each found by one pair of its selector.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    namespaces: BTreeMap<String, Pairs>,
}

/// For each label and value the names of the Services found by it.
type Pairs = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

impl Selection {
    /// Puts a Service in, under the pair of its selector that fewest others are found by.
    pub(super) fn insert(&mut self, key: &ObjectKey, selector: &StringMap) {
        let pairs = self.namespaces.entry(key.namespace.clone()).or_default();
        let others =
            |label: &str, value: &str| pairs.get(label).and_then(|values| values.get(value)).map_or(0, BTreeSet::len);
        let rarest = selector.iter().min_by_key(|(label, value)| others(label, value));
        if let Some((label, value)) = rarest {
            let values = pairs.entry(label.clone()).or_default();
            values.entry(value.clone()).or_default().insert(key.name.clone());
        }
    }

    /// Takes a Service out.
    pub(super) fn remove(&mut self, key: &ObjectKey, selector: &StringMap) {
        let Some(pairs) = self.namespaces.get_mut(&key.namespace) else { return };
        for (label, value) in selector {
            if let Some(names) = pairs.get_mut(label).and_then(|values| values.get_mut(value)) {
                names.remove(&key.name);
            }
        }
    }

    /// The Services that may select a pod with these labels: those found by one of its labels.
    pub(super) fn candidates<'a>(&'a self, namespace: &str, labels: &'a StringMap) -> impl Iterator<Item = &'a str> {
        let pairs = self.namespaces.get(namespace);
        let found = labels.iter().filter_map(move |(label, value)| pairs?.get(label)?.get(value));
        found.flatten().map(String::as_str)
    }
}
