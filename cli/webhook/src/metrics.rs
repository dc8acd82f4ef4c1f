//! What is counted and measured, in Prometheus' text form (version 0.0.4).

use crate::view::View;
use portolan::api::resource::Kind;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The upper bounds of the buckets that reviews are counted in, in microseconds and as they are written, in seconds.
const BUCKETS: [(u64, &str); 10] = [
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (100_000, "0.1"),
    (1_000_000, "1"),
    (10_000_000, "10"),
];

/// Counters by their labels, as they are written.
type Counters = Mutex<BTreeMap<String, u64>>;

/// All that is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    reviews: Counters,
    answers: Counters,
    breaks: Counters,
    reloads: Counters,
    closed: Counters,
    buckets: [AtomicU64; BUCKETS.len()],
    measured: AtomicU64,
    microseconds: AtomicU64,
    connections: AtomicU64,
    accepted: AtomicU64,
}

/// A connection that is open for as long as this is held.
#[derive(Debug)]
pub(crate) struct Open(Arc<Metrics>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A review came to its end. All three words are known ones, so there are few counters.
    pub(crate) fn reviewed(&self, operation: &str, kind: &str, result: &str) {
        count(&self.reviews, format!("operation=\"{operation}\",kind=\"{kind}\",result=\"{result}\""));
    }

    /// How long a review took, from its last byte to the answer.
    pub(crate) fn measured(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        if let Some(at) = BUCKETS.iter().position(|(bound, _)| microseconds <= *bound)
            && let Some(bucket) = self.buckets.get(at)
        {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.measured.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// A request to the webhook was answered with that HTTP code.
    pub(crate) fn answered(&self, code: u16) {
        count(&self.answers, format!("code=\"{code}\""));
    }

    /// The watch of a kind broke off.
    pub(crate) fn watch_broken(&self, kind: Kind, reason: &str) {
        count(&self.breaks, format!("kind=\"{}\",reason=\"{reason}\"", kind.name()));
    }

    /// The certificate was read again, or could not be.
    pub(crate) fn reloaded(&self, is_good: bool) {
        count(&self.reloads, format!("result=\"{}\"", if is_good { "success" } else { "failure" }));
    }

    /// A connection was taken.
    pub(crate) fn connection(self: &Arc<Self>) -> Open {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.accepted.fetch_add(1, Ordering::Relaxed);
        Open(Arc::clone(self))
    }

    /// A connection was closed to make room (`idle`), or was not taken because its client has too many (`client`).
    pub(crate) fn closed(&self, reason: &str) {
        count(&self.closed, format!("reason=\"{reason}\""));
    }

    /// The text that a scrape gets.
    pub(crate) fn render(&self, view: &View) -> String {
        let mut page = Page::default();
        page.family("portolan_webhook_reviews_total", "counter", "Reviews by operation, kind and result.");
        page.counters(&self.reviews);
        page.family("portolan_webhook_review_duration_seconds", "histogram", "How long reviews took.");
        let mut sum = 0;
        for ((_, bound), bucket) in BUCKETS.iter().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            page.line("_bucket", &format!("le=\"{bound}\""), sum);
        }
        let measured = self.measured.load(Ordering::Relaxed);
        page.line("_bucket", "le=\"+Inf\"", measured);
        let microseconds = self.microseconds.load(Ordering::Relaxed);
        page.line("_sum", "", format_args!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000));
        page.line("_count", "", measured);
        page.family("portolan_webhook_http_responses_total", "counter", "Answers to webhook requests by HTTP code.");
        page.counters(&self.answers);
        page.family("portolan_webhook_objects", "gauge", "Objects in view by kind.");
        for (kind, count) in view.counts() {
            page.line("", &format!("kind=\"{}\"", kind.name()), count);
        }
        page.family("portolan_webhook_view_ready", "gauge", "Whether the cluster is in view and current.");
        page.line("", "", u8::from(view.out_of_view().is_none()));
        page.family("portolan_webhook_view_age_seconds", "gauge", "How long the cluster has been out of reach.");
        page.line("", "", format_args!("{:.3}", view.age().unwrap_or_default().as_secs_f64()));
        page.family("portolan_webhook_watch_breaks_total", "counter", "Watches that broke off, by kind and reason.");
        page.counters(&self.breaks);
        page.family("portolan_webhook_certificate_reloads_total", "counter", "Changed certificates by result.");
        page.counters(&self.reloads);
        page.family("portolan_webhook_connections", "gauge", "Connections that are open.");
        page.line("", "", self.connections.load(Ordering::Relaxed));
        page.family("portolan_webhook_connections_total", "counter", "Connections that were taken.");
        page.line("", "", self.accepted.load(Ordering::Relaxed));
        page.family(
            "portolan_webhook_connections_closed_total",
            "counter",
            "Connections closed by a limit, by reason.",
        );
        page.counters(&self.closed);
        page.text
    }
}

fn count(counters: &Counters, labels: String) {
    *counters.lock().unwrap_or_else(PoisonError::into_inner).entry(labels).or_default() += 1;
}

/// The text of a scrape.
#[derive(Default)]
struct Page {
    text: String,
    name: &'static str,
}

impl Page {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        // Writing into a String does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, suffix: &str, labels: &str, value: impl std::fmt::Display) {
        let name = self.name;
        let _ = match labels {
            "" => writeln!(self.text, "{name}{suffix} {value}"),
            labels => writeln!(self.text, "{name}{suffix}{{{labels}}} {value}"),
        };
    }

    fn counters(&mut self, counters: &Counters) {
        for (labels, count) in counters.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            self.line("", labels, count);
        }
    }
}
