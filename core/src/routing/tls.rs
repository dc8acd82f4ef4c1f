//! TLS: which Secret serves an SNI name.

use super::matching::MatchHost;
use crate::api::resource::{Kind, ObjectKey};
use portolan_base::collections::BTreeMap;

/// The certificate of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The Secret; its name is empty where the controller's default certificate serves the host.
    pub secret: ObjectKey,
    /// The kind of the object that names the Secret.
    pub kind: Kind,
    /// The object that names the Secret.
    pub object: ObjectKey,
    /// The index in its list of certificates.
    pub index: usize,
}

/// The certificates of a table.
#[derive(Clone, Debug, Default)]
pub struct TlsTable {
    by_host: BTreeMap<MatchHost, Certificate>,
}

impl TlsTable {
    /// Notes the certificate of a host. Gives the one that is already there, which stays.
    pub(crate) fn add(&mut self, host: MatchHost, certificate: Certificate) -> Option<&Certificate> {
        use portolan_base::collections::btree_map::Entry;
        match self.by_host.entry(host) {
            Entry::Vacant(free) => {
                free.insert(certificate);
                None
            }
            Entry::Occupied(taken) => Some(taken.into_mut()),
        }
    }

    /// The certificate for an SNI name: of the host itself, of the wildcard one label up, or of every host.
    pub fn serve(&self, name: &str) -> Option<(&MatchHost, &Certificate)> {
        let name = name.to_ascii_lowercase();
        let suffix = name.split_once('.').map(|(_, suffix)| suffix.to_owned());
        let exact = MatchHost::Exact(name.into());
        let wildcard = suffix.map(|suffix| MatchHost::Wildcard(suffix.into()));
        [Some(exact), wildcard, Some(MatchHost::Any)]
            .into_iter()
            .flatten()
            .find_map(|host| self.by_host.get_key_value(&host))
    }

    /// The certificate that is named for exactly that host.
    pub(crate) fn of_host(&self, host: &MatchHost) -> Option<&Certificate> {
        self.by_host.get(host)
    }

    /// Whether a certificate covers every name that the host stands for.
    pub fn covers(&self, host: &MatchHost) -> bool {
        match host {
            MatchHost::Exact(name) => self.serve(name).is_some(),
            other => self.by_host.contains_key(other) || self.by_host.contains_key(&MatchHost::Any),
        }
    }

    /// Every host with its certificate.
    pub fn iter(&self) -> impl Iterator<Item = (&MatchHost, &Certificate)> {
        self.by_host.iter()
    }
}
