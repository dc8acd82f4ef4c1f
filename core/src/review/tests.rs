//! A review of an object says what the check of the whole cluster says of it.

use super::*;
use crate::cluster::{Cluster, Options};
use crate::load::{File, LoadMode, load};
use crate::manifest::{self};
use portolan_base::collections::BTreeSet;
use portolan_base::tree::{Key, Node, Place, Value};

/// A copy of a stored object.
fn stored(cluster: &Cluster, kind: Kind, key: &ObjectKey) -> Resource {
    macro_rules! copy {
        ($($name:ident: $store:ident),*) => {
            match kind {
                $( Kind::$name => Resource::$name(Box::new((**cluster.$store.by_key(key).unwrap()).clone())), )*
                workload => {
                    let object = Box::new((**cluster.workloads[&workload].by_key(key).unwrap()).clone());
                    match workload {
                        Kind::Deployment => Resource::Deployment(object),
                        Kind::StatefulSet => Resource::StatefulSet(object),
                        Kind::DaemonSet => Resource::DaemonSet(object),
                        Kind::ReplicaSet => Resource::ReplicaSet(object),
                        Kind::ReplicationController => Resource::ReplicationController(object),
                        Kind::Job => Resource::Job(object),
                        _ => Resource::CronJob(object),
                    }
                }
            }
        };
    }
    copy!(
        Namespace: namespaces, Node: nodes, Pod: pods, Service: services, Endpoints: endpoints,
        EndpointSlice: endpoint_slices, Ingress: ingresses, IngressClass: ingress_classes,
        NetworkPolicy: network_policies, AdminNetworkPolicy: admin_network_policies,
        BaselineAdminNetworkPolicy: baseline_admin_network_policies,
        ClusterNetworkPolicy: cluster_network_policies, IPAddress: ip_addresses, ServiceCIDR: service_cidrs,
        Secret: secrets
    )
}

type Seen = (String, Option<(Kind, ObjectKey)>, String, String);

fn seen(finding: &Finding) -> Seen {
    (finding.code.to_owned(), finding.object.clone(), finding.place.field.clone(), finding.message.clone())
}

/// Holds the review of every object against the check of the whole, and of every so many what its going brings.
fn compare(engine: &Engine, name: &str, every: usize) {
    let all = lint::check(engine);
    let objects: Vec<(Kind, ObjectKey, Source)> = engine
        .cluster()
        .sources_in("all.yaml")
        .map(|(kind, key, source)| (kind, key.clone(), source.clone()))
        .collect();
    assert!(!objects.is_empty());
    for (number, (kind, key, source)) in objects.into_iter().enumerate() {
        let put = review(engine, Change::Put(stored(engine.cluster(), kind, &key), source));
        let of_object = |finding: &&Finding| finding.object.as_ref() == Some(&(kind, key.clone()));
        let expected: BTreeSet<Seen> = all.iter().filter(of_object).map(seen).collect();
        let found: BTreeSet<Seen> = put.own.iter().chain(&put.kept).map(seen).collect();
        assert_eq!(found, expected, "{name}: {} {key} as it is stored", kind.name());
        assert_eq!((put.own, put.others), (vec![], vec![]), "{name}: {} {key} did not change", kind.name());

        // What a node takes along when it goes is not looked for.
        if kind == Kind::Node || number % every != 0 {
            continue;
        }
        let mut without = engine.fork();
        without.remove(kind, &key);
        let place = |finding: &Finding| (finding.code, finding.object.clone(), finding.place.field.clone());
        let before: BTreeSet<_> = all.iter().map(place).collect();
        let broken = lint::check(&without);
        // What policies are left with when pods go is not looked for: pods come and go.
        let is_told = |finding: &&Finding| {
            !before.contains(&place(finding)) && (!makes_pods(kind) || !finding.code.starts_with("NET"))
        };
        let expected: BTreeSet<Seen> = broken.iter().filter(is_told).map(seen).collect();
        let gone = review(engine, Change::Remove(kind, key.clone()));
        let found: BTreeSet<Seen> = gone.others.iter().map(seen).collect();
        assert_eq!(found, expected, "{name}: {} {key} taken out", kind.name());
        // And put back.
        let back = review(
            &without,
            Change::Put(stored(engine.cluster(), kind, &key), engine.cluster().source(kind, &key).unwrap().clone()),
        );
        let expected: BTreeSet<Seen> = all.iter().filter(of_object).map(seen).collect();
        let found: BTreeSet<Seen> = back.own.iter().map(seen).collect();
        assert_eq!(found, expected, "{name}: {} {key} put in", kind.name());
    }
}

/// The objects of a text in a namespace of their own.
fn moved(text: &str, namespace: &str) -> String {
    let mut out = String::new();
    for mut object in manifest::objects(text).into_iter().flatten() {
        let member = |name: &str| object.get(name).and_then(Node::as_str).unwrap_or_default().to_owned();
        let kind = Kind::of(&member("apiVersion"), &member("kind"));
        if kind.is_none_or(|kind| kind.is_namespaced())
            && let Value::Mapping(members) = &mut object.value
        {
            let metadata = members.iter_mut().find(|(key, _)| &*key.name == "metadata").unwrap();
            if metadata.1.get("namespace").is_none()
                && let Value::Mapping(members) = &mut metadata.1.value
            {
                let key = Key { name: "namespace".into(), place: Place::default() };
                members.push((key, Node { value: Value::String(namespace.into()), place: Place::default() }));
            }
        }
        out.push_str(&format!("---\n{}\n", object.to_json()));
    }
    out
}

