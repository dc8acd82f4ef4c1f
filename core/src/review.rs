//! One change under review: an object that is to be stored or taken out, judged with the cluster around it.
//!
//! The rules of [`lint`] look at whole clusters. To judge one object they are given its neighbourhood alone: the
//! objects that what they say of it can depend on, shared with the cluster and not copied. So a review costs what the neighbourhood
//! costs, whatever else the cluster holds, and leaves the cluster as it was.

mod neighbourhood;

use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::cluster::Source;
use crate::engine::Engine;
use crate::finding::Finding;
use crate::lint;
use neighbourhood::Neighbourhood;

/// What is about to happen to an object.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is created, or takes the place of the one of its name: the object, and where its fields stand.
    Put(Resource, Source),
    /// The object of that kind and name is taken out.
    Remove(Kind, ObjectKey),
}

/// What a change brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// What is found of the object itself, and was not before.
    pub own: Vec<Finding>,
    /// What is found of the object itself, and was found of the stored one in the same field.
    pub kept: Vec<Finding>,
    /// What the change brings upon other objects.
    pub others: Vec<Finding>,
}

/// Judges a change, for the cluster as it stands.
pub fn review(engine: &Engine, change: Change) -> Review {
    let (kind, key) = match &change {
        Change::Put(resource, _) => (resource.kind(), resource.key()),
        Change::Remove(kind, key) => (*kind, key.clone()),
    };
    let mut neighbourhood = Neighbourhood::new(engine, kind, &key);
    neighbourhood.walk(match &change {
        Change::Put(resource, _) => Some(resource),
        Change::Remove(..) => None,
    });
    let after = |neighbourhood: &Neighbourhood<'_>| {
        let mut after = neighbourhood.without();
        if let Change::Put(resource, source) = &change {
            after.insert(resource.clone(), Some(source.clone()));
        }
        lint::check(&after)
    };
    // Mostly nothing is found, or what is found around the object was there before.
    let found = after(&neighbourhood);
    if found.is_empty() || sort(&found, &lint::check(&neighbourhood.before()), kind, &key) == Review::default() {
        return Review::default();
    }
    neighbourhood.widen();
    sort(&after(&neighbourhood), &lint::check(&neighbourhood.before()), kind, &key)
}

/// Sorts what is found after a change of that object by what was found before.
fn sort(found: &[Finding], before: &[Finding], kind: Kind, key: &ObjectKey) -> Review {
    let mut review = Review::default();
    for finding in found {
        let is_own = finding.object.as_ref().is_some_and(|(of, name)| *of == kind && name == key);
        let was_there = before.iter().any(|other| {
            other.code == finding.code && other.object == finding.object && other.place.field == finding.place.field
        });
        match (is_own, was_there) {
            (true, false) => review.own.push(finding.clone()),
            (true, true) => review.kept.push(finding.clone()),
            (false, false) if !makes_pods(kind) || !is_of_policy(finding) => review.others.push(finding.clone()),
            (false, _) => {}
        }
    }
    review
}

/// Whether pods come and go with objects of the kind. What policies select then is no matter of review: it changes with
/// every rollout.
fn makes_pods(kind: Kind) -> bool {
    kind == Kind::Pod || kind.is_workload()
}

fn is_of_policy(finding: &Finding) -> bool {
    use Kind::{AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy, NetworkPolicy};
    let kinds = [NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy];
    finding.object.as_ref().is_some_and(|(kind, _)| kinds.contains(kind))
}

#[cfg(test)]
mod tests;
