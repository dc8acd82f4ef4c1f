//! The cluster's DNS: name and type in, records out, as CoreDNS v1.14.7 answers with its `kubernetes` plugin over the
//! cluster's domain and the reverse zones, `pods verified`, and nothing behind it.
//!
//! What comes in is a [`Zone`], compiled from a cluster and what the controllers publish, and a question; what goes out is
//! an [`Answer`]: the response code, the records and why. [`search`] gives the names that a resolver tries for a name that
//! is not complete.
//!
//! ## What is answered
//!
//! | name (below `cluster.local.`) | answer |
//! |---|---|
//! | `SERVICE.NAMESPACE.svc` | A and AAAA: the cluster IPs; of a headless Service the addresses that are ready. SRV: every port |
//! | `_PORT._PROTOCOL.SERVICE.NAMESPACE.svc` | the same, for the ports of that name and protocol |
//! | `ENDPOINT.SERVICE.NAMESPACE.svc` | one endpoint, by its host name or by its address with `-`; of any Service |
//! | the name of an ExternalName Service | CNAME, followed as long as it stays within the zone |
//! | `10-244-0-7.NAMESPACE.pod` | A: where a pod of that namespace has that address |
//! | `dns-version` | TXT: the version of the schema |
//! | `NAMESPACE.svc`, `svc`, `pod` and the zone itself | nothing, but they are there (`NOERROR`) |
//! | addresses in the reverse zones | PTR: the Service of a cluster IP, or every endpoint name of a pod's address |
//!
//! A headless Service without a ready endpoint is not there at all (`NXDOMAIN`), as CoreDNS has it. Letter case counts for
//! nothing and comes back as it was sent.

pub mod name;
pub mod record;
pub mod search;
pub mod zone;

mod lookup;

pub use record::{Answer, Data, Record, RecordType, Status};
pub use zone::Zone;

#[cfg(test)]
mod tests {
    use super::{RecordType, Status, Zone};
    use crate::api::resource::{Kind, ObjectKey, Resource, read};
    use crate::cluster::Options;
    use crate::engine::Engine;
    use crate::manifest;

    const CLUSTER: &str = r#"
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: a}, spec: {clusterIP: 10.0.0.9, clusterIPs: [10.0.0.9, "fd00::9"], selector: {app: web}, ports: [{name: http, port: 80, protocol: TCP}, {name: dns, port: 53, protocol: UDP}]}}
- {apiVersion: v1, kind: Service, metadata: {name: db, namespace: a}, spec: {clusterIP: None, clusterIPs: [None]}}
- {apiVersion: v1, kind: Service, metadata: {name: empty, namespace: a}, spec: {clusterIP: None, clusterIPs: [None], ports: [{port: 1}]}}
- {apiVersion: v1, kind: Service, metadata: {name: alias, namespace: a}, spec: {type: ExternalName, externalName: web.a.svc.cluster.local}}
- {apiVersion: v1, kind: Service, metadata: {name: broken, namespace: a}, spec: {type: ExternalName, externalName: nope.a.svc.cluster.local}}
- {apiVersion: v1, kind: Service, metadata: {name: ping, namespace: a}, spec: {type: ExternalName, externalName: pong.a.svc.cluster.local}}
- {apiVersion: v1, kind: Service, metadata: {name: pong, namespace: a}, spec: {type: ExternalName, externalName: ping.a.svc.cluster.local}}
- {apiVersion: v1, kind: Service, metadata: {name: out, namespace: a}, spec: {type: ExternalName, externalName: example.com.}}
- {apiVersion: v1, kind: Service, metadata: {name: number, namespace: a}, spec: {type: ExternalName, externalName: 192.0.2.1}}
- {apiVersion: v1, kind: Service, metadata: {name: kube-dns, namespace: kube-system, labels: {k8s-app: kube-dns}}, spec: {clusterIP: 10.0.0.10, ports: [{port: 53, protocol: UDP}]}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: db-1, namespace: a, labels: {kubernetes.io/service-name: db}}
  addressType: IPv4
  ports: [{name: "", port: 5432, protocol: TCP}]
  endpoints:
  - {addresses: [10.1.0.1], hostname: db-0, conditions: {ready: true}}
  - {addresses: [10.1.0.2]}
  - {addresses: [10.1.0.3], conditions: {ready: false}}
- apiVersion: discovery.k8s.io/v1
  kind: EndpointSlice
  metadata: {name: db-2, namespace: a, labels: {kubernetes.io/service-name: db}}
  addressType: IPv6
  endpoints: [{addresses: ["fd00:1::"]}]
- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, labels: {app: web}}, spec: {nodeName: n}, status: {phase: Running, podIP: 10.1.0.7, podIPs: [{ip: 10.1.0.7}], conditions: [{type: Ready, status: "True"}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: twin, namespace: a}, spec: {nodeName: n}, status: {phase: Running, podIP: 10.1.0.7, podIPs: [{ip: 10.1.0.7}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: gone, namespace: a}, spec: {nodeName: n}, status: {phase: Succeeded, podIP: 10.1.0.8, podIPs: [{ip: 10.1.0.8}]}}
"#;

    fn resources(text: &str) -> Vec<Resource> {
        let found = manifest::objects(text);
        assert!(found.iter().all(Result::is_ok), "{found:?}");
        let resource = |node: &portolan_base::tree::Node| {
            let text = |name| node.get(name).and_then(portolan_base::tree::Node::as_str).unwrap();
            read(Kind::of(text("apiVersion"), text("kind")).unwrap(), node).0
        };
        found.iter().flatten().map(resource).collect()
    }

    fn engine() -> Engine {
        let mut engine = Engine::new(Options::default());
        engine.insert_all(resources(CLUSTER).into_iter().map(|resource| (resource, None)));
        engine
    }

    fn ask(engine: &Engine, name: &str, record_type: RecordType) -> (Status, Vec<String>) {
        let answer = engine.zone().ask(&super::name::complete(name).unwrap(), record_type);
        (answer.status, answer.records.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_there_has_its_records() {
        let engine = engine();
        for (name, record_type, records) in [
            ("web.a.svc.cluster.local", RecordType::A, &["web.a.svc.cluster.local. A 10.0.0.9"][..]),
            ("web.a.svc.cluster.local", RecordType::Aaaa, &["web.a.svc.cluster.local. AAAA fd00::9"]),
            ("Web.A.SVC.Cluster.Local", RecordType::A, &["Web.A.SVC.Cluster.Local. A 10.0.0.9"]),
            // Two ports on two addresses count for the weight, and each port stands once.
            (
                "WEB.a.svc.Cluster.local",
                RecordType::Srv,
                &[
                    "WEB.a.svc.Cluster.local. SRV 0 25 53 web.a.svc.Cluster.local.",
                    "WEB.a.svc.Cluster.local. SRV 0 25 80 web.a.svc.Cluster.local.",
                ],
            ),
            ("_http._tcp.web.a.svc.cluster.local", RecordType::A, &["_http._tcp.web.a.svc.cluster.local. A 10.0.0.9"]),
            (
                "http.tcp.web.a.svc.cluster.local",
                RecordType::Srv,
                &["http.tcp.web.a.svc.cluster.local. SRV 0 50 80 web.a.svc.cluster.local."],
            ),
            ("10-1-0-7.web.a.svc.cluster.local", RecordType::A, &["10-1-0-7.web.a.svc.cluster.local. A 10.1.0.7"]),
            (
                "db.a.svc.cluster.local",
                RecordType::A,
                &["db.a.svc.cluster.local. A 10.1.0.1", "db.a.svc.cluster.local. A 10.1.0.2"],
            ),
            ("db.a.svc.cluster.local", RecordType::Aaaa, &["db.a.svc.cluster.local. AAAA fd00:1::"]),
            // The address without a port counts for the weight, but has no record.
            (
                "db.a.svc.cluster.local",
                RecordType::Srv,
                &[
                    "db.a.svc.cluster.local. SRV 0 33 5432 10-1-0-2.db.a.svc.cluster.local.",
                    "db.a.svc.cluster.local. SRV 0 33 5432 db-0.db.a.svc.cluster.local.",
                ],
            ),
            ("db-0.db.a.svc.cluster.local", RecordType::A, &["db-0.db.a.svc.cluster.local. A 10.1.0.1"]),
            (
                "fd00-1--0.db.a.svc.cluster.local",
                RecordType::Aaaa,
                &["fd00-1--0.db.a.svc.cluster.local. AAAA fd00:1::"],
            ),
            (
                "alias.a.svc.cluster.local",
                RecordType::A,
                &["alias.a.svc.cluster.local. CNAME web.a.svc.cluster.local.", "web.a.svc.cluster.local. A 10.0.0.9"],
            ),
            (
                "alias.a.svc.cluster.local",
                RecordType::Cname,
                &["alias.a.svc.cluster.local. CNAME web.a.svc.cluster.local."],
            ),
            ("out.a.svc.cluster.local", RecordType::A, &["out.a.svc.cluster.local. CNAME example.com."]),
            ("10-1-0-7.a.pod.cluster.local", RecordType::A, &["10-1-0-7.a.pod.cluster.local. A 10.1.0.7"]),
            // Two pods with one address count twice for the weight.
            (
                "10-1-0-7.a.pod.cluster.local",
                RecordType::Srv,
                &["10-1-0-7.a.pod.cluster.local. SRV 0 50 0 10-1-0-7.a.pod.cluster.local."],
            ),
            ("x.10-1-0-7.a.pod.cluster.local", RecordType::A, &["x.10-1-0-7.a.pod.cluster.local. A 10.1.0.7"]),
            ("dns-version.cluster.local", RecordType::Txt, &["dns-version.cluster.local. TXT \"1.1.0\""]),
            ("ns.dns.cluster.local", RecordType::A, &["ns.dns.cluster.local. A 10.0.0.10"]),
            ("cluster.local", RecordType::Ns, &["cluster.local. NS kube-dns.kube-system.svc.cluster.local."]),
            ("9.0.0.10.in-addr.arpa", RecordType::Ptr, &["9.0.0.10.in-addr.arpa. PTR web.a.svc.cluster.local."]),
            ("1.0.1.10.in-addr.arpa", RecordType::Ptr, &["1.0.1.10.in-addr.arpa. PTR db-0.db.a.svc.cluster.local."]),
        ] {
            let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
            assert_eq!(ask(&engine, name, record_type), (Status::NoError, records), "{name} {record_type:?}");
        }
    }

    #[test]
    fn what_has_no_record_is_told_from_what_is_not_there() {
        let engine = engine();
        for (name, record_type) in [
            ("cluster.local", RecordType::A),
            ("svc.cluster.local", RecordType::A),
            ("pod.cluster.local", RecordType::Srv),
            ("a.svc.cluster.local", RecordType::A),
            ("a.pod.cluster.local", RecordType::A),
            ("web.a.svc.cluster.local", RecordType::Cname),
            ("web.a.svc.cluster.local", RecordType::Txt),
            ("web.a.svc.cluster.local", RecordType::Ptr),
            ("10-1-0-7.a.pod.cluster.local", RecordType::Aaaa),
            ("ns.dns.cluster.local", RecordType::Srv),
            ("broken.a.svc.cluster.local", RecordType::A),
            ("ping.a.svc.cluster.local", RecordType::A),
            ("alias.a.svc.cluster.local", RecordType::Srv),
        ] {
            assert_eq!(ask(&engine, name, record_type), (Status::NoError, vec![]), "{name} {record_type:?}");
        }
        for (name, record_type) in [
            ("nope.a.svc.cluster.local", RecordType::A),
            ("a.svc.cluster.local", RecordType::Txt),
            ("b.svc.cluster.local", RecordType::A),
            ("*.a.svc.cluster.local", RecordType::A),
            ("web.a.cluster.local", RecordType::A),
            ("empty.a.svc.cluster.local", RecordType::A),
            ("number.a.svc.cluster.local", RecordType::A),
            ("x.alias.a.svc.cluster.local", RecordType::A),
            ("_http._udp.web.a.svc.cluster.local", RecordType::Srv),
            ("10-1-0-3.db.a.svc.cluster.local", RecordType::A),
            ("10-1-0-8.a.pod.cluster.local", RecordType::A),
            ("10-1-0-7.default.pod.cluster.local", RecordType::A),
            ("x.y.z.web.a.svc.cluster.local", RecordType::A),
            ("dns-version.cluster.local", RecordType::A),
            ("3.0.1.10.in-addr.arpa", RecordType::Ptr),
            ("9.0.0.10.in-addr.arpa", RecordType::A),
        ] {
            assert_eq!(ask(&engine, name, record_type), (Status::NxDomain, vec![]), "{name} {record_type:?}");
        }
        assert_eq!(ask(&engine, "example.com", RecordType::A), (Status::Refused, vec![]));
    }

    #[test]
    fn a_zone_that_follows_is_the_zone_compiled_anew() {
        let mut following = engine();
        following.zone();
        let mut pod = resources(CLUSTER).into_iter().rfind(|resource| resource.kind() == Kind::Pod).unwrap();
        if let Resource::Pod(pod) = &mut pod {
            pod.metadata.namespace = "new".to_owned();
            pod.status.phase = "Running".to_owned();
        }
        following.insert(pod, None);
        following.remove(Kind::Service, &ObjectKey::new("a", "web"));
        following.remove(Kind::Pod, &ObjectKey::new("a", "p"));
        following.remove(Kind::EndpointSlice, &ObjectKey::new("a", "db-1"));
        let compiled = Zone::compile(following.cluster(), following.endpoints());
        assert_eq!(format!("{:?}", following.zone()), format!("{compiled:?}"));
        assert_eq!(ask(&following, "10-1-0-8.new.pod.cluster.local", RecordType::A).0, Status::NoError);
    }
}
