//! The names and labels that controllers give the pods they make.

use crate::api::codec::Codec as _;
use crate::api::meta::{OwnerReference, StringMap};
use crate::api::pod::PodTemplateSpec;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::workload::Workload;

/// What a controller calls one pod.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The pod's name.
    pub name: String,
    /// The prefix it was made from, where the API server would have made it.
    pub generate_name: String,
    /// The labels that the controller adds to the template's.
    pub labels: StringMap,
    /// The controller that owns it: for a Deployment its ReplicaSet, for a CronJob its Job.
    pub owner: OwnerReference,
}

/// Names the pod of that index, beginning at 0.
pub fn name(kind: Kind, key: &ObjectKey, workload: &Workload, template: &PodTemplateSpec, index: i32) -> Named {
    let revision = revision(template);
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    match kind {
        Kind::Deployment => {
            let set = format!("{}-{revision}", key.name);
            let labels = StringMap::from([label("pod-template-hash", &revision)]);
            generated(key, &set, "apps/v1", "ReplicaSet", labels, index)
        }
        Kind::StatefulSet => {
            let ordinal = index.saturating_add(workload.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start));
            let name = format!("{}-{ordinal}", key.name);
            let labels = StringMap::from([
                label("statefulset.kubernetes.io/pod-name", &name),
                label("apps.kubernetes.io/pod-index", &ordinal.to_string()),
                label("controller-revision-hash", &format!("{}-{revision}", key.name)),
            ]);
            Named { name, labels, owner: owner("apps/v1", "StatefulSet", &key.name), ..Named::default() }
        }
        Kind::DaemonSet => {
            let labels =
                StringMap::from([label("controller-revision-hash", &revision), label("pod-template-generation", "1")]);
            generated(key, &key.name, "apps/v1", "DaemonSet", labels, index)
        }
        Kind::Job => job(key, &key.name, index),
        // A CronJob's Job is named after the minute it was due; any number does.
        Kind::CronJob => job(key, &format!("{}-{}", key.name, hash(&key.to_string()) % 100_000_000), index),
        Kind::ReplicationController => {
            generated(key, &key.name, "v1", "ReplicationController", StringMap::new(), index)
        }
        _ => generated(key, &key.name, "apps/v1", "ReplicaSet", StringMap::new(), index),
    }
}

fn job(key: &ObjectKey, name: &str, index: i32) -> Named {
    let label = |prefix: &str| (format!("{prefix}job-name"), name.to_owned());
    let labels = StringMap::from([label("batch.kubernetes.io/"), label("")]);
    generated(key, name, "batch/v1", "Job", labels, index)
}

fn generated(key: &ObjectKey, controller: &str, version: &str, kind: &str, labels: StringMap, index: i32) -> Named {
    let number = hash(&format!("{}/{kind}/{controller}/{index}", key.namespace));
    // The API server cuts the prefix so that the name stays a label's length (`names.SimpleNameGenerator`).
    let prefix: String = format!("{controller}-").chars().take(58).collect();
    let name = format!("{prefix}{}", encode(number, 5));
    Named { name, generate_name: prefix, labels, owner: owner(version, kind, controller) }
}

/// Five characters as the API server would draw them behind a prefix, from a text.
pub fn suffix(text: &str) -> String {
    encode(hash(text), 5)
}

fn owner(api_version: &str, kind: &str, name: &str) -> OwnerReference {
    OwnerReference {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        ..OwnerReference::default()
    }
}

/// A hash of the template in the alphabet of Kubernetes. The real one hashes Go's dump of the whole pod template, of
/// which the project keeps a part; so this names a pod as the controller would, not what it would be named.
fn revision(template: &PodTemplateSpec) -> String {
    encode(hash(&template.encode().to_string()), 10)
}

/// FNV-1a, 64 bits: steady on every machine.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Characters of `k8s.io/apimachinery/pkg/util/rand`: no vowels, nothing that reads like another.
fn encode(mut number: u64, length: usize) -> String {
    const ALPHABET: [char; 27] = [
        'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'z', '2', '4',
        '5', '6', '7', '8', '9',
    ];
    (0..length)
        .map(|_| {
            let letter = usize::try_from(number % 27).ok().and_then(|index| ALPHABET.get(index)).copied();
            number /= 27;
            letter.unwrap_or('b')
        })
        .collect()
}