fn engine(text: &str) -> Engine {
    let file = File { name: "all.yaml".into(), text: text.into() };
    load(&[file], Options::default(), LoadMode::Admitted).engine
}

fn example(doc: &str, heading: &str) -> String {
    let block = doc.split_once(&format!("## {heading}")).unwrap().1.split_once("```yaml\n").unwrap().1;
    let lines = block.split_once("```").unwrap().0.lines();
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_examples_of_every_rule_are_judged_as_in_a_check() {
    let mut together = String::new();
    for rule in lint::RULES {
        for heading in ["Wrong", "Right"] {
            let text = example(rule.doc(), heading);
            compare(&engine(&text), &format!("{} {heading}", rule.code), 1);
            together.push_str(&moved(&text, &format!("{}-{heading}", rule.code).to_lowercase()));
        }
    }
    compare(&engine(&together), "all together", 11);
}

/// Numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

fn some_object(numbers: &mut Numbers, number: usize) -> String {
    let namespace = numbers.one(&["a", "b", "c"]);
    let app = numbers.one(&["web", "api", "db", "none"]);
    let other = numbers.one(&["web", "api", "db", "none"]);
    let name = format!("{}{}", numbers.one(&["web", "api", "web-service", "db"]), numbers.one(&["", "-port", "-2"]));
    let port = numbers.one(&["80", "8080", "http"]);
    match numbers.below(8) {
        0 | 1 => format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  selector: {{app: {app}}}\n  {}\n  ports: [{{name: x, port: 80, targetPort: {port}}}]\n",
            numbers.one(&[
                "clusterIP: None",
                "type: NodePort",
                "sessionAffinity: ClientIP",
                "type: NodePort\n  externalTrafficPolicy: Local"
            ])
        ),
        2 => format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{type: ExternalName, externalName: {other}.{}.svc.cluster.local}}\n",
            numbers.one(&["a", "b"])
        ),
        3 => format!(
            "apiVersion: apps/v1\nkind: {}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  replicas: 2\n  serviceName: {other}\n  selector: {{matchLabels: {{app: {app}}}}}\n  template:\n    metadata: {{labels: {{app: {app}}}}}\n    spec: {{containers: [{{name: c, image: i, env: [{{name: {}_{}, value: x}}], ports: [{{name: http, containerPort: 8080}}]}}]}}\n",
            numbers.one(&["Deployment", "StatefulSet"]),
            name.to_uppercase().replace('-', "_"),
            numbers.one(&["HOST", "PORT", "MODE"]),
        ),
        4 => format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: {namespace}, labels: {{app: {app}}}}}\nspec: {{hostname: h, subdomain: {other}, containers: [{{name: c, image: i, ports: [{{containerPort: {}}}]}}]}}\n",
            numbers.one(&["80", "8080"])
        ),
        5 => format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  tls: [{{hosts: [{other}.example.com], secretName: {app}}}]\n  rules:\n  - host: {other}.example.com\n    http: {{paths: [{{path: /{}, pathType: Prefix, backend: {{service: {{name: {app}, port: {{number: 80}}}}}}}}]}}\n",
            numbers.one(&["", "x", "x/", "y.*"])
        ),
        6 => format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {app}, namespace: {namespace}}}\ntype: Opaque\ndata: {{tls.crt: YQ==, tls.key: YQ==}}\n"
        ),
        _ => format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec:\n  podSelector: {{matchLabels: {{app: {app}}}}}\n  policyTypes: [Ingress, Egress]\n  ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}}}, {{podSelector: {{matchLabels: {{app: {other}}}}}}}], ports: [{{port: {}}}]}}]\n  egress: [{{to: [{{podSelector: {{matchLabels: {{app: {other}}}}}}}], ports: [{{port: {}}}]}}]\n",
            numbers.one(&["a", "b"]),
            numbers.one(&["80", "8080"]),
            numbers.one(&["80", "53"]),
        ),
    }
}

#[test]
fn random_clusters_are_judged_as_in_a_check() {
    for seed in 1..=40 {
        let mut numbers = Numbers(u64::MAX / (seed + 1));
        let count = 4 + usize::try_from(numbers.below(20)).unwrap();
        let objects: Vec<String> = (0..count).map(|number| some_object(&mut numbers, number)).collect();
        compare(&engine(&objects.join("---\n")), &format!("seed {seed}\n{}", objects.join("---\n")), 1);
    }
}

#[test]
fn an_error_that_was_there_is_told_from_a_new_one() {
    let service = |address: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{type: ExternalName, externalName: {address}}}\n"
        )
    };
    let engine = engine(&service("10.0.0.1"));
    let change = |text: &str| {
        let other = self::engine(text);
        let key = ObjectKey::new("default", "a");
        let source = other.cluster().source(Kind::Service, &key).unwrap().clone();
        review(&engine, Change::Put(stored(other.cluster(), Kind::Service, &key), source))
    };
    let same = change(&service("10.0.0.2"));
    assert_eq!((same.own.len(), same.kept.len()), (0, 1));
    let fixed = change(&service("example.com"));
    assert_eq!(fixed, Review::default());
}
