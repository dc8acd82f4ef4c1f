//! A session held against fresh loads of the same files.

use super::cut::{pieces, pieces_after};
use super::*;
use crate::ask;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: NAME\nspec:\n  ports:\n    - port: 80\n";

const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: r\nspec:\n  template:\n    metadata: {labels: {app: x}}\n";

fn service(name: &str) -> String {
    SERVICE.replace("NAME", name)
}

fn file(text: &str) -> File {
    File { name: "a.yaml".into(), text: text.into() }
}

fn fresh(text: &str) -> Session {
    let mut session = Session::new(Options::default(), LoadMode::Admitted);
    session.load(vec![file(text)]);
    session
}

/// Everything that can be seen of a cluster.
fn seen(session: &Session) -> String {
    let objects = ask::answer_text(session.engine(), r#"{"ask":"objects","whole":true}"#);
    let findings: Vec<String> = session.check().iter().map(|finding| finding.to_json().to_string()).collect();
    format!("{objects}\n{}", findings.join("\n"))
}

#[test]
fn a_changed_file_is_as_good_as_a_fresh_one() {
    let (a, b, c) = (service("a"), service("b"), service("c"));
    let texts = [
        format!("{a}---\n{b}---\n{c}"),
        format!("{a}---\n# one line more\n{b}---\n{c}"),
        format!("{a}---\n{}---\n{c}", b.replace("80", "70000")),
        format!("{a}---\n{}---\n# é\n{c}", b.replace("80", "70000")),
        format!("{a}---\n# portolan: ignore-document[refused, SVC]\n{}---\n{c}", b.replace("80", "70000")),
        format!("{a}---\n{c}"),
        format!("{a}---\n{a}---\n{c}"),
        format!("{}---\n{a}---\n{c}", service("other")),
        format!("a: [\n---\n{c}---\n{a}"),
        format!("a: [\n---\n{a}---\n{c}"),
        format!("a: [\n---\nb: [\n---\n{c}"),
        "a: [".to_owned(),
        "a: [\n\n".to_owned(),
        format!("{a}--- not a separator\n{c}"),
        r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}"#.to_owned(),
        format!("{a}  selector: {{app: x}}\n---\n{ROLLOUT}---\n{c}"),
        format!("{a}  selector: {{app: x}}\n---\n{}---\n{c}", ROLLOUT.replace("app: x", "app: y")),
        String::new(),
        a,
        c.trim_end().to_owned(),
    ];
    for first in &texts {
        for second in &texts {
            let mut session = fresh(first);
            let _ = session.write(file(second)).count();
            assert_eq!(seen(&session), seen(&fresh(second)), "from\n{first}\nto\n{second}");
        }
    }
}

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

/// What edits are made of: characters, lines, separators, documents.
const TYPED: [&str; 13] = [
    "",
    "0",
    "\n",
    "---\n",
    "---",
    "--- # é\n",
    "  selector: {app: x}\n",
    "- ",
    "# portolan: ignore[SVC001]\n",
    "é",
    "{",
    ":",
    SERVICE,
];

/// The text after an edit somewhere in it.
fn edited(text: &str, numbers: &mut Numbers) -> String {
    let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
    let at = boundary(numbers.below(text.len() + 1));
    let taken = [0, 0, 1, 4, 30, 90][numbers.below(6)];
    let behind = boundary((at + taken).min(text.len()));
    let typed = TYPED[numbers.below(TYPED.len())].replace("NAME", ["a", "b", "new"][numbers.below(3)]);
    format!("{}{typed}{}", text.get(..at).unwrap(), text.get(behind..).unwrap())
}

fn documents() -> String {
    let names = ["a", "b", "c", "d", "e"];
    names.map(service).join("---\n") + "---\n" + ROLLOUT
}

#[test]
fn whatever_is_typed_the_documents_begin_where_they_would_in_a_new_file() {
    let mut numbers = Numbers(1);
    for _ in 0..400 {
        let mut old = documents();
        for _ in 0..12 {
            let new = edited(&old, &mut numbers);
            if let Some(before) = pieces(&old) {
                assert_eq!(pieces_after(&old, &before, &new), pieces(&new), "from\n{old}\nto\n{new}");
            }
            old = new;
        }
    }
}

