//! What tables of Ingress rules cost: a lookup beside the crate `matchit` (with host and path as one route) and a scan of all
//! rules, and how the time to compile, list and compare tables grows with them.
//!
//! Times are processor time. Other programs that run meanwhile empty the caches, so what is compared takes turns, in rounds of
//! some milliseconds, and the fastest and the median round are printed.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use portolan::api::ingress::Ingress;
use portolan::api::resource::Resource;
use portolan::cluster::{Cluster, Options};
use portolan::ingress::{Controller, compile};
use portolan::routing::Request;
use portolan::routing::compare::compare;
use portolan_tests::generate::Chance;
use portolan_tests::{answer, engine};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Duration;

const SIZES: [usize; 3] = [10, 1_000, 100_000];
const PATHS_OF_A_HOST: usize = 5;
/// Asked of every table, however small it is, one after the other, each of a host and a path at random.
const QUESTIONS: usize = 8_192;
const ROUNDS: usize = 100;

/// Host and path of every rule.
type Rules = Vec<(String, String)>;

/// Makes the rules of a table of that size.
type Make = fn(usize) -> Rules;

/// What is asked each question, and its name.
type Contender<'a> = (String, Box<dyn FnMut(usize) + 'a>);

/// A kind of table: which path a rule has.
struct Kind {
    name: &'static str,
    path: fn(usize) -> String,
    paths_of_a_host: usize,
}

const KINDS: [Kind; 3] = [
    Kind { name: "hosts with the same paths", path: same_path, paths_of_a_host: PATHS_OF_A_HOST },
    Kind { name: "hosts with paths of their own", path: own_path, paths_of_a_host: PATHS_OF_A_HOST },
    Kind { name: "one host", path: own_path, paths_of_a_host: usize::MAX },
];

fn host(number: usize) -> String {
    format!("app{number}.shop{}.example.com", number % 97)
}

fn same_path(number: usize) -> String {
    format!("/api/v{}/things", number % PATHS_OF_A_HOST)
}

fn own_path(number: usize) -> String {
    format!("/api/v{}/p{number}", number % PATHS_OF_A_HOST)
}

/// Host and path of every rule.
fn rules(kind: &Kind, count: usize) -> Rules {
    (0..count).map(|number| (host(number / kind.paths_of_a_host), (kind.path)(number))).collect()
}

/// The class of every Ingress: some controllers ignore Ingresses without one.
const CLASS: &str = "bench";

/// An Ingress for each host.
fn ingresses(rules: &[(String, String)], service: impl Fn(usize) -> usize) -> Vec<Value> {
    let mut ingresses = Vec::new();
    let mut at = 0;
    for (number, chunk) in rules.chunk_by(|one, other| one.0 == other.0).enumerate() {
        let paths: Vec<Value> = chunk
            .iter()
            .zip(at..)
            .map(|((_, path), at)| {
                let backend = json!({"service": {"name": format!("s{}", service(at)), "port": {"number": 80}}});
                json!({"path": path, "pathType": "Prefix", "backend": backend})
            })
            .collect();
        at += chunk.len();
        ingresses.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": format!("i{number:06}"), "namespace": "default"},
            "spec": {"ingressClassName": CLASS, "rules": [{"host": chunk[0].0, "http": {"paths": paths}}]},
        }));
    }
    ingresses
}

fn cluster(rules: &[(String, String)], service: impl Fn(usize) -> usize) -> Cluster {
    let mut cluster = Cluster::new(Options::default());
    for ingress in ingresses(rules, service) {
        let node = portolan_base::json::read(&ingress.to_string()).expect("it is JSON");
        let (ingress, _) = portolan::api::object::decode::<Ingress>(&node);
        cluster.insert(Resource::Ingress(Box::new(ingress)), None);
    }
    cluster
}

/// The processor time of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Runs each of them in turn, and gives the quickest and the middle round of each, in nanoseconds a question.
fn in_turn(contenders: &mut [Contender<'_>], questions: usize, rounds: usize) -> Vec<(f64, f64)> {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for ((_, ask), times) in contenders.iter_mut().zip(&mut times) {
            // What the others have pushed out of the caches comes back first, as far as it has room there.
            (0..questions).for_each(&mut **ask);
            let before = processor_time();
            (0..questions).for_each(&mut **ask);
            let took = processor_time() - before;
            times.push(took.as_nanos() as f64 / questions as f64);
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            (times[0], times[times.len() / 2])
        })
        .collect()
}

