//! Ingress sets from a seed.

use serde_json::{Value, json};

/// A small generator: the same seed gives the same numbers (Steele and Vigna's SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// A number below the limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % limit as u64) as usize
    }

    /// One of the items.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

const HOSTS: &[&str] = &["foo.bar.com", "baz.bar.com", "*.bar.com", "*.foo.bar.com", "shop.example.com", ""];

const PATHS: &[&str] =
    &["/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/a", "/a/b", "/a/b/c", "/ab", "/Foo", "/foo.html", "/bar"];

/// Some Ingresses. Those for `nginx` carry annotations, and its class: it ignores Ingresses without one.
pub fn ingresses(random: &mut Random, controller: &str) -> Vec<Value> {
    (0..2 + random.below(4))
        .map(|number| {
            let backend = |random: &mut Random| {
                let name = format!("s{}", 1 + random.below(8));
                let port = if random.below(2) == 0 { json!({"number": 80}) } else { json!({"name": "http"}) };
                json!({"service": {"name": name, "port": port}})
            };
            let rules: Vec<Value> = (0..1 + random.below(4))
                .map(|_| {
                    let paths: Vec<Value> = (0..1 + random.below(4))
                        .map(|_| {
                            let kind = *random.pick(&["Exact", "Prefix", "Prefix", "ImplementationSpecific"]);
                            json!({"path": random.pick(PATHS), "pathType": kind, "backend": backend(random)})
                        })
                        .collect();
                    json!({"host": random.pick(HOSTS), "http": {"paths": paths}})
                })
                .collect();
            let mut ingress = json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": format!("ing{number}"), "namespace": "default",
                    "creationTimestamp": format!("2026-01-01T00:00:0{number}Z")},
                "spec": {"rules": rules},
            });
            if random.below(4) == 0 {
                ingress["spec"]["defaultBackend"] = backend(random);
            }
            if controller == "nginx" {
                ingress["spec"]["ingressClassName"] = json!("nginx");
                annotate(random, &mut ingress);
            }
            ingress
        })
        .collect()
}

fn annotate(random: &mut Random, ingress: &mut Value) {
    let (name, value) = match random.below(8) {
        0 => ("rewrite-target", "/new"),
        1 => ("use-regex", "true"),
        2 => ("app-root", "/foo"),
        3 => ("permanent-redirect", "http://elsewhere.example$request_uri"),
        4 => ("from-to-www-redirect", "true"),
        5 => {
            let names = ["alias.example.com", "~^re[0-9]+\\.example\\.com$", "*.wild.example.com,~^re.*\\.com$"];
            ("server-alias", *random.pick(&names))
        }
        _ => return,
    };
    ingress["metadata"]["annotations"] = json!({format!("nginx.ingress.kubernetes.io/{name}"): value});
}