#[test]
fn whatever_is_typed_a_session_is_as_good_as_a_fresh_one() {
    let mut numbers = Numbers(2);
    let rounds = if std::env::var_os("PORTOLAN_SLOW").is_some() { 2000 } else { 24 };
    for round in 0..rounds {
        let any = |numbers: &mut Numbers| {
            let all = [ENTANGLED.as_slice(), FOLLOWED.as_slice()][numbers.below(2)];
            all[numbers.below(all.len())].replace("NAME", ["a", "b", "c"][numbers.below(3)])
        };
        let mut text = if round % 2 == 0 {
            documents()
        } else {
            (0..6).map(|_| any(&mut numbers)).collect::<Vec<_>>().join("---\n")
        };
        let mut session = fresh(&text);
        for _ in 0..12 {
            let before = text;
            text = edited(&before, &mut numbers);
            let _ = session.write(file(&text)).count();
            assert_eq!(seen(&session), seen(&fresh(&text)), "from\n{before}\nto\n{text}");
        }
    }
}

/// Objects with many findings, and edits that fix them.
const DOUBTFUL: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: n8nio/n8n:1
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {port: htpp}}
---
apiVersion: v1
kind: Service
metadata: {name: n8n}
spec:
  selector: {app: wbe}
  ports: [{port: 80, targetPort: 8081}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: htpp}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {nginx.ingress.kubernetes.io/rewrite-traget: /}}
spec:
  ingressClassName: nginx
  rules:
    - host: a.example.com
      http:
        paths:
          - {path: /a, pathType: Prefix, backend: {service: {name: wbe, port: {number: 80}}}}
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: wbe}}}]
      ports: [{port: 80}]
"#;

#[test]
fn whatever_is_typed_findings_and_edits_stand_where_they_would_in_a_new_file() {
    const SMALL: [&str; 8] = ["", "0", "a", "\n", "# é\n", " ", "---\n", "e"];
    let mut numbers = Numbers(3);
    let (mut told, mut edits) = (0, 0);
    for _ in 0..20 {
        let mut text = DOUBTFUL.to_owned();
        let mut session = fresh(&text);
        for _ in 0..10 {
            let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            let at = boundary(numbers.below(text.len() + 1));
            // Most of what is typed is a character, and leaves documents that can be read.
            let behind = boundary((at + [0, 0, 0, 1][numbers.below(4)]).min(text.len()));
            let typed = SMALL[numbers.below(SMALL.len())];
            let new = format!("{}{typed}{}", text.get(..at).unwrap(), text.get(behind..).unwrap());
            let _ = session.write(file(&new)).count();
            assert_eq!(seen(&session), seen(&fresh(&new)), "from\n{text}\nto\n{new}");
            told += session.check().len();
            edits += session.check().iter().map(|finding| finding.fix.len()).sum::<usize>();
            text = new;
        }
    }
    assert!(told > 600 && edits > 250, "{told} findings, {edits} edits");
}

#[test]
fn what_was_refused_for_another_object_is_taken_in_once_that_is_gone() {
    let with = |name: &str, spec: &str| format!("{}  {spec}\n", service(name));
    let port = "type: NodePort\n  externalTrafficPolicy: Local";
    let node_port = |name: &str, port: &str| format!("{}      nodePort: {port}\n  type: NodePort\n", service(name));
    let cases = [
        [with("a", "clusterIP: None"), with("a", "clusterIP: 10.0.3.4"), String::new()],
        [with("a", "clusterIP: 10.0.3.4"), with("b", "clusterIP: 10.0.3.4"), with("a", "clusterIP: 10.0.3.5")],
        [node_port("a", "30080"), node_port("b", "30080"), node_port("a", "30081")],
        [node_port("a", "30080"), node_port("b", "30080"), with("a", port)],
    ];
    for [first, second, instead] in cases {
        let texts = [[&first, &second], [&instead, &second]].map(|[one, two]| format!("{one}---\n{two}"));
        let mut session = fresh(&texts[0]);
        for text in [&texts[1], &texts[0]] {
            let _ = session.write(file(text)).count();
            assert_eq!(seen(&session), seen(&fresh(text)), "{text}");
        }
    }
}

