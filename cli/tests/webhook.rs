//! The webhook as the API server meets it: a process that is asked over TLS.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

#[path = "webhook/apiserver.rs"]
mod apiserver;
#[path = "webhook/client.rs"]
mod client;
#[path = "webhook/process.rs"]
mod process;

use apiserver::ApiServer;
use client::{Client, post, review};
use process::{Folder, Webhook, until};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_portolan");

const OBJECTS: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: old, namespace: shop}
spec: {type: ExternalName, externalName: 10.0.0.9}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: cart}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
";

fn ingress(name: &str, service: &str, port: u16) -> String {
    format!(
        r#"{{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{{"name":"{name}","namespace":"shop"}},"spec":{{"rules":[{{"host":"{name}.example.com","http":{{"paths":[{{"path":"/","pathType":"Prefix","backend":{{"service":{{"name":"{service}","port":{{"number":{port}}}}}}}}}]}}}}]}}}}"#
    )
}

fn service(name: &str, spec: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"{name}","namespace":"shop"}},"spec":{spec}}}"#)
}

/// A webhook that judges with the objects above.
fn started(flags: &[&str]) -> Webhook {
    let folder = Folder::new();
    let objects = folder.file("objects.yaml", OBJECTS);
    Webhook::start(BINARY, folder, &[&["--objects", objects.to_str().unwrap()], flags].concat())
}