/// Hosts and paths of requests, one behind the other: a proxy has them at hand when it asks.
struct Questions {
    text: String,
    /// Where host and path begin, and where the path ends.
    places: Vec<[usize; 3]>,
}

impl Questions {
    /// As many for every table, each of them for a rule at random.
    fn new(rules: &[(String, String)]) -> Self {
        let (mut chance, mut text) = (Chance::new(7), String::new());
        let mut ask = |at: usize| {
            let (host, path) = chance.one(rules);
            let start = text.len();
            text.push_str(host);
            let middle = text.len();
            text.push_str(&format!("{path}/{at}"));
            [start, middle, text.len()]
        };
        let places = (0..QUESTIONS).map(&mut ask).collect();
        Questions { text, places }
    }

    fn get(&self, at: usize) -> (&str, &str) {
        let [start, middle, end] = self.places[at];
        (&self.text[start..middle], &self.text[middle..end])
    }

    /// The same as one text, with a slash before the host.
    fn joined(&self) -> Questions {
        let (mut text, mut places) = (String::new(), Vec::new());
        for [start, _, end] in &self.places {
            let begin = text.len();
            text.push('/');
            text.push_str(&self.text[*start..*end]);
            places.push([begin, begin, text.len()]);
        }
        Questions { text, places }
    }
}