#[test]
fn what_a_kustomization_names_as_a_patch_is_none_of_the_objects() {
    let mut session = Session::new(Options::default(), LoadMode::Admitted);
    let named = |name: &str, text: &str| File { name: name.into(), text: text.into() };
    let patch = service("a").replace("  ports:\n    - port: 80\n", "  type: LoadBalancer\n");
    session.load(vec![named("base/a.yaml", &service("a")), named("top/a.yaml", &patch)]);
    let refused = seen(&session);
    assert!(refused.contains("spec.ports: Required value"), "{refused}");
    let _ = session.write(named("top/kustomization.yaml", "patches: [{path: a.yaml}]")).count();
    let quiet = seen(&session);
    assert!(!quiet.contains("Required value") && quiet.contains("\"port\":80"), "{quiet}");
    let _ = session.write(named("top/a.yaml", &patch.replace("Load", "load"))).count();
    assert_eq!(seen(&session), quiet);
    let _ = session.write(named("top/a.yaml", &patch)).count();
    let _ = session.write(named("top/kustomization.yaml", "")).count();
    assert_eq!(seen(&session), refused);
}

#[test]
fn an_object_that_two_files_hold_comes_back() {
    let mut session = Session::new(Options::default(), LoadMode::Stored);
    let other = |text: &str| File { name: "b.yaml".into(), text: text.into() };
    session.load(vec![file(&service("a")), other(&service("a").replace("80", "81"))]);
    let _ = session.write(other("")).count();
    assert!(seen(&session).contains("\"port\":80"), "{}", seen(&session));
}

/// Documents of which one decides what becomes of another: addresses and ports that two want, classes that are filled
/// in, nodes that pods are put on, objects that stand twice.
const ENTANGLED: [&str; 23] = [
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: None, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.3, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.4, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME, uid: u}\nspec: {clusterIP: 10.0.0.4, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {type: NodePort, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30001}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {type: LoadBalancer, externalTrafficPolicy: Local, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {type: ExternalName, externalName: a.example.com}\n",
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: NAME, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}\nspec: {controller: example.com/c}\n",
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: NAME}\nspec: {defaultBackend: {service: {name: a, port: {number: 80}}}}\n",
    "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: NAME}\nspec: {cidrs: [10.0.1.0/29]}\n",
    "apiVersion: networking.k8s.io/v1\nkind: IPAddress\nmetadata: {name: 10.0.0.3}\nspec: {parentRef: {resource: services, namespace: default, name: NAME}}\n",
    "apiVersion: v1\nkind: Node\nmetadata: {name: NAME}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.1}]}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec: {replicas: 2, selector: {matchLabels: {app: NAME}}, template: {metadata: {labels: {app: NAME}}, spec: {containers: [{name: c, image: i}]}}}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {containers: [{name: c, image: i}]}\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: NAME}\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, uid: NAME}\nstatus: {phase: Terminating}\n",
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: NAME, uid: u, annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}}\nspec: {controller: example.com/c}\n",
    "apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: kubernetes, uid: NAME}\nspec: {cidrs: [10.0.0.0/29]}\nstatus: {conditions: [{type: Ready, status: 'True', reason: r, message: m, lastTransitionTime: '2026-01-01T00:00:00Z'}]}\n",
    "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: r, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: NAME, uid: u, controller: true}]}\nspec: {selector: {matchLabels: {app: r}}, template: {metadata: {labels: {app: r}}, spec: {containers: [{name: c, image: i}]}}}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME}\nspec: {hostNetwork: true, containers: [{name: c, image: i}]}\nstatus: {phase: Running, podIP: 10.244.0.9, podIPs: [{ip: 10.244.0.9}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {type: NodePort, ports: [{port: 80}, {port: 80}]}\n",
];

#[test]
fn however_objects_hang_together_a_session_is_as_good_as_a_fresh_one() {
    let options = |numbers: &mut Numbers| Options {
        service_cluster_ip_range: vec!["10.0.0.0/28".parse().unwrap()],
        service_ranges_given: numbers.below(2) == 0,
        cluster_cidr: vec!["10.244.0.0/28".parse().unwrap()],
        service_node_port_range: (30000, 30003),
        ..Options::default()
    };
    let new = |numbers: &mut Numbers| {
        ENTANGLED[numbers.below(ENTANGLED.len())].replace("NAME", ["a", "b", "c", "d"][numbers.below(4)])
    };
    hold(Numbers(3), (80, 12), &options, &new, &seen);
}

