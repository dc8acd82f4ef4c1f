//! The webhook under load: 10,000 reviews from 16 connections with 5,000 objects in view, the watch cut and restored in
//! between.
//!
//! `cargo bench -p portolan-cli --features webhook --bench webhook` prints how long reviews took, and the most memory that the process had.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]
#![expect(dead_code, reason = "what it shares with the tests has more than it needs")]

#[path = "../tests/webhook/apiserver.rs"]
mod apiserver;
#[path = "../tests/webhook/client.rs"]
mod client;
#[path = "../tests/webhook/process.rs"]
mod process;

use apiserver::ApiServer;
use client::{Client, review};
use process::{Folder, Webhook, until};
use std::time::{Duration, Instant};

const REVIEWS: usize = 10_000;
const CONNECTIONS: usize = 16;
const APPS: usize = 550;

fn namespace(app: usize) -> String {
    format!("team-{}", app % 25)
}

fn service(app: usize) -> String {
    let namespace = namespace(app);
    format!(
        r#"{{"apiVersion":"v1","kind":"Service","metadata":{{"name":"app-{app}","namespace":"{namespace}"}},"spec":{{"clusterIP":"10.0.{}.{}","clusterIPs":["10.0.{}.{}"],"selector":{{"app":"app-{app}"}},"ports":[{{"name":"http","port":80,"protocol":"TCP","targetPort":"http"}}]}}}}"#,
        app / 250,
        app % 250 + 1,
        app / 250,
        app % 250 + 1
    )
}

fn pod(app: usize, number: usize) -> String {
    let (namespace, ip) =
        (namespace(app), format!("10.{}.{}.{}", 244 + number / 250, app % 250, app / 250 * 8 + number + 1));
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"app-{app}-{number}","namespace":"{namespace}","labels":{{"app":"app-{app}"}}}},"spec":{{"nodeName":"node-{}","containers":[{{"name":"app","image":"registry.example.com/app:1","env":[{{"name":"LOG","value":"info"}},{{"name":"PEER","value":"http://app-{}:80"}}],"ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}}]}}]}},"status":{{"phase":"Running","podIP":"{ip}","podIPs":[{{"ip":"{ip}"}}],"conditions":[{{"type":"Ready","status":"True"}}]}}}}"#,
        (app + number) % 20,
        (app + 25) % APPS,
    )
}

fn ingress(app: usize, name: &str, port: &str) -> String {
    let namespace = namespace(app);
    format!(
        r#"{{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{{"name":"{name}","namespace":"{namespace}"}},"spec":{{"ingressClassName":"nginx","rules":[{{"host":"{name}.{namespace}.example.com","http":{{"paths":[{{"path":"/","pathType":"Prefix","backend":{{"service":{{"name":"app-{app}","port":{port}}}}}}}]}}}}]}}}}"#
    )
}

fn policy(app: usize) -> String {
    format!(
        r#"{{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"app-{app}","namespace":"{}"}},"spec":{{"podSelector":{{"matchLabels":{{"app":"app-{app}"}}}},"policyTypes":["Ingress"],"ingress":[{{"from":[{{"namespaceSelector":{{}}}}],"ports":[{{"protocol":"TCP","port":8080}}]}}]}}}}"#,
        namespace(app)
    )
}

fn deployment(app: usize) -> String {
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"new-{app}","namespace":"{}"}},"spec":{{"replicas":2,"selector":{{"matchLabels":{{"app":"new"}}}},"template":{{"metadata":{{"labels":{{"app":"new"}}}},"spec":{{"containers":[{{"name":"app","image":"registry.example.com/app:1","ports":[{{"name":"http","containerPort":8080}}]}}]}}}}}}}}"#,
        namespace(app)
    )
}

