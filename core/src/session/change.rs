//! What a change in a file touches: whether taking in the documents that differ is as good as taking in all.
//!
//! Admission looks at what came before: at the addresses and ports that Services hold, at the default class of Ingresses.
//! Where the documents that differ and the others meet there, their order in the files decides.

use super::{Cut, Session, line_within};
use crate::admission::allocate::{Claim, ClaimRange, held};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Source;
use crate::finding::Finding;
use crate::load::{Entanglement, is_exported};
use portolan_base::collections::BTreeSet;

/// A change under way.
pub(super) struct Change {
    /// The kinds of the objects that it touches, refused ones too.
    kinds: BTreeSet<Kind>,
    /// The objects that stand elsewhere and were refused.
    refused: Vec<(Kind, ObjectKey)>,
    /// Whether no other object is concerned, as far as is known.
    pub(super) stands_alone: bool,
}

impl Change {
    /// A change that takes these objects out, which are those in the old middle of the file.
    pub(super) fn of(session: &Session, index: usize, cut: &Cut, gone: &[(Kind, ObjectKey)]) -> Change {
        let cluster = session.engine.cluster();
        let mut change =
            Change { kinds: gone.iter().map(|(kind, _)| *kind).collect(), refused: Vec::new(), stands_alone: true };
        for (at, kept) in session.files.iter().enumerate() {
            for (finding, object) in kept.findings.iter().filter_map(|finding| Some((finding, refused(finding)?))) {
                let line = line_within(finding);
                if at == index && line > cut.start_line && line <= cut.old_end_line {
                    change.kinds.insert(object.0);
                } else {
                    change.refused.push(object.clone());
                }
            }
        }
        change.stands_alone &= !gone.iter().any(|object| change.refused.contains(object));
        let held: Vec<Claim> = gone
            .iter()
            .filter(|(kind, _)| *kind == Kind::Service)
            .filter_map(|(_, key)| cluster.services.by_key(key))
            .flat_map(|service| held(service))
            .collect();
        let is_gone = |key: &ObjectKey| gone.iter().any(|(kind, gone)| *kind == Kind::Service && gone == key);
        let mut others = session.entanglement.claims.iter().filter(|(key, _)| !is_gone(key));
        change.stands_alone &= !others.any(|(_, claims)| held.iter().any(|held| claims.contains(*held)));
        change.stands_alone &= !gone.iter().any(|(kind, key)| {
            *kind == Kind::Namespace && cluster.source(*kind, key).is_some_and(|source| is_exported(&source.node))
        });
        change
    }

    /// Compares the new middle of the file after loading: its findings and its entanglement.
    pub(super) fn takes_in(
        &mut self,
        session: &Session,
        index: usize,
        (name, cut): (&str, &Cut),
        findings: &[Finding],
        entanglement: &Entanglement,
    ) {
        let cluster = session.engine.cluster();
        self.kinds.extend(findings.iter().filter_map(refused).map(|(kind, _)| *kind));
        let is_behind = |source: &Source| match session.files.iter().position(|kept| kept.file.name == source.file) {
            Some(at) if at == index => source.start() >= cut.new_end,
            at => at > Some(index),
        };
        let is_in_middle = |source: &Source| {
            let start = source.start();
            &*source.file == name && (cut.start..cut.new_end).contains(&start)
        };
        for (kind, key, source) in cluster.sources_in(name).filter(|(_, _, source)| is_in_middle(source)) {
            self.kinds.insert(kind);
            self.stands_alone &= !self.refused.iter().any(|(refused, name)| *refused == kind && name == key);
            self.stands_alone &= kind != Kind::Namespace || !is_exported(&source.node);
            if let Some(service) = cluster.services.by_key(key).filter(|_| kind == Kind::Service) {
                let mut others = session.entanglement.claims.iter().filter(|(other, _)| other != key);
                self.stands_alone &= !others.any(|(_, claims)| held(service).any(|held| claims.contains(held)));
            }
        }
        let is_there = |kind: Kind| {
            cluster.sources_of(kind).next().is_some() || self.refused.iter().any(|(refused, _)| *refused == kind)
        };
        let touches = |kind: Kind| self.kinds.contains(&kind);
        let of_addresses = [Kind::IPAddress, Kind::ServiceCIDR];
        let addresses = of_addresses.iter().any(|kind| touches(*kind) || touches(Kind::Service) && is_there(*kind));
        let classes = touches(Kind::IngressClass) && is_there(Kind::Ingress);
        let class_behind = || {
            let mut classes = cluster.sources_of(Kind::IngressClass);
            classes.any(|(_, source)| is_behind(source) && !is_exported(&source.node))
        };
        // Pods without a status are put on the nodes that there are.
        let nodes = touches(Kind::Node) && is_there(Kind::Pod);
        let later_class = touches(Kind::Ingress) && class_behind();
        self.stands_alone &= !addresses && !classes && !nodes && !later_class;
        // Who stands behind would have had to go without.
        let holds = |key: &ObjectKey, claims: &ClaimRange| {
            cluster.services.by_key(key).is_some_and(|service| held(service).any(|held| claims.contains(held)))
        };
        let from_behind = |claims: &ClaimRange| {
            let mut services = cluster.sources_of(Kind::Service).filter(|(key, _)| holds(key, claims));
            services.any(|(_, source)| is_behind(source) && !is_exported(&source.node))
        };
        self.stands_alone &= !entanglement.claims.iter().any(|(_, claims)| from_behind(claims));
    }
}

/// The object that was refused, where that is what was found.
fn refused(finding: &Finding) -> Option<&(Kind, ObjectKey)> {
    finding.object.as_ref().filter(|_| finding.code == "refused")
}
