//! `portolan webhook`: answers the API server's question whether an object may be stored, with the cluster in view.
//!
//! `flags` (the command line) → `view` (the cluster, kept current by `watch`) and `certificate` (TLS, reloaded) → `server`
//! (connections, their limits and time limits) → `routes` (what is asked) → `admission_review` (the API server's words) →
//! `judgement` (the rules) → `metrics`.

mod admission_review;
mod certificate;
mod deadline;
mod flags;
mod judgement;
mod log;
mod metrics;
mod routes;
mod server;
mod tree;
mod view;
mod watch;

use anyhow::Context as _;
use certificate::Certificates;
pub use flags::{Fail, LoggingFormat, WebhookFlags};
use judgement::Judge;
use metrics::Metrics;
use portolan::cluster::Options;
use portolan::load::{LoadMode, load};
use portolan_checking::input::Input;
use portolan_checking::selection::Selection;
use routes::App;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use view::View;

/// Serves until it is told to end (SIGTERM or SIGINT).
///
/// # Errors
/// The certificate, the manifests or the kubeconfig cannot be read; the address cannot be listened on.
pub fn run(flags: &WebhookFlags) -> anyhow::Result<()> {
    let settings = flags.cluster.settings(&flags.objects)?;
    let selection = Selection::new(&flags.select, &flags.ignore, &settings)?;
    let options = flags.cluster.options(&settings);
    log::begin(flags);
    let metrics = Arc::new(Metrics::default());
    let view = if flags.objects.is_empty() {
        View::watched(options, flags.stale_after)
    } else {
        View::fixed(read(flags, options, settings.largest_input())?)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(flags, selection, Arc::new(view), metrics))?;
    // What still runs has had its time.
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    Ok(())
}

/// The cluster that files describe.
fn read(flags: &WebhookFlags, options: Options, largest: u64) -> anyhow::Result<portolan::engine::Engine> {
    let input = Input::read(&flags.objects, largest, &mut |_, _| {})?;
    if let Some(problem) = input.problems.first() {
        anyhow::bail!("{problem}");
    }
    let loaded = load(&input.files, options, LoadMode::Admitted);
    for finding in &loaded.findings {
        let place = format!("{}:{}:{}", finding.place.file, finding.place.line, finding.place.column);
        tracing::warn!(code = finding.code, place, "{}", finding.message);
    }
    tracing::info!(objects = loaded.objects - loaded.refused, refused = loaded.refused, "the objects are read");
    Ok(loaded.engine)
}

async fn serve(
    flags: &WebhookFlags,
    selection: Selection,
    view: Arc<View>,
    metrics: Arc<Metrics>,
) -> anyhow::Result<()> {
    let certificates = Certificates::load(&flags.tls_cert_file, &flags.tls_private_key_file)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = tokio::net::TcpListener::bind(flags.listen)
        .await
        .with_context(|| format!("{} cannot be listened on", flags.listen))?;
    if view.is_watched() {
        watch::begin(flags, Arc::clone(&view), Arc::clone(&metrics)).await?;
    }
    tokio::spawn(Arc::clone(&certificates).follow(flags.reload_every, Arc::clone(&metrics)));
    let judge = Judge::new(flags, selection, Arc::clone(&view));
    let app = Arc::new(App::new(judge, view, metrics, flags));
    tracing::info!(address = %listener.local_addr()?, "listening");
    let end = async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "no more connections are taken");
    };
    server::run(listener, certificates, app, flags, end).await;
    tracing::info!("ended");
    Ok(())
}