/// Makes clusters of two files, so many, and changes a document of each so often: every time all that is seen has to be
/// what is seen of a fresh one. In the slow tests forty times as many.
fn hold(
    mut numbers: Numbers,
    (clusters, changes): (usize, usize),
    options: &dyn Fn(&mut Numbers) -> Options,
    new: &dyn Fn(&mut Numbers) -> String,
    seen: &dyn Fn(&Session) -> String,
) {
    let times = if std::env::var_os("PORTOLAN_SLOW").is_some() { 40 } else { 1 };
    for round in 0..times * clusters {
        let options = options(&mut numbers);
        let fresh = |documents: &[Vec<String>; 2]| {
            let mut session = Session::new(options.clone(), LoadMode::Admitted);
            session.load(files(documents));
            session
        };
        let mut documents = [(); 2].map(|()| (0..numbers.below(7) + 1).map(|_| new(&mut numbers)).collect::<Vec<_>>());
        let mut session = fresh(&documents);
        seen(&session);
        for _ in 0..changes {
            let before = documents.clone();
            let which = numbers.below(2);
            let list = &mut documents[which];
            let at = numbers.below(list.len() + 1);
            match numbers.below(3) {
                0 => list.insert(at, new(&mut numbers)),
                _ if at == list.len() => list.push(new(&mut numbers)),
                1 => drop(list.remove(at)),
                _ => list[at] = new(&mut numbers),
            }
            let _ = session.write(files(&documents).swap_remove(which)).count();
            let (followed, anew) = (seen(&session), seen(&fresh(&documents)));
            let differs = followed.lines().zip(anew.lines()).find(|(one, other)| one != other);
            assert_eq!(differs, None, "round {round}, from\n{before:#?}\nto\n{documents:#?}");
            assert_eq!(followed, anew, "round {round}, from\n{before:#?}\nto\n{documents:#?}");
        }
    }
}

/// Two files of those documents.
fn files(documents: &[Vec<String>; 2]) -> Vec<File> {
    let file =
        |(name, documents): (&str, &Vec<String>)| File { name: name.into(), text: documents.join("---\n").into() };
    ["a.yaml", "b.yaml"].into_iter().zip(documents).map(file).collect()
}

/// Documents of a small cluster: what the tables that answer questions are made from.
const FOLLOWED: [&str; 26] = [
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.1N, selector: {app: a}, ports: [{name: http, port: 80, targetPort: web}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.1N, selector: {app: b}, sessionAffinity: ClientIP, ports: [{name: http, port: 80, targetPort: 8080}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.1N, type: NodePort, externalTrafficPolicy: Local, selector: {app: a}, ports: [{port: 80, targetPort: 8080, nodePort: 3000N}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.1N, type: LoadBalancer, externalIPs: [192.0.2.7], selector: {app: b}, ports: [{port: 80, targetPort: 8080}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: s}, ports: [{name: http, port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.1N, trafficDistribution: PreferSameZone, selector: {app: a}, ports: [{port: 80, targetPort: web}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {clusterIP: 10.0.0.1N, ports: [{port: 80}]}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: NAME}\nspec: {type: ExternalName, externalName: c.default.svc.cluster.local}\n",
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: NAME-x, labels: {kubernetes.io/service-name: NAME}}\naddressType: IPv4\nendpoints: [{addresses: [192.0.2.30], conditions: {ready: true}, hostname: h}]\nports: [{name: '', port: 81, protocol: TCP}]\n",
    "apiVersion: v1\nkind: Endpoints\nmetadata: {name: NAME}\nsubsets: [{addresses: [{ip: 192.0.2.31}], ports: [{port: 82}]}]\n",
    "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {topology.kubernetes.io/zone: zN}}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.1}]}\n",
    "apiVersion: v1\nkind: Node\nmetadata: {name: n2, labels: {topology.kubernetes.io/zone: zN}}\nspec: {podCIDR: 10.244.9.0/24}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.2}]}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec: {replicas: 2, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 8080}]}]}}}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec: {replicas: 1, selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: b}}, spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 8081}]}]}}}\n",
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: NAME}\nspec: {replicas: 2, serviceName: a, selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, spec: {containers: [{name: c, image: i, ports: [{name: web, containerPort: 8080}]}]}}}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p1, labels: {app: NAME}}\nspec: {nodeName: n1, hostname: p, subdomain: a, containers: [{name: c, image: i, ports: [{name: web, containerPort: 8080}]}]}\nstatus: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}], conditions: [{type: Ready, status: 'True'}]}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p1, labels: {app: NAME}}\nspec: {nodeName: n2, containers: [{name: c, image: i, ports: [{name: web, containerPort: 8082}]}]}\nstatus: {phase: Running, podIP: 10.1.0.2, podIPs: [{ip: 10.1.0.2}], conditions: [{type: Ready, status: 'False'}]}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p2, labels: {app: NAME, tier: t}}\nspec: {containers: [{name: c, image: i}]}\n",
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: NAME}\nspec: {podSelector: {matchLabels: {app: a}}, ingress: [{from: [{podSelector: {matchLabels: {app: b}}}], ports: [{port: web}]}]}\n",
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: NAME}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress], egress: [{to: [{ipBlock: {cidr: 10.244.0.0/16}}]}], ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}]}]}\n",
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: NAME}\nspec: {podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: x}}\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n",
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: NAME}\nspec: {rules: [{host: h.example.com, http: {paths: [{path: /NAME, pathType: Prefix, backend: {service: {name: NAME, port: {number: 80}}}}]}}]}\n",
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: NAME}\nspec: {ingressClassName: k, defaultBackend: {service: {name: a, port: {name: http}}}}\n",
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: k}\nspec: {controller: k8s.io/ingress-nginx}\n",
];