/// A cluster of 5,000 objects.
fn fill(server: &ApiServer) -> usize {
    let class = r#"{"apiVersion":"networking.k8s.io/v1","kind":"IngressClass","metadata":{"name":"nginx"},"spec":{"controller":"k8s.io/ingress-nginx"}}"#;
    server.put("ingressclasses", class);
    let mut count = 1;
    for number in 0..25 {
        server.put(
            "namespaces",
            &format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"team-{number}"}}}}"#),
        );
        count += 1;
    }
    for number in 0..20 {
        server.put("nodes", &format!(r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"node-{number}"}}}}"#));
        count += 1;
    }
    for app in 0..APPS {
        server.put("services", &service(app));
        server.put("ingresses", &ingress(app, &format!("app-{app}"), r#"{"name":"http"}"#));
        server.put("networkpolicies", &policy(app));
        (0..6).for_each(|number| server.put("pods", &pod(app, number)));
        count += 9;
    }
    count
}

/// What is sent: mostly good, some doubtful, some refused, each with what it has to get.
fn question(number: usize) -> (String, bool, bool) {
    let app = number * 7 % APPS;
    let name = format!("new-{app}");
    match number % 10 {
        0 | 1 => (review("UPDATE", &service(app), &service(app)), true, false),
        2 => (review("CREATE", &ingress(app, &name, r#"{"number":8080}"#), ""), false, false),
        3 => {
            (review("CREATE", &ingress(app, &name, r#"{"name":"http"}"#).replace("\"app-", "\"none-"), ""), true, true)
        }
        4 => (review("UPDATE", &policy(app), &policy(app)), true, false),
        5 => (review("CREATE", &deployment(app), ""), true, false),
        6 => (review("DELETE", "", &service(app)), true, true),
        7 => (
            review(
                "UPDATE",
                &ingress(app, &format!("app-{app}"), r#"{"name":"http"}"#),
                &ingress(app, &format!("app-{app}"), r#"{"name":"http"}"#),
            ),
            true,
            false,
        ),
        _ => (review("CREATE", &ingress(app, &name, r#"{"name":"http"}"#), ""), true, false),
    }
}

fn main() {
    let server = ApiServer::start();
    let objects = fill(&server);
    let folder = Folder::new();
    let kubeconfig = folder.file("kubeconfig", &server.kubeconfig());
    let flags = ["--kubeconfig", kubeconfig.to_str().unwrap(), "--log-level", "info"];
    let webhook = Webhook::start(env!("CARGO_BIN_EXE_portolan"), folder, &flags);
    let began = Instant::now();
    until("it is ready", || webhook.probe("/readyz").0 == 200);
    println!("{objects} objects in view {} ms after it listened", began.elapsed().as_millis());

    // One connection alone: what a review takes.
    let mut client = Client::new(&webhook);
    let mut alone = Vec::new();
    for number in 0..1_000 {
        let (review, ..) = question(number);
        let began = Instant::now();
        client.review(&review);
        alone.push(began.elapsed());
    }
    tell("1,000 reviews from 1 connection", alone);

    let began = Instant::now();
    let asking: Vec<_> = (0..CONNECTIONS)
        .map(|connection| {
            let (address, config) = (webhook.address, client::config(webhook.authority.certificate()));
            std::thread::spawn(move || {
                let mut client = Client::with(address, config);
                let mut times = Vec::new();
                for number in (connection..REVIEWS).step_by(CONNECTIONS) {
                    let (review, is_allowed, is_warned) = question(number);
                    let began = Instant::now();
                    let answer = client.review(&review);
                    times.push(began.elapsed());
                    assert_eq!(answer.allowed(), is_allowed, "{review}\n{answer:?}");
                    assert_eq!(!answer.warnings().is_empty(), is_warned, "{review}\n{answer:?}");
                }
                times
            })
        })
        .collect();
    // The watch is cut and restored while they ask, and the cluster changes.
    std::thread::sleep(Duration::from_millis(300));
    server.cut(true);
    std::thread::sleep(Duration::from_millis(300));
    server.cut(false);
    for app in 0..50 {
        server.put("pods", &pod(app, 0));
    }
    let times: Vec<Duration> = asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let took = began.elapsed();
    assert_eq!(times.len(), REVIEWS, "none is lost");
    let rate = times.len() as f64 / took.as_secs_f64();
    tell("10,000 reviews from 16 connections", times);
    println!("all of them in {:.2} s, {rate:.0} a second; none lost", took.as_secs_f64());
    let metrics = webhook.metrics();
    let breaks: u64 = metrics
        .lines()
        .filter(|line| line.starts_with("portolan_webhook_watch_breaks_total{"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum();
    println!("watches broken off and taken up again: {breaks}");
    println!("most memory of the webhook: {} KiB", peak(webhook.id()));
    print_buckets(&metrics);
}

fn tell(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!("{what}: median {:.2} ms, 99th percentile {:.2} ms, longest {:.2} ms", at(0.5), at(0.99), at(1.0));
}

fn print_buckets(metrics: &str) {
    for line in metrics.lines().filter(|line| line.starts_with("portolan_webhook_review_duration_seconds")) {
        println!("  {line}");
    }
}

/// `VmHWM` of a process, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