fn lookups(kind: &Kind) {
    println!("\na lookup, {}: nanoseconds, quickest (middle) of {ROUNDS} rounds of {QUESTIONS} questions", kind.name);
    let rules: Vec<Vec<(String, String)>> = SIZES.iter().map(|size| rules(kind, *size)).collect();
    let questions: Vec<Questions> = rules.iter().map(|rules| Questions::new(rules)).collect();
    let joined: Vec<Questions> = questions.iter().map(Questions::joined).collect();
    let mut contenders: Vec<Contender<'_>> = Vec::new();
    for controller in Controller::ALL {
        for (rules, questions) in rules.iter().zip(&questions) {
            let table = compile(&cluster(rules, |at| at % 100), *controller, Some(CLASS));
            let ask = move |at: usize| {
                let (host, path) = questions.get(at);
                let request =
                    Request { secure: false, host, path, query: None, method: "GET", headers: &[], source: None };
                let found = table.lookup(black_box(&request));
                assert!(found.is_some(), "every request is served");
                black_box(found);
            };
            contenders.push((format!("portolan, {}", controller.name()), Box::new(ask)));
        }
    }
    for (rules, joined) in rules.iter().zip(&joined) {
        let mut router = matchit::Router::new();
        for ((host, path), number) in rules.iter().zip(0..) {
            router.insert(format!("/{host}{path}/{{*rest}}"), number).expect("no two rules are the same");
        }
        let ask = move |at: usize| {
            let found: Option<usize> = router.at(black_box(joined.get(at).1)).map(|found| *found.value).ok();
            assert!(found.is_some(), "every request is served");
            black_box(found);
        };
        contenders.push(("matchit".to_owned(), Box::new(ask)));
    }
    let mut figures = in_turn(&mut contenders, QUESTIONS, ROUNDS);
    let mut scans: Vec<Contender<'_>> = Vec::new();
    for (rules, questions) in rules.iter().zip(&questions) {
        let ask = move |at: usize| {
            let (host, path) = black_box(questions.get(at * 409 % QUESTIONS));
            let takes = |(known, prefix): &&(String, String)| {
                let rest = if *known == *host { path.strip_prefix(prefix.as_str()) } else { None };
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            black_box(rules.iter().filter(takes).max_by_key(|(_, prefix)| prefix.len()));
        };
        scans.push(("scan of all rules".to_owned(), Box::new(ask)));
    }
    figures.extend(in_turn(&mut scans, 40, 9));
    let names: Vec<&String> = contenders.iter().chain(&scans).map(|(name, _)| name).collect();
    println!("{:<22}{:>17}{:>17}{:>17}{:>20}", "rules", SIZES[0], SIZES[1], SIZES[2], "largest to smallest");
    for (names, figures) in names.chunks(SIZES.len()).zip(figures.chunks(SIZES.len())) {
        let cells: String =
            figures.iter().map(|(least, middle)| format!("{:>17}", format!("{least:.0} ({middle:.0})"))).collect();
        println!("{:<22}{cells}{:>20.2}", names[0], figures[SIZES.len() - 1].0 / figures[0].0);
    }
}

/// A step that grows with a table: what it is, for how many rules, and how it is done once.
fn growth(what: &str, sizes: &[usize], mut step: impl FnMut(usize) -> Duration) {
    let mut cells = String::new();
    for size in sizes {
        let mut took: Vec<Duration> = (0..3).map(|_| step(*size)).collect();
        took.sort();
        let each = took[0].as_nanos() as f64 / *size as f64;
        cells += &format!("{:>29}", format!("{size}: {:.1} ms, {each:.0} ns", took[0].as_secs_f64() * 1000.0));
    }
    println!("{what:<44}{cells}");
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let before = processor_time();
    black_box(work());
    processor_time() - before
}

/// The rules of one host all over again in every Ingress: all but the oldest Ingress's are shadowed.
fn shadowed(count: usize) -> Rules {
    let each = (count / 20).max(1);
    (0..count).map(|number| (host(number / each), same_path(number))).collect()
}

fn compiling() {
    let sizes = [1_000, 10_000, 100_000];
    println!("\ncompiling a table: rules, milliseconds, nanoseconds a rule");
    for kind in &KINDS {
        for controller in Controller::ALL {
            let what = format!("{}, {}", kind.name, controller.name());
            growth(&what, &sizes, |size| {
                let cluster = cluster(&rules(kind, size), |at| at % 100);
                timed(|| compile(&cluster, *controller, Some(CLASS)))
            });
        }
    }
    for controller in Controller::ALL {
        let what = format!("most rules shadowed, {}", controller.name());
        growth(&what, &sizes, |size| {
            let cluster = cluster(&shadowed(size), |at| at % 100);
            timed(|| compile(&cluster, *controller, Some(CLASS)))
        });
    }
}

fn listing() {
    println!("\nlisting a table (`routes`): rules, milliseconds, nanoseconds a rule");
    let sizes = [1_000, 10_000];
    let tables: [(&str, Make); 3] = [
        ("hosts with the same paths", |size| rules(&KINDS[0], size)),
        ("one host", |size| rules(&KINDS[2], size)),
        ("most rules shadowed", shadowed),
    ];
    for (what, rules) in tables {
        for controller in Controller::ALL {
            let question = json!({"ask": "routes", "controller": controller.name(), "ingressClass": CLASS});
            growth(&format!("{what}, {}", controller.name()), &sizes, |size| {
                let engine = engine(&ingresses(&rules(size), |at| at % 100));
                engine.route_table(*controller, Some(CLASS));
                timed(|| answer(&engine, &question))
            });
        }
    }
}

fn comparing() {
    println!("\ncomparing two tables, every second rule with another Service: rules, milliseconds, nanoseconds a rule");
    for kind in &KINDS {
        for (before, after) in [(Controller::Spec, Controller::Spec), (Controller::Nginx, Controller::Contour)] {
            let what = format!("{}, {} to {}", kind.name, before.name(), after.name());
            growth(&what, &[1_000, 10_000], |size| {
                let rules = rules(kind, size);
                let before = compile(&cluster(&rules, |at| at), before, Some(CLASS));
                let after = compile(&cluster(&rules, |at| at + at % 2), after, Some(CLASS));
                timed(|| compare(&before, &after))
            });
        }
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if is_wanted("lookup") {
        KINDS.iter().for_each(lookups);
    }
    let parts: [(&str, fn()); 3] = [("compile", compiling), ("list", listing), ("compare", comparing)];
    parts.iter().filter(|(name, _)| is_wanted(name)).for_each(|(_, part)| part());
}
