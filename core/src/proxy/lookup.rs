//! Finding where a packet goes by where it is sent: hash tables whose answer takes the same time in any cluster. In a
//! WebAssembly module they are sorted maps, whose code is there already: a hash table's is four kilobytes.

use super::service_port::ServicePort;
use crate::api::resource::ObjectKey;
use crate::net::{Family, Protocol};
use portolan_base::collections::BTreeMap;
#[cfg(not(target_family = "wasm"))]
use std::collections::HashMap;
use std::hash::Hash;
#[cfg(not(target_family = "wasm"))]
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

/// An address and port that packets are sent to.
pub(super) type Address = (IpAddr, u16, Protocol);
/// A port of the node, for one family of addresses.
pub(super) type NodePort = (Family, u16, Protocol);

/// By which of its addresses a Service was found. Where one address is several of these, the least counts: a load
/// balancer's source ranges hold also where its address is an external IP too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Via {
    /// One of `spec.clusterIPs`.
    ClusterIP,
    /// One of `status.loadBalancer.ingress` that is not in mode `Proxy`.
    LoadBalancer,
    /// One of `spec.externalIPs`.
    ExternalIP,
    /// The port's `nodePort`.
    NodePort,
}

/// What a table finds: a port of a Service, and by which of its addresses.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) via: Via,
    pub(super) port: Arc<ServicePort>,
}

impl Found {
    fn rank(&self) -> (&ObjectKey, Via) {
        (&self.port.service, self.via)
    }
}

/// A hash table of what was found under each key. Where two Services claim one key, the one that comes first by namespace
/// and name has it; kube-proxy leaves that to chance.
#[derive(Clone, Debug)]
pub(super) struct Lookup<K> {
    first: Table<K, Found>,
    /// The claims that do not count as long as the first is there.
    others: BTreeMap<K, Vec<Found>>,
}

impl<K> Default for Lookup<K> {
    fn default() -> Self {
        Lookup { first: Table::default(), others: BTreeMap::new() }
    }
}

impl<K: Copy + Ord + Hash> Lookup<K> {
    pub(super) fn get(&self, key: &K) -> Option<&Found> {
        self.first.get(key)
    }

    pub(super) fn insert(&mut self, key: K, found: Found) {
        let Some(holder) = self.first.get_mut(&key) else {
            self.first.insert(key, found);
            return;
        };
        let goes_first = found.rank() < holder.rank();
        let other = if goes_first { std::mem::replace(holder, found) } else { found };
        self.others.entry(key).or_default().push(other);
    }

    /// Takes out what that port of a Service claims under the key.
    pub(super) fn remove(&mut self, key: &K, port: &Arc<ServicePort>) {
        if let Some(others) = self.others.get_mut(key) {
            others.retain(|found| !Arc::ptr_eq(&found.port, port));
        }
        if self.first.get(key).is_some_and(|found| Arc::ptr_eq(&found.port, port)) {
            self.first.remove(key);
            for other in self.others.remove(key).unwrap_or_default() {
                self.insert(*key, other);
            }
        }
    }
}

/// Values by key, for what is looked up and never listed.
#[cfg(not(target_family = "wasm"))]
pub(super) type Table<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;
/// Values by key, for what is looked up and never listed.
#[cfg(target_family = "wasm")]
pub(super) type Table<K, V> = BTreeMap<K, V>;

/// A hash without a secret: nothing is ever listed by it, and who may write Services may do worse than slow this down.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Debug, Default)]
pub(super) struct Mixer(u64);

#[cfg(not(target_family = "wasm"))]
impl Mixer {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(not(target_family = "wasm"))]
impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.mix(chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.mix(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
