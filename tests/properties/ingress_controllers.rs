//! Which controller serves an Ingress: every question must give the same one.

use portolan::engine::Engine;
use portolan::ingress::Controller;
use portolan::ingress::controller::{class_of, controller_of};
use portolan_tests::{answer, engine};
use serde_json::{Value, json};

/// An Ingress whose path only ingress-nginx reads as an expression.
fn ingress(class: &Value) -> Value {
    let mut ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "items",
            "namespace": "default",
            "annotations": {"nginx.ingress.kubernetes.io/use-regex": "true"},
        },
        "spec": {"rules": [{"host": "x.example.com", "http": {"paths": [{
            "path": "/item/[0-9]+",
            "pathType": "ImplementationSpecific",
            "backend": {"service": {"name": "web", "port": {"number": 80}}},
        }]}}]},
    });
    ingress["spec"]["ingressClassName"] = class.clone();
    ingress
}

fn ingress_class(name: &str, controller: &str, is_default: bool, created: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {
            "name": name,
            "creationTimestamp": created,
            "annotations": {"ingressclass.kubernetes.io/is-default-class": is_default.to_string()},
        },
        "spec": {"controller": controller},
    })
}

fn service(name: &str, selector: &Value, more: &Value) -> Value {
    let mut service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]},
    });
    for (field, value) in more.as_object().unwrap() {
        service["spec"][field] = value.clone();
    }
    service
}

fn pod(name: &str, ip: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {"containers": [{"name": "main", "image": "registry.example.com/main:1"}]},
        "status": {
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

fn backend() -> [Value; 2] {
    let labels = json!({"app": "web"});
    [service("web", &labels, &json!({"clusterIP": "10.96.0.10"})), pod("web", "10.244.0.10", &labels)]
}

fn of(engine: &Engine) -> (Controller, Option<String>) {
    let cluster = engine.cluster();
    let (_, ingress) = cluster.ingresses.iter().next().unwrap();
    (controller_of(cluster, ingress), class_of(cluster, ingress).map(str::to_owned))
}

#[test]
fn a_class_without_an_ingress_class_counts_by_its_name() {
    let [service, pod] = backend();
    let engine = engine(&[ingress(&json!("nginx")), service, pod]);
    assert_eq!(of(&engine), (Controller::Nginx, Some("nginx".to_owned())));
    let url = "http://x.example.com/item/12";
    let traced = answer(&engine, &json!({"ask": "trace", "url": url}));
    assert_eq!(traced["outcome"], "delivered", "{traced}");
    let routed = answer(&engine, &json!({"ask": "route", "url": url, "ingressClass": "nginx"}));
    assert_eq!(routed["service"]["name"], "web", "{routed}");
    let routed = answer(&engine, &json!({"ask": "route", "url": url, "controller": "auto"}));
    assert_eq!((&routed["service"]["name"], &routed["controller"]), (&json!("web"), &json!("nginx")), "{routed}");
    let routes = answer(&engine, &json!({"ask": "routes", "controller": "auto"}));
    assert_eq!(routes["controller"], "nginx", "{routes}");
}

#[test]
fn an_ingress_class_decides_whose_a_class_is() {
    for (controller, expected) in [
        ("k8s.io/ingress-nginx", Controller::Nginx),
        ("projectcontour.io/ingress-controller", Controller::Contour),
        ("example.com/other", Controller::Spec),
    ] {
        let class = ingress_class("edge", controller, false, "2026-01-01T00:00:00Z");
        let engine = engine(&[ingress(&json!("edge")), class]);
        assert_eq!(of(&engine), (expected, Some("edge".to_owned())));
    }
}

#[test]
fn of_two_default_classes_the_youngest_counts_everywhere() {
    let [service, pod] = backend();
    let older = ingress_class("a-old", "example.com/other", true, "2026-01-01T00:00:00Z");
    let younger = ingress_class("b-new", "k8s.io/ingress-nginx", true, "2026-02-01T00:00:00Z");
    let engine = engine(&[ingress(&Value::Null), older, younger, service, pod]);
    assert_eq!(of(&engine), (Controller::Nginx, Some("b-new".to_owned())));
    let traced = answer(&engine, &json!({"ask": "trace", "url": "http://x.example.com/item/12"}));
    assert_eq!(traced["outcome"], "delivered", "{traced}");
}

#[test]
fn an_unknown_controller_is_answered_with_the_list() {
    let answer = answer(&engine(&[]), &json!({"ask": "routes", "controller": "x"}));
    let message = answer["error"]["message"].as_str().unwrap();
    let expected = format!("unknown controller `x`; expected one of: {}, auto", Controller::names());
    assert!(message.contains(&expected), "{message}");
}

/// A pod whose egress policy allows everything or DNS alone, an Ingress, and its controller, with or without the controller's Service.
fn guarded(entry: bool, allowed: bool) -> Engine {
    let [service_of_web, web] = backend();
    let mut objects = vec![
        ingress(&json!("nginx")),
        service_of_web,
        web,
        pod("client", "10.244.0.20", &json!({"app": "client"})),
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "no-egress", "namespace": "default"},
            "spec": {
                "podSelector": {"matchLabels": {"app": "client"}},
                "policyTypes": ["Egress"],
                "egress": if allowed { json!([{}]) } else { json!([{"ports": [{"port": 53, "protocol": "UDP"}]}]) },
            },
        }),
    ];
    if entry {
        let labels = json!({"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"});
        let mut service = service("entry", &labels, &json!({"type": "LoadBalancer", "clusterIP": "10.96.0.20"}));
        service["status"] = json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}});
        objects.extend([service, pod("controller", "10.244.0.30", &labels)]);
    }
    engine(&objects)
}

#[test]
fn the_egress_policies_of_a_pod_are_asked_before_an_ingress_serves_it() {
    let question = json!({"ask": "trace", "from": {"namespace": "default", "pod": "client"}, "url": "http://x.example.com/item/12"});
    let refused = answer(&guarded(true, false), &question);
    assert_eq!(refused["outcome"], "refused", "{refused}");
    assert!(refused["sentence"].as_str().unwrap().contains("default/client"), "{refused}");
    let hops = refused["hops"].as_array().unwrap();
    let policy = hops.iter().find(|hop| hop["hop"] == "policy").unwrap();
    assert_eq!(policy["answer"]["egress"], false, "{policy}");
    // Without the controller's Service its address is not known; the policy allows port 80 of no address.
    let refused = answer(&guarded(false, false), &question);
    assert_eq!(refused["outcome"], "refused", "{refused}");
    assert!(refused["sentence"].as_str().unwrap().contains("default/client"), "{refused}");
    for entry in [true, false] {
        let delivered = answer(&guarded(entry, true), &question);
        assert_eq!(delivered["outcome"], "delivered", "{delivered}");
    }
    let outside = answer(&guarded(true, false), &json!({"ask": "trace", "url": "http://x.example.com/item/12"}));
    assert_eq!(outside["outcome"], "delivered", "{outside}");
}
