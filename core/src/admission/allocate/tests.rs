//! Cluster IPs and node ports over long random lives of clusters: what must hold whatever people do.

use crate::admission::allocate::repair::{DefectKind, Repair};
use crate::admission::allocate::{Allocations, Denied};
use crate::admission::{Operation, Request, admit_with};
use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::api::service::Service;
use crate::cluster::{Cluster, Options};
use crate::net::Family;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::json;
use std::net::IpAddr;

/// A source of numbers that is the same on every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// A cluster with few addresses and ports, so that everybody meets everybody.
fn small_cluster() -> Cluster {
    Cluster::new(Options {
        service_cluster_ip_range: vec!["10.0.0.0/27".parse().unwrap(), "fd00:10::/123".parse().unwrap()],
        service_node_port_range: (30000, 30019),
        service_ranges_given: true,
        ..Options::default()
    })
}

fn some_service(numbers: &mut Numbers, name: &str) -> String {
    let mut spec = Vec::new();
    let kind = numbers.pick(&["ClusterIP", "ClusterIP", "NodePort", "NodePort", "LoadBalancer", "ExternalName"]);
    spec.push(format!(r#""type":"{kind}","externalName":"db.example.com""#));
    let ports: Vec<String> = (0..numbers.below(3) + 1)
        .map(|index| {
            let number = numbers.pick(&["80", "443"]);
            let protocol = numbers.pick(&["TCP", "UDP"]);
            let node_port = match numbers.below(4) {
                0 if matches!(kind, "NodePort" | "LoadBalancer") => {
                    format!(r#","nodePort":{}"#, 29999 + numbers.below(23))
                }
                _ => String::new(),
            };
            format!(r#"{{"name":"p{index}","port":{number},"protocol":"{protocol}"{node_port}}}"#)
        })
        .collect();
    spec.push(format!(r#""ports":[{}]"#, ports.join(",")));
    if kind != "ExternalName" {
        match numbers.below(6) {
            0 if kind == "ClusterIP" => spec.push(r#""clusterIP":"None""#.to_owned()),
            1 => spec.push(format!(r#""clusterIP":"10.0.0.{}""#, numbers.below(34))),
            2 => spec.push(r#""ipFamilyPolicy":"SingleStack","ipFamilies":["IPv6"]"#.to_owned()),
            3 | 4 => {
                spec.push(format!(
                    r#""ipFamilyPolicy":"{}""#,
                    numbers.pick(&["SingleStack", "PreferDualStack", "RequireDualStack"])
                ));
            }
            _ => {}
        }
    }
    if kind == "LoadBalancer" {
        spec.push(format!(r#""externalTrafficPolicy":"{}""#, numbers.pick(&["Cluster", "Local"])));
        spec.push(format!(r#""allocateLoadBalancerNodePorts":{}"#, numbers.pick(&["true", "false"])));
    }
    let spec = spec.join(",");
    format!(r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}"}},"spec":{{{spec}}}}}"#)
}

/// One step: a Service is created, changed or deleted. Tells whether it was done.
fn step(numbers: &mut Numbers, cluster: &mut Cluster, allocations: &mut Allocations) -> bool {
    let name = format!("s{}", numbers.below(14));
    let key = ObjectKey::new("default", name.as_str());
    let before = cluster.services.by_key(&key).cloned();
    if before.is_some() && numbers.below(4) == 0 {
        cluster.remove(Kind::Service, &key);
        allocations.replace(before.as_deref(), None);
        return true;
    }
    let operation = if before.is_some() { Operation::Update } else { Operation::Create };
    let object = json::read(&some_service(numbers, &name)).unwrap();
    let request = Request { operation, object: &object, old_object: None };
    let answer = admit_with(cluster, allocations, &request).unwrap();
    let Ok(stored) = answer.outcome else { return false };
    cluster.insert(stored, None);
    let after = cluster.services.by_key(&key).cloned();
    allocations.replace(before.as_deref(), after.as_deref());
    true
}

fn addresses(service: &Service) -> Vec<IpAddr> {
    if service.spec.r#type == "ExternalName" || service.is_headless() {
        return Vec::new();
    }
    service.cluster_ips().map(|ip| ip.parse().unwrap()).collect()
}

/// No two Services on one address or one node port; within a Service no two ports on one node port with one protocol;
/// everything in its range.
fn assert_nothing_is_shared(cluster: &Cluster) {
    let mut holders: BTreeMap<String, &ObjectKey> = BTreeMap::new();
    let [v4, v6] = cluster.options.service_cluster_ip_range[..] else { panic!("two ranges") };
    for (key, service) in cluster.services.iter() {
        let mut held: BTreeSet<String> = BTreeSet::new();
        for ip in addresses(service) {
            let range = if ip.is_ipv4() { v4 } else { v6 };
            assert!(range.contains(&ip) && ip != range.network(), "{ip} of {key}");
            assert!(ip.is_ipv6() || ip != range.broadcast(), "{ip} of {key}");
            assert!(held.insert(ip.to_string()), "{ip} twice in {key}");
        }
        let mut pairs = BTreeSet::new();
        for port in service.ports().iter().filter(|port| port.node_port != 0) {
            assert!((30000..=30019).contains(&port.node_port), "{} of {key}", port.node_port);
            assert!(pairs.insert((port.node_port, port.protocol.as_str())), "{} twice in {key}", port.node_port);
            held.insert(port.node_port.to_string());
        }
        let health = service.spec.health_check_node_port;
        if health != 0 {
            assert!((30000..=30019).contains(&health) && held.insert(health.to_string()), "{health} of {key}");
        }
        let needs = service.spec.r#type != "ExternalName" && !service.is_headless();
        let families = service.spec.ip_families.iter().flatten().count();
        assert!(!needs || addresses(service).len() == families, "{key} lacks an address");
        for what in held {
            if let Some(other) = holders.insert(what.clone(), key) {
                let of = |key: &ObjectKey| format!("{:?}", cluster.services.by_key(key).unwrap().spec);
                panic!("{what} is held by {other} and {key}\n{}\n{}", of(other), of(key));
            }
        }
    }
}

#[test]
fn no_two_services_ever_share_and_the_map_is_what_the_services_say() {
    let mut done = 0;
    for seed in 1..=40 {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ seed);
        let mut cluster = small_cluster();
        let mut allocations = Allocations::unused(&cluster);
        for _ in 0..120 {
            done += usize::from(step(&mut numbers, &mut cluster, &mut allocations));
            assert_nothing_is_shared(&cluster);
            assert_eq!(allocations, Allocations::of(&cluster));
        }
        let (rebuilt, defects) = Repair::default().run(&allocations, &cluster);
        assert_eq!((rebuilt, defects), (allocations, Vec::new()));
    }
    assert!(done > 2000, "only {done} steps of 4800 were done");
}

#[test]
fn the_same_life_gives_the_same_addresses() {
    let live = || {
        let mut numbers = Numbers(42);
        let mut cluster = small_cluster();
        let mut allocations = Allocations::unused(&cluster);
        for _ in 0..200 {
            step(&mut numbers, &mut cluster, &mut allocations);
        }
        cluster.services.iter().map(|(key, service)| (key.clone(), Service::clone(service))).collect::<Vec<_>>()
    };
    assert_eq!(live(), live());
}

#[test]
fn a_full_range_is_told_and_what_is_deleted_is_free_again() {
    let mut cluster = Cluster::new(Options {
        service_cluster_ip_range: vec!["10.0.0.0/29".parse().unwrap()],
        service_node_port_range: (30000, 30003),
        service_ranges_given: true,
        ..Options::default()
    });
    let mut allocations = Allocations::unused(&cluster);
    let create = |cluster: &Cluster, allocations: &Allocations, kind: &str, name: &str| {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}"}},"spec":{{"type":"{kind}","ports":[{{"port":80}}]}}}}"#
        );
        let object = json::read(&text).unwrap();
        let request = Request { operation: Operation::Create, object: &object, old_object: None };
        admit_with(cluster, allocations, &request).unwrap().outcome
    };
    for number in 0..4 {
        let stored = create(&cluster, &allocations, "NodePort", &format!("np{number}")).unwrap();
        let Resource::Service(service) = &stored else { panic!("a Service") };
        allocations.hold(service);
        cluster.insert(stored, None);
    }
    let status = create(&cluster, &allocations, "NodePort", "more").unwrap_err();
    assert_eq!((status.code, status.reason), (500, "InternalError"));
    assert_eq!(status.message, "Internal error occurred: failed to allocate a nodePort: range is full");
    for number in 0..2 {
        let stored = create(&cluster, &allocations, "ClusterIP", &format!("ip{number}")).unwrap();
        let Resource::Service(service) = &stored else { panic!("a Service") };
        allocations.hold(service);
        cluster.insert(stored, None);
    }
    let status = create(&cluster, &allocations, "ClusterIP", "more").unwrap_err();
    let text = "Internal error occurred: failed to allocate a serviceIP for Service \"more\": range is full";
    assert_eq!((status.code, status.message.as_str()), (500, text));

    let gone = cluster.services.get("default", "np2").unwrap().clone();
    allocations.release(&gone);
    cluster.remove(Kind::Service, &ObjectKey::new("default", "np2"));
    let stored = create(&cluster, &allocations, "NodePort", "more").unwrap();
    let Resource::Service(service) = stored else { panic!("a Service") };
    assert_eq!(service.spec.cluster_ip, gone.spec.cluster_ip);
    assert_eq!(service.ports()[0].node_port, gone.ports()[0].node_port);
}

#[test]
fn repair_allocates_missing_addresses_releases_leaked_ones_and_reports_the_rest() {
    let mut cluster = small_cluster();
    let store = |cluster: &mut Cluster, name: &str, ip: &str, node_port: u16| {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}","namespace":"default"}},"spec":{{"type":"NodePort","clusterIP":"{ip}","clusterIPs":["{ip}"],"ports":[{{"port":80,"protocol":"TCP","nodePort":{node_port}}}]}}}}"#
        );
        let (resource, problems) = crate::api::resource::read(Kind::Service, &json::read(&text).unwrap());
        assert_eq!(problems, []);
        cluster.insert(resource, None);
    };
    store(&mut cluster, "a", "10.0.0.5", 30005);
    store(&mut cluster, "b", "10.0.0.6", 30006);
    let mut stored = Allocations::of(&cluster);
    // Somebody changed the store behind the map's back.
    store(&mut cluster, "a2", "10.0.0.5", 30005);
    store(&mut cluster, "c", "10.9.9.9", 31000);
    store(&mut cluster, "d", "10.0.0.7", 30007);
    cluster.remove(Kind::Service, &ObjectKey::new("default", "b"));

    let mut repair = Repair::default();
    let (mut runs, mut kinds) = (0, BTreeMap::new());
    while runs < 3 {
        let (rebuilt, defects) = repair.run(&stored, &cluster);
        for defect in defects {
            kinds.entry((runs, defect.kind)).or_insert_with(Vec::new).push(defect.message);
        }
        stored = rebuilt;
        runs += 1;
    }
    assert_eq!(
        kinds[&(0, DefectKind::NotAllocated)],
        ["Cluster IP [IPv4]: 10.0.0.7 is not allocated; repairing", "Port 30007 is not allocated; repairing"]
    );
    assert_eq!(
        kinds[&(0, DefectKind::AlreadyAllocated)],
        [
            "Cluster IP [IPv4]:10.0.0.5 was assigned to multiple services; please recreate service",
            "Port 30005 was assigned to multiple services; please recreate service"
        ]
    );
    assert_eq!(
        kinds[&(0, DefectKind::OutOfRange)],
        [
            "Cluster IP [IPv4]: 10.9.9.9 is not within any configured Service CIDR; please recreate service",
            "Port 31000 is not within the port range 30000-30019; please recreate service"
        ]
    );
    assert_eq!(
        kinds[&(0, DefectKind::Leaked)],
        ["IPAddress: 10.0.0.6 for Service default/b appears to have leaked: cleaning up"]
    );
    // A node port is given back when it has been seen three times without a holder.
    assert_eq!(kinds.get(&(1, DefectKind::Leaked)), None);
    assert_eq!(kinds[&(2, DefectKind::Leaked)], ["the node port 30006 appears to have leaked: cleaning up"]);
    assert_eq!(stored.node_ports.holder(30006), None);
    assert_eq!(stored.cluster_ips.holder("10.0.0.5".parse().unwrap()), Some(&ObjectKey::new("default", "a")));
}

#[test]
fn open_ranges_take_the_author_at_his_word_and_no_further() {
    let cluster = Cluster::new(Options::default());
    let (kept, open) = (Allocations::of(&cluster), Allocations::of(&cluster).open());
    let admit = |spec: &str, allocations: &Allocations| {
        let text = format!(r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"a"}},"spec":{{{spec}}}}}"#);
        let object = json::read(&text).unwrap();
        let request = Request { operation: Operation::Create, object: &object, old_object: None };
        admit_with(&cluster, allocations, &request).unwrap().code
    };
    let elsewhere = r#""type":"NodePort","clusterIP":"172.20.0.9","ports":[{"port":80,"nodePort":8080}]"#;
    assert_eq!((admit(elsewhere, &kept), admit(elsewhere, &open)), (422, 201));
    let six = r#""clusterIP":"fd00::9","ports":[{"port":80}]"#;
    assert_eq!((admit(six, &kept), admit(six, &open)), (422, 201));
    for both in [r#""ipFamilyPolicy":"RequireDualStack""#, r#""ipFamilies":["IPv6"]"#] {
        let asked = format!(r#"{both},"ports":[{{"port":80}}]"#);
        assert_eq!((admit(&asked, &kept), admit(&asked, &open)), (422, 201));
    }
    let unusable = r#""clusterIP":"127.0.0.1","ports":[{"port":80}]"#;
    assert_eq!(admit(unusable, &open), 422);
}

/// Many Services, one after the other, on a range that is too small for them: what each keeps of the claims of others.
#[test]
fn a_full_range_costs_no_more_than_an_empty_one() {
    let mut allocations = Allocations::of(&Cluster::new(Options::default()));
    let (mut without_address, mut without_port) = (0, 0);
    for number in 0..66_000 {
        let owner = ObjectKey::new("default", format!("s{number}"));
        let mut reservation = allocations.reservation(owner.clone());
        let address = reservation.allocate_next_address(Family::V4);
        let port = if number < 9_000 { reservation.allocate_next_port("80") } else { Ok(0) };
        let kept = reservation.into_wanted().len();
        assert!(kept <= 10, "{kept} ranges of claims for Service {number}");
        match address {
            Ok(ip) => assert!(allocations.cluster_ips.hold(ip, &owner)),
            Err(denied) => {
                assert_eq!(denied, Denied::Full);
                without_address += 1;
            }
        }
        match port {
            Ok(port) if number < 9_000 => assert!(allocations.node_ports.hold(u16::try_from(port).unwrap(), &owner)),
            Ok(_) => {}
            Err(denied) => {
                assert_eq!(denied, Denied::Full);
                without_port += 1;
            }
        }
    }
    assert_eq!((without_address, without_port), (66_000 - 65_534, 9_000 - 2_768));
}