#[test]
fn objects_are_let_pass_warned_of_and_refused() {
    let webhook = started(&[]);
    let mut client = Client::new(&webhook);
    let answer = client.review(&review("CREATE", &ingress("good", "web", 80), ""));
    assert!(answer.allowed() && answer.warnings().is_empty(), "{answer:?}");
    let json = answer.json();
    assert_eq!(json.at("response.uid").unwrap().as_str(), Some("705ab4f5-6393"));
    assert_eq!(json.get("apiVersion").unwrap().as_str(), Some("admission.k8s.io/v1"));
    assert_eq!(json.get("kind").unwrap().as_str(), Some("AdmissionReview"));

    let answer = client.review(&review("CREATE", &ingress("bad", "web", 8080), ""));
    assert!(!answer.allowed());
    let message = "ING002 spec.rules[0].http.paths[0].backend.service.port.number: Service shop/web has no port 8080";
    assert!(answer.message().starts_with(message), "{answer:?}");
    let json = answer.json();
    assert_eq!(json.at("response.status.code").unwrap().as_int(), Some(422));
    assert_eq!(json.at("response.status.reason").unwrap().as_str(), Some("Invalid"));
    let field = json.at("response.status.details.causes[0].field").unwrap();
    assert_eq!(field.as_str(), Some("spec.rules[0].http.paths[0].backend.service.port.number"));
    let cause = json.at("response.status.details.causes[0].message").unwrap().as_str().unwrap();
    assert_eq!(cause, "ING002 Service shop/web has no port 8080 (it has 80 (http))");
    let details = ["kind", "name"].map(|name| json.at(&format!("response.status.details.{name}")).unwrap().as_str());
    assert_eq!(details, [Some("Ingress"), Some("bad")]);
    assert_eq!(json.at("response.auditAnnotations.findings").unwrap().as_str(), Some("ING002"));

    let answer = client.review(&review("CREATE", &ingress("doubtful", "nobody", 80), ""));
    assert!(answer.allowed());
    assert!(answer.warnings()[0].starts_with("ING001 spec.rules[0]"), "{answer:?}");
    assert!(answer.warnings()[0].contains("no Service `shop/nobody`"), "{answer:?}");

    // What the API server itself refuses, in its words.
    let answer = client.review(&review("CREATE", &service("x", r#"{"ports":[{"port":70000}]}"#), ""));
    assert!(!answer.allowed());
    let words = "refused spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive";
    assert!(answer.message().starts_with(words), "{answer:?}");
    let answer = client.review(&review("CREATE", &service("x", r#"{"ports":[{"port":"x"}]}"#), ""));
    assert!(!answer.allowed() && answer.message().contains("spec.ports[0].port"), "{answer:?}");
    // A field of a later version is no fault.
    let answer = client.review(&review("CREATE", &service("x", r#"{"later":1,"ports":[{"port":80}]}"#), ""));
    assert!(answer.allowed(), "{answer:?}");
    // Nothing of that was stored.
    let answer = client.review(&review("CREATE", &ingress("again", "x", 80), ""));
    assert!(answer.warnings()[0].contains("no Service `shop/x`"), "{answer:?}");
}

#[test]
fn an_update_is_held_against_what_is_stored() {
    let webhook = started(&[]);
    let mut client = Client::new(&webhook);
    let old = service("old", r#"{"type":"ExternalName","externalName":"10.0.0.9"}"#);
    // The error is there already: whoever changes a label meanwhile is not stopped by it.
    let answer = client.review(&review(
        "UPDATE",
        &old.replace("\"name\":\"old\"", "\"name\":\"old\",\"labels\":{\"a\":\"b\"}"),
        &old,
    ));
    assert!(answer.allowed(), "{answer:?}");
    assert!(answer.warnings()[0].starts_with("SVC004 spec.externalName: 10.0.0.9 is an IP address"), "{answer:?}");
    let answer = client.review(&review("CREATE", &old.replace("\"old\"", "\"new\""), ""));
    assert!(!answer.allowed() && answer.message().starts_with("SVC004"), "{answer:?}");
    // A Service that changes its port breaks the Ingress before it.
    let new = service("web", r#"{"selector":{"app":"web"},"ports":[{"name":"http","port":81,"targetPort":8080}]}"#);
    let answer = client.review(&review("UPDATE", &new, &new.replace("81", "80")));
    assert!(answer.allowed());
    assert!(
        answer.warnings()[0].starts_with("ING002 Ingress shop/front: Service shop/web has no port 80"),
        "{answer:?}"
    );
    // What is on its way out is not held up.
    let leaving = ingress("front", "web", 8080)
        .replace("\"metadata\":{", "\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",");
    let answer = client.review(&review("UPDATE", &leaving, &ingress("front", "web", 80)));
    assert!(answer.allowed() && answer.warnings().is_empty(), "{answer:?}");
}

#[test]
fn a_deletion_is_warned_of_by_what_it_breaks() {
    let webhook = started(&[]);
    let mut client = Client::new(&webhook);
    let gone = review("DELETE", "", &service("web", r#"{"ports":[{"port":80}]}"#));
    let answer = client.review(&gone);
    assert!(answer.allowed());
    let warning = "ING001 Ingress shop/front: no Service `shop/web`";
    assert!(answer.warnings()[0].starts_with(warning), "{answer:?}");
    // The API server may not send the object at all.
    let bare = gone.split_once(",\"object\"").unwrap().0.to_owned() + "}}";
    assert!(client.review(&bare).warnings()[0].starts_with(warning));
    let deployment = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"}}"#;
    let answer = client.review(&review("DELETE", "", deployment));
    assert!(answer.warnings().iter().any(|warning| warning.starts_with("SVC001 Service shop/web")), "{answer:?}");
    let answer = client.review(&review("DELETE", "", &ingress("front", "web", 80)));
    assert!(answer.allowed() && answer.warnings().is_empty(), "{answer:?}");
}

#[test]
fn other_kinds_subresources_and_connections_are_let_pass() {
    let webhook = started(&[]);
    let mut client = Client::new(&webhook);
    let bad = review("CREATE", &ingress("bad", "web", 8080), "");
    assert!(!client.review(&bad.replace("\"dryRun\":false", "\"dryRun\":true")).allowed());
    for other in [
        bad.replace("\"operation\"", "\"subResource\":\"status\",\"operation\""),
        bad.replace("\"operation\":\"CREATE\"", "\"operation\":\"CONNECT\""),
        bad.replace("\"networking.k8s.io\"", "\"example.com\""),
    ] {
        let answer = client.review(&other);
        assert!(answer.allowed() && answer.warnings().is_empty(), "{other}: {answer:?}");
    }
    // A pod that a ReplicaSet makes was judged with what makes it.
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"OWNERS},"spec":{"hostname":"a","subdomain":"b","containers":[{"name":"c","image":"i"}]}}"#;
    let owners =
        r#","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"u","controller":true}]"#;
    assert!(!client.review(&review("CREATE", &pod.replace("OWNERS", ""), "")).warnings().is_empty());
    assert!(client.review(&review("CREATE", &pod.replace("OWNERS", owners), "")).warnings().is_empty());
}

#[test]
fn flags_say_what_is_wanted() {
    let bad = review("CREATE", &ingress("bad", "web", 8080), "");
    let webhook = started(&["--warn-only"]);
    let answer = Client::new(&webhook).review(&bad);
    assert!(answer.allowed() && answer.warnings()[0].starts_with("ING002"), "{answer:?}");
    let webhook = started(&["--ignore", "ING002"]);
    assert!(Client::new(&webhook).review(&bad).allowed());
    let webhook = started(&["--select", "SVC"]);
    let mut client = Client::new(&webhook);
    assert!(client.review(&bad).allowed());
    assert!(
        !client
            .review(&review("CREATE", &service("n", r#"{"type":"ExternalName","externalName":"10.0.0.1"}"#), ""))
            .allowed()
    );
}

#[test]
fn what_is_no_review_is_answered_in_words() {
    let webhook = started(&[]);
    let mut client = Client::new(&webhook);
    let answer = client.post("application/json", "{\"kind\":\"Pod\"}");
    assert_eq!((answer.code, answer.body.as_str()), (400, "expected an AdmissionReview, found \"Pod\"\n"));
    let answer = client.post("application/json; charset=utf-8", "{");
    assert!(answer.code == 400 && answer.body.starts_with("the body is no JSON"), "{answer:?}");
    let answer = client.post("text/plain", "{}");
    assert_eq!(
        (answer.code, answer.body.as_str()),
        (415, "expected Content-Type: application/json, found \"text/plain\"\n")
    );
    assert_eq!(client.get("/validate").code, 405);
    assert_eq!(client.get("/nothing").code, 404);
    // Deeply nested, and still answered.
    let answer = client.post("application/json", &"[".repeat(100_000));
    assert_eq!(answer.code, 400, "{answer:?}");
    assert!(client.review(&review("CREATE", &ingress("good", "web", 80), "")).allowed());
}

#[test]
fn a_body_that_is_too_large_is_refused_with_and_without_its_length() {
    let webhook = started(&[]);
    let refused = (413, "the body is larger than 7 MiB\n".to_owned());
    // Also a client that writes all of it before it reads gets the answer, however large it is.
    for size in [9, 40] {
        let answer = Client::new(&webhook).post("application/json", &"x".repeat(size << 20));
        assert_eq!((answer.code, answer.body), refused);
    }
    let mut client = Client::new(&webhook);
    let head =
        "POST /validate HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.send(head.as_bytes()).unwrap();
    let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
    (0..20).for_each(|_| client.send(chunk.as_bytes()).unwrap());
    client.send(b"0\r\n\r\n").unwrap();
    let answer = client.answer().unwrap();
    assert_eq!((answer.code, answer.body), refused);
    // The connection goes on.
    assert!(client.review(&review("CREATE", &ingress("good", "web", 80), "")).allowed());
}

#[test]
fn a_change_of_the_largest_object_is_judged() {
    let webhook = started(&[]);
    // The API server takes 3 MiB from its clients, and a change carries the object twice.
    let annotations = format!("\"metadata\":{{\"annotations\":{{\"a\":\"{}\"}},", "x".repeat((3 << 20) - 1000));
    let large = |port| ingress("front", "web", port).replace("\"metadata\":{", &annotations);
    let answer = Client::new(&webhook).review(&review("UPDATE", &large(8080), &large(80)));
    assert!(answer.message().contains("ING002"), "{answer:?}");
}

#[test]
fn bodies_beyond_the_budget_are_answered_with_503() {
    let webhook = started(&["--max-inflight-bytes", "16Mi", "--read-timeout", "5s"]);
    let good = review("CREATE", &ingress("good", "web", 80), "");
    // Bodies that withhold their last byte.
    let size = 1 << 20;
    let head = format!(
        "POST /validate HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        size + 1
    );
    let withheld = format!("{head}{}", " ".repeat(size));
    let mut clients: Vec<Client> = (0..40)
        .map(|_| {
            let mut client = Client::new(&webhook);
            client.send(withheld.as_bytes()).unwrap();
            client
        })
        .collect();
    until("the budget is used up", || {
        webhook.metrics().contains("portolan_webhook_http_responses_total{code=\"503\"}")
    });
    let codes: Vec<(u16, bool)> = clients
        .iter_mut()
        .map(|client| client.answer().unwrap())
        .map(|answer| (answer.code, answer.head.contains("retry-after: 1\r\n")))
        .collect();
    let count = |code: (u16, bool)| codes.iter().filter(|known| **known == code).count();
    assert_eq!(count((503, true)) + count((408, false)), 40, "{codes:?}");
    assert!(count((503, true)) >= 32, "{codes:?}");
    // Nothing is held after that.
    assert!(Client::new(&webhook).review(&good).allowed());
    assert!(webhook.peak_memory() < 100, "{} MiB", webhook.peak_memory());
}

#[test]
fn reviews_of_large_objects_keep_within_the_budget() {
    let webhook = started(&["--max-inflight-bytes", "64Mi"]);
    let rule = |number: u32| {
        format!(
            r#"{{"host":"h{number}.example.com","http":{{"paths":[{{"path":"/","pathType":"Prefix","backend":{{"service":{{"name":"web","port":{{"number":80}}}}}}}}]}}}}"#
        )
    };
    let rules = (0..4_000).map(rule).collect::<Vec<_>>().join(",");
    let object = format!(
        r#"{{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{{"name":"large","namespace":"shop"}},"spec":{{"rules":[{rules}]}}}}"#
    );
    let review = review("CREATE", &object, "");
    let peak = |parallel: usize| {
        let answers: Vec<_> = (0..parallel)
            .map(|_| {
                let (address, config) = (webhook.address, client::config(webhook.authority.certificate()));
                let review = review.clone();
                std::thread::spawn(move || Client::with(address, config).review(&review).allowed())
            })
            .collect();
        answers.into_iter().for_each(|answer| assert!(answer.join().unwrap()));
        webhook.peak_memory()
    };
    let alone = peak(1);
    let together = peak(12);
    assert!(together < 3 * alone + 20, "{alone} MiB alone, {together} MiB together");
}

#[test]
fn slow_clients_are_cut_off_without_harm_to_others() {
    let webhook = started(&["--read-timeout", "500ms", "--max-connections", "64"]);
    let mut slow: Vec<Client> = (0..8).map(|_| Client::new(&webhook)).collect();
    for client in &mut slow {
        client.send(b"POST /validate HTTP/1.1\r\nHost: ").unwrap();
    }
    let mut half = Client::new(&webhook);
    half.send(b"POST /validate HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        .unwrap();
    let silent = std::net::TcpStream::connect(webhook.address).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut client = Client::new(&webhook);
    let good = review("CREATE", &ingress("good", "web", 80), "");
    let began = Instant::now();
    // A connection that is not used for longer than the limit is kept.
    assert!(client.review(&good).allowed());
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert_eq!(half.answer().unwrap().code, 408);
    for client in &mut slow {
        let _ = client.send(b"w\r\n");
        assert!(client.answer().is_err(), "a head that took too long is not answered");
    }
    assert_eq!(std::io::Read::read(&mut &silent, &mut [0]).unwrap_or(0), 0, "nobody waits for a handshake for ever");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    std::thread::sleep(Duration::from_millis(700));
    assert!(client.review(&good).allowed());
}

#[test]
fn a_client_that_reads_nothing_is_cut_off() {
    let webhook = started(&["--write-timeout", "500ms"]);
    let mut client = Client::new(&webhook);
    let requests = "GET /nothing HTTP/1.1\r\nHost: webhook\r\n\r\n".repeat(1000);
    let began = Instant::now();
    while client.send(requests.as_bytes()).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(25), "it is still connected");
    }
    until("its place is free", || webhook.metrics().contains("portolan_webhook_connections 0\n"));
}

#[test]
fn connections_without_a_request_make_room() {
    let webhook = started(&["--max-connections", "4", "--read-timeout", "60s"]);
    let mut kept = Client::new(&webhook);
    let good = review("CREATE", &ingress("good", "web", 80), "");
    assert!(kept.review(&good).allowed());
    let silent: Vec<std::net::TcpStream> =
        (0..20).map(|_| std::net::TcpStream::connect(webhook.address).unwrap()).collect();
    // Another client is answered at once, and the one that has been asking still is.
    assert!(Client::new(&webhook).review(&good).allowed());
    assert!(kept.review(&good).allowed());
    assert!(webhook.metrics().contains("portolan_webhook_connections_closed_total{reason=\"idle\"}"));
    drop(silent);
}

#[test]
fn a_client_has_only_so_many_connections() {
    let webhook = started(&["--max-connections-per-client", "2", "--read-timeout", "60s"]);
    // Both of its places are with requests whose bodies do not end.
    let mut busy: Vec<Client> = (0..2).map(|_| Client::new(&webhook)).collect();
    for client in &mut busy {
        client
            .send(b"POST /validate HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            .unwrap();
    }
    until("they are taken", || webhook.metrics().contains("portolan_webhook_connections 2\n"));
    std::thread::sleep(Duration::from_millis(300));
    let mut third = std::net::TcpStream::connect(webhook.address).unwrap();
    third.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(std::io::Read::read(&mut third, &mut [0]).unwrap_or(0), 0, "it is closed");
    assert!(webhook.metrics().contains("portolan_webhook_connections_closed_total{reason=\"client\"} 1\n"));
}

#[test]
fn probes_are_answered_while_all_places_for_reviews_are_busy() {
    let webhook = started(&["--max-connections", "2", "--read-timeout", "60s"]);
    let mut busy: Vec<Client> = (0..2).map(|_| Client::new(&webhook)).collect();
    for client in &mut busy {
        client
            .send(b"POST /validate HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            .unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(webhook.probe(path).0, 200, "{path}");
    }
    let mut idle: Vec<std::net::TcpStream> =
        (0..100).map(|_| std::net::TcpStream::connect(webhook.health).unwrap()).collect();
    assert_eq!(webhook.probe("/healthz").0, 200, "idle connections to this port make room too");
    idle.clear();
    // A new connection for reviews waits, and has its turn.
    let (address, config) = (webhook.address, client::config(webhook.authority.certificate()));
    let waiting = std::thread::spawn(move || Client::with(address, config).get("/healthz").code);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!waiting.is_finished());
    busy.clear();
    assert_eq!(waiting.join().unwrap(), 200);
}

#[test]
fn the_port_for_reviews_shows_no_metrics() {
    let webhook = started(&[]);
    let mut client = Client::new(&webhook);
    assert_eq!(["/metrics", "/readyz", "/healthz"].map(|path| client.get(path).code), [404, 404, 200]);
    assert_eq!(webhook.probe("/validate").0, 404);
}

#[test]
fn a_client_without_a_certificate_is_refused_where_one_is_wanted() {
    let folder = Folder::new();
    let (known, unknown) = (process::Authority::new(), process::Authority::new());
    let authorities = folder.file("clients.crt", &known.pem());
    let objects = folder.file("objects.yaml", OBJECTS);
    let flags = ["--objects", objects.to_str().unwrap(), "--client-ca-file", authorities.to_str().unwrap()];
    let webhook = Webhook::start(BINARY, folder, &flags);
    let good = post("application/json", &review("CREATE", &ingress("good", "web", 80), ""));
    let ask = |config| {
        let mut client = Client::with(webhook.address, config);
        client.send(good.as_bytes())?;
        client.answer()
    };
    let authority = webhook.authority.certificate();
    assert!(ask(client::config(authority.clone())).is_err());
    assert!(ask(client::config_as(authority.clone(), &unknown.sign("stranger"))).is_err());
    assert!(ask(client::config_as(authority, &known.sign("apiserver"))).unwrap().allowed());
    assert_eq!(webhook.probe("/healthz").0, 200);
}

#[test]
fn a_new_certificate_is_shown_and_half_a_pair_is_not() {
    let webhook = started(&[]);
    let first = Client::new(&webhook).certificate();
    let mut kept = Client::new(&webhook);
    kept.get("/healthz");
    let (certificate, key) = webhook.authority.sign("second");
    std::fs::write(webhook.path("tls.crt"), &certificate).unwrap();
    until("the half pair is seen", || webhook.log().contains("the new certificate is not valid"));
    assert_eq!(Client::new(&webhook).certificate(), first, "the key is still the old one's");
    std::fs::write(webhook.path("tls.key"), &key).unwrap();
    until("the new certificate is shown", || Client::new(&webhook).certificate() != first);
    // A file that is gone for a moment does no harm, and open connections go on.
    std::fs::remove_file(webhook.path("tls.key")).unwrap();
    until("it is seen to be gone", || webhook.log().contains("cannot read the certificate"));
    assert_eq!(kept.get("/healthz").code, 200);
    let metrics = webhook.metrics();
    assert!(metrics.contains("portolan_webhook_certificate_reloads_total{result=\"success\"} 1\n"), "{metrics}");
    assert!(metrics.contains("portolan_webhook_certificate_reloads_total{result=\"failure\"} 2\n"), "{metrics}");
}

#[test]
fn what_runs_is_finished_when_it_is_told_to_end() {
    let mut webhook = started(&["--shutdown-timeout", "10s"]);
    let mut client = Client::new(&webhook);
    let request = post("application/json", &review("CREATE", &ingress("good", "web", 80), ""));
    let (begin, rest) = request.split_at(request.len() - 10);
    let mut idle = Client::new(&webhook);
    idle.get("/healthz");
    client.send(begin.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    webhook.signal("TERM");
    until("no more connections are taken", || std::net::TcpStream::connect(webhook.address).is_err());
    assert!(webhook.end(Duration::ZERO).is_none(), "a request is still under way");
    client.send(rest.as_bytes()).unwrap();
    assert!(client.answer().unwrap().allowed());
    assert!(webhook.end(Duration::from_secs(5)).expect("it ends").success());
    assert!(idle.answer().is_err());
}

#[test]
fn a_request_that_does_not_end_does_not_hold_up_the_end() {
    let mut webhook = started(&["--shutdown-timeout", "300ms"]);
    let mut client = Client::new(&webhook);
    client
        .send(b"POST /validate HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    webhook.signal("INT");
    assert!(webhook.end(Duration::from_secs(5)).expect("it ends").success());
    assert!(webhook.log().contains("cut off"), "{}", webhook.log());
}

#[test]
fn metrics_count_what_was_done() {
    let webhook = started(&["--logging-format", "json"]);
    let mut client = Client::new(&webhook);
    client.review(&review("CREATE", &ingress("good", "web", 80), ""));
    client.review(&review("CREATE", &ingress("bad", "web", 8080), ""));
    client.review(&review("DELETE", "", &service("web", "{}")));
    client.post("application/json", "{}");
    let metrics = webhook.metrics();
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
    for line in [
        "portolan_webhook_reviews_total{operation=\"CREATE\",kind=\"Ingress\",result=\"allowed\"} 1",
        "portolan_webhook_reviews_total{operation=\"CREATE\",kind=\"Ingress\",result=\"refused\"} 1",
        "portolan_webhook_reviews_total{operation=\"DELETE\",kind=\"Service\",result=\"warned\"} 1",
        "portolan_webhook_reviews_total{operation=\"\",kind=\"\",result=\"malformed\"} 1",
        "portolan_webhook_review_duration_seconds_bucket{le=\"+Inf\"} 4",
        "portolan_webhook_review_duration_seconds_count 4",
        "portolan_webhook_http_responses_total{code=\"200\"} 3",
        "portolan_webhook_http_responses_total{code=\"400\"} 1",
        "portolan_webhook_objects{kind=\"Service\"} 2",
        "portolan_webhook_objects{kind=\"Pod\"} 0",
        "portolan_webhook_view_ready 1",
        "portolan_webhook_connections 1",
    ] {
        assert!(metrics.lines().any(|known| known == line), "{line}\n{metrics}");
    }
    assert_eq!((webhook.probe("/healthz").0, webhook.probe("/readyz").0), (200, 200));
    let log = webhook.log();
    let refused = log.lines().find(|line| line.contains("\"result\":\"refused\"")).expect("it is logged");
    let line = portolan_base::json::read(refused).unwrap();
    assert_eq!(line.get("object").unwrap().as_str(), Some("Ingress shop/bad"));
    assert_eq!(line.get("codes").unwrap().as_str(), Some("ING002"));
}

#[test]
fn usage_that_cannot_be_is_told_at_once() {
    let folder = Folder::new();
    let missing = folder.0.join("none").display().to_string();
    let run = |flags: &[&str]| {
        let output =
            std::process::Command::new(BINARY).arg("webhook").args(flags).env_remove("KUBECONFIG").output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, words) = run(&["--tls-cert-file", &missing, "--tls-private-key-file", &missing, "--objects", &missing]);
    assert!(code == Some(2) && words.contains("none"), "{words}");
    let (code, words) = run(&["--stale-after", "soon"]);
    assert!(code == Some(2) && words.contains("expected a time"), "{words}");
    let authority = process::Authority::new();
    let (one, other) = (authority.sign("one"), authority.sign("other"));
    let certificate = folder.file("a.crt", &one.0).display().to_string();
    let key = folder.file("b.key", &other.1).display().to_string();
    let objects = folder.file("o.yaml", OBJECTS).display().to_string();
    let (code, words) = run(&["--tls-cert-file", &certificate, "--tls-private-key-file", &key, "--objects", &objects]);
    assert!(code == Some(2) && words.contains("the key does not belong to the certificate"), "{words}");
}

#[test]
fn nothing_is_found_in_the_manifests_of_the_deployment() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");
    let output = std::process::Command::new(BINARY).args(["check", folder, "-o", "json"]).output().unwrap();
    let checked = portolan_base::json::read(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(checked.get("findings").unwrap().items(), []);
    assert_eq!(checked.get("objects").unwrap().as_int(), Some(4));
}

/// A webhook that watches a cluster.
fn watching(server: &ApiServer, flags: &[&str]) -> Webhook {
    let folder = Folder::new();
    let kubeconfig = folder.file("kubeconfig", &server.kubeconfig());
    Webhook::start(BINARY, folder, &[&["--kubeconfig", kubeconfig.to_str().unwrap()], flags].concat())
}

fn is_ready(webhook: &Webhook) -> bool {
    webhook.probe("/readyz").0 == 200
}

#[test]
fn the_cluster_is_watched() {
    let server = ApiServer::start();
    for number in 0..1200 {
        server.put("configmaps", &format!(r#"{{"metadata":{{"name":"c{number}"}}}}"#));
        server.put("services", &service(&format!("many{number}"), r#"{"ports":[{"port":80}]}"#));
    }
    let webhook = watching(&server, &[]);
    until("it is ready", || is_ready(&webhook));
    assert_eq!(server.asked("list services"), 3, "page by page");
    assert_eq!(server.asked("list secrets"), 0, "secrets are nobody's business unless wanted");
    let mut client = Client::new(&webhook);
    let doubtful = review("CREATE", &ingress("front", "web", 80), "");
    assert!(client.review(&doubtful).warnings()[0].contains("no Service `shop/web`"));
    server.put("services", &service("web", r#"{"selector":{"app":"web"},"ports":[{"port":80}]}"#));
    // Of a namespace without pods nothing is known; of one with others they are missed.
    until("the Service is seen", || client.review(&doubtful).warnings().is_empty());
    let pod = |app: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p","namespace":"shop","labels":{{"app":"{app}"}}}},"spec":{{"containers":[{{"name":"c","image":"i"}}]}},"status":{{"phase":"Running","podIP":"10.244.0.9","podIPs":[{{"ip":"10.244.0.9"}}],"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
        )
    };
    server.put("pods", &pod("api"));
    until("another pod is seen", || {
        client.review(&doubtful).warnings().iter().any(|warning| warning.contains("has no ready endpoint"))
    });
    server.put("pods", &pod("web"));
    until("the pod is seen", || client.review(&doubtful).warnings().is_empty());
    server.put("services", &service("web", r#"{"selector":{"app":"web"},"ports":[{"port":8080}]}"#));
    until("the change is seen", || !client.review(&doubtful).allowed());
    server.remove("services", "shop/web");
    until("it is seen to be gone", || client.review(&doubtful).allowed());
    let metrics = webhook.metrics();
    assert!(metrics.contains("portolan_webhook_objects{kind=\"Service\"} 1200\n"), "{metrics}");
}

#[test]
fn a_cut_watch_goes_on_where_it_was_and_a_forgotten_one_begins_anew() {
    let server = ApiServer::start();
    server.put("services", &service("web", r#"{"ports":[{"port":80}]}"#));
    let webhook = watching(&server, &[]);
    until("it is ready", || is_ready(&webhook));
    until("it watches", || server.asked("watch services") == 1);
    server.cut(false);
    server.put("services", &service("second", r#"{"ports":[{"port":80}]}"#));
    let mut client = Client::new(&webhook);
    let to_second = review("CREATE", &ingress("front", "second", 81), "");
    until("it goes on", || !client.review(&to_second).allowed());
    assert_eq!(server.asked("list services"), 1, "nothing has to be listed again");
    // What happens while nobody watches is forgotten.
    server.cut(true);
    server.remove("services", "shop/second");
    server.put("services", &service("third", r#"{"ports":[{"port":80}]}"#));
    server.forget();
    server.cut(false);
    until("it begins anew", || client.review(&to_second).allowed());
    assert!(!client.review(&to_second.replace("second", "third")).allowed());
    assert!(server.asked("list services") >= 2);
    let metrics = webhook.metrics();
    assert!(metrics.contains("portolan_webhook_watch_breaks_total{kind=\"Service\",reason=\"gone\"} 1\n"), "{metrics}");
}

#[test]
fn a_stale_view_fails_as_it_is_told() {
    let server = ApiServer::start();
    server.put("services", &service("web", r#"{"ports":[{"port":80}]}"#));
    let open = watching(&server, &["--stale-after", "1s"]);
    let closed = watching(&server, &["--stale-after", "1s", "--fail", "closed"]);
    until("both are ready", || is_ready(&open) && is_ready(&closed));
    let bad = review("CREATE", &ingress("bad", "web", 81), "");
    let (mut of_open, mut of_closed) = (Client::new(&open), Client::new(&closed));
    assert!(!of_open.review(&bad).allowed() && !of_closed.review(&bad).allowed());
    server.cut(true);
    until("the one lets pass", || of_open.review(&bad).allowed());
    let answer = of_open.review(&bad);
    assert!(answer.warnings()[0].starts_with("portolan did not judge this: the cluster has been out of reach"));
    until("the other refuses all", || of_closed.review(&bad).message().contains("cannot judge"));
    let answer = of_closed.review(&review("CREATE", &service("fine", r#"{"ports":[{"port":80}]}"#), ""));
    assert!(!answer.allowed());
    assert_eq!(answer.json().at("response.status.code").unwrap().as_int(), Some(503));
    assert_eq!((open.probe("/readyz").0, closed.probe("/readyz").0), (200, 503));
    assert_eq!(closed.probe("/healthz").0, 200);
    let metrics = closed.metrics();
    assert!(metrics.contains("portolan_webhook_view_ready 0\n"), "{metrics}");
    server.cut(false);
    until("both judge again", || {
        is_ready(&closed) && of_closed.review(&bad).message().contains("ING002") && !of_open.review(&bad).allowed()
    });
}

#[test]
fn nothing_is_ready_before_the_first_lists() {
    let server = ApiServer::start();
    server.cut(true);
    let webhook = watching(&server, &["--fail", "closed"]);
    let mut client = Client::new(&webhook);
    let answer = webhook.probe("/readyz");
    assert!(answer.0 == 503 && answer.1.contains("the first list of"), "{answer:?}");
    assert!(!client.review(&review("CREATE", &ingress("good", "web", 80), "")).allowed());
    server.cut(false);
    until("it is ready", || is_ready(&webhook));
    assert!(client.review(&review("CREATE", &ingress("good", "web", 80), "")).allowed());
}