/// Every kind of answer that a cluster of those documents gives.
fn answers(session: &Session) -> String {
    let mut questions: Vec<String> = Vec::new();
    for name in ["a", "b", "c"] {
        questions.push(format!(r#"{{"ask":"endpoints","service":{{"name":"{name}"}}}}"#));
        for kind in ["A", "SRV", "CNAME"] {
            questions.push(format!(r#"{{"ask":"resolve","name":"{name}.default.svc.cluster.local","type":"{kind}"}}"#));
        }
        questions.push(format!(r#"{{"ask":"resolve","name":"{name}-0.a.default.svc.cluster.local","type":"A"}}"#));
        questions.push(format!(r#"{{"ask":"env","pod":{{"name":"{name}"}}}}"#));
        questions.push(format!(r#"{{"ask":"hosts","pod":{{"name":"{name}"}}}}"#));
        for other in ["b", "p1", "p2"] {
            let ends = format!(r#""from":{{"pod":"{name}"}},"to":{{"pod":"{other}"}},"port":8080"#);
            questions.push(format!(r#"{{"ask":"verdict",{ends}}}"#));
        }
        questions.push(format!(r#"{{"ask":"trace","from":{{"pod":"p1"}},"url":"http://{name}/"}}"#));
        for controller in ["spec", "nginx", "contour"] {
            let url = format!("http://h.example.com/{name}");
            questions.push(format!(r#"{{"ask":"route","controller":"{controller}","url":"{url}"}}"#));
        }
    }
    for node in ["n1", "n2"] {
        for to in [r#""ip":"10.0.0.11","port":80"#, r#""ip":"10.0.0.12","port":80"#, r#""nodePort":30001"#] {
            questions.push(format!(r#"{{"ask":"backends","node":"{node}","to":{{{to},"protocol":"TCP"}}}}"#));
        }
    }
    for more in [
        r#"{"ask":"resolve","name":"10.0.0.11","type":"PTR"}"#,
        r#"{"ask":"resolve","name":"10.1.0.1","type":"PTR"}"#,
        r#"{"ask":"map","format":"json"}"#,
        r#"{"ask":"routes"}"#,
        r#"{"ask":"nftables","namespace":"default"}"#,
        r#"{"ask":"suggest","namespace":"default"}"#,
        r#"{"ask":"trace","from":"outside","url":"http://h.example.com/a"}"#,
    ] {
        questions.push(more.to_owned());
    }
    let answer = |question: &String| format!("{question}\n  {}\n", ask::answer_text(session.engine(), question));
    questions.iter().map(answer).collect()
}

#[test]
fn whatever_changes_the_answers_are_those_of_a_fresh_cluster() {
    let new = |numbers: &mut Numbers| {
        let number = numbers.below(3) + 1;
        let name = ["a", "b", "c"][number - 1];
        let text = FOLLOWED[numbers.below(FOLLOWED.len())].replace("NAME", name);
        text.replace("10.0.0.1N", &format!("10.0.0.1{number}"))
            .replace("3000N", &format!("3000{number}"))
            .replace("zN", &format!("z{number}"))
    };
    hold(Numbers(4), (12, 8), &|_| Options::default(), &new, &|session| answers(session) + &seen(session));
}
