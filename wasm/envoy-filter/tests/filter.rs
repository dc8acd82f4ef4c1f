//! The filter with a host of the test's own in Envoy's place.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use portolan_envoy_filter::configuration;
use portolan_envoy_filter::filter::{Filter, Host, Next};
use std::cell::Cell;
use std::collections::BTreeMap;

/// An answer of the filter's own: status, headers, body.
type LocalAnswer = (u16, Vec<(String, String)>, String);

/// A proxy that remembers what the filter asked of it.
#[derive(Debug, Default)]
struct Proxy {
    headers: BTreeMap<String, String>,
    source: Option<String>,
    answer: Option<LocalAnswer>,
    calls: Cell<usize>,
}

impl Proxy {
    fn get(url: &str) -> Self {
        let (authority, path) = url.split_once('/').unwrap();
        let mut proxy = Proxy { source: Some("203.0.113.7:5000".to_owned()), ..Proxy::default() };
        for (name, value) in
            [(":authority", authority), (":path", &format!("/{path}")), (":method", "GET"), (":scheme", "http")]
        {
            proxy.headers.insert(name.to_owned(), value.to_owned());
        }
        proxy
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Host for Proxy {
    fn request_headers(&self) -> Vec<(String, String)> {
        self.count();
        self.headers.clone().into_iter().collect()
    }

    fn set_request_header(&mut self, name: &str, value: Option<&str>) {
        self.count();
        match value {
            Some(value) => drop(self.headers.insert(name.to_owned(), value.to_owned())),
            None => drop(self.headers.remove(name)),
        }
    }

    fn source_address(&self) -> Option<String> {
        self.count();
        self.source.clone()
    }

    fn respond(&mut self, code: u16, headers: &[(&str, &str)], body: &str) {
        self.count();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.answer = Some((code, headers, body.to_owned()));
    }
}

const MANIFESTS: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- {addresses: [10.244.0.7], conditions: {ready: true}, targetRef: {kind: Pod, name: p, namespace: default}}
- {addresses: [10.244.0.8], conditions: {ready: false}}
ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: default}
spec: {containers: [{name: c}]}
status: {podIP: 10.244.0.7, podIPs: [{ip: 10.244.0.7}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: default
  annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}
spec:
  ingressClassName: nginx
  rules:
  - host: h.test
    http:
      paths:
      - {path: /shop(/|$)(.*), pathType: ImplementationSpecific, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /dead, pathType: Prefix, backend: {service: {name: dead, port: {number: 80}}}}
";

fn filter(settings: &str, more: &str) -> Filter {
    let manifests = format!("{MANIFESTS}{more}").replace('\n', "\n  ");
    let text = format!("{settings}\nmanifests: |\n  {manifests}\n");
    configuration::read(&text).unwrap_or_else(|wrong| panic!("{wrong:?}")).0
}

#[test]
fn a_request_is_rewritten_and_sent_to_a_ready_endpoint() {
    let filter = filter("controller: nginx\ncluster: '{namespace}_{service}_{port}'", "");
    let mut proxy = Proxy::get("h.test/shop/cart?x=1");
    assert_eq!(filter.on_request_headers(&mut proxy), Next::Continue(vec![]));
    assert_eq!(proxy.header(":path"), Some("/cart?x=1"));
    assert_eq!(proxy.header("x-envoy-original-dst-host"), Some("10.244.0.7:8080"));
    assert_eq!(proxy.header("x-portolan-cluster"), Some("default_web_80"));
}

/// Each call leaves the module, and is what a request through the filter costs.
#[test]
fn envoy_is_asked_no_more_than_needed() {
    let calls = |settings: &str, url: &str| {
        let filter = filter(settings, "");
        let mut proxy = Proxy::get(url).with("user-agent", "curl/8").with("accept", "*/*");
        filter.on_request_headers(&mut proxy);
        proxy.calls.get()
    };
    assert_eq!(calls("", "h.test/dead"), 2, "the headers, and an answer");
    assert_eq!(calls("", "h.test/shop(/|$)(.*)"), 3, "the headers, the cluster, the endpoint");
    assert_eq!(calls("cluster: ''", "h.test/shop(/|$)(.*)"), 2, "the headers, the endpoint");
    assert_eq!(calls("controller: nginx", "h.test/shop/x"), 4, "the path too");
    assert_eq!(calls("networkPolicy: true", "h.test/shop(/|$)(.*)"), 4, "the client's address too");
}

#[test]
fn what_chooses_an_upstream_is_taken_from_clients_on_every_path() {
    for (mode, url) in
        [("enforce", "other.test/"), ("enforce", "h.test/dead"), ("shadow", "h.test/shop"), ("shadow", "other.test/")]
    {
        let filter = filter(&format!("controller: nginx\nmode: {mode}\nremoveHeaders: [X-Mine]"), "");
        let mut proxy = Proxy::get(url).with("x-envoy-original-dst-host", "192.0.2.1:22").with("x-mine", "1");
        proxy = proxy.with("x-portolan-cluster", "admin").with("x-portolan-because", "lies");
        filter.on_request_headers(&mut proxy);
        for name in ["x-envoy-original-dst-host", "x-portolan-cluster", "x-portolan-because", "x-mine"] {
            assert_eq!(proxy.header(name), None, "{mode} {url} {name}");
        }
    }
}

#[test]
fn no_rule_is_404_and_no_endpoint_is_503_with_the_reason_when_asked() {
    let filter = filter("controller: nginx\nexplain: true", "");
    for (url, code, words) in
        [("other.test/", 404, "no rule names host"), ("h.test/dead", 503, "has no ready endpoint")]
    {
        let mut proxy = Proxy::get(url);
        assert_eq!(filter.on_request_headers(&mut proxy), Next::Answered);
        let (given, headers, _) = proxy.answer.unwrap();
        assert_eq!(given, code, "{url}");
        let because = headers.iter().find(|(name, _)| name == "x-portolan-because").unwrap();
        assert!(because.1.contains(words) || code == 404, "{because:?}");
    }
}

#[test]
fn network_policy_keeps_a_client_out_and_an_unknown_one_too() {
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: only, namespace: default}\nspec:\n  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]\n";
    let filter = filter("controller: nginx\nnetworkPolicy: true\nexplain: true", policy);
    let mut inside = Proxy::get("h.test/shop/");
    assert!(matches!(filter.on_request_headers(&mut inside), Next::Continue(_)), "{:?}", inside.answer);
    for source in [Some("198.51.100.1:99".to_owned()), None] {
        let mut outside = Proxy::get("h.test/shop/");
        outside.source = source;
        assert_eq!(filter.on_request_headers(&mut outside), Next::Answered);
        assert_eq!(outside.answer.unwrap().0, 403);
    }
}

#[test]
fn shadow_mode_only_reports() {
    let filter = filter("controller: nginx\nmode: shadow", "");
    let mut proxy = Proxy::get("h.test/shop/cart");
    let Next::Continue(headers) = filter.on_request_headers(&mut proxy) else { panic!("answered: {:?}", proxy.answer) };
    let [(name, report)] = headers.as_slice() else { panic!("{headers:?}") };
    assert_eq!(*name, "x-portolan-shadow");
    assert!(report.starts_with("forward to 10.244.0.7:8080 in portolan as /cart; "), "{report}");
    assert_eq!(proxy.header(":path"), Some("/shop/cart"));
}

#[test]
fn every_mistake_in_a_configuration_is_told_with_its_place() {
    let wrong = configuration::read("mode: sometimes\nexplain: 1\nroutes: []\n").unwrap_err();
    let expected = [
        "configuration:3:9: unknown field `routes`",
        "configuration:1:7: `sometimes` is no mode",
        "configuration:2:10: `explain`",
        "`manifests` is missing",
    ];
    for words in expected {
        assert!(wrong.iter().any(|line| line.contains(words)), "{words}: {wrong:?}");
    }
}
