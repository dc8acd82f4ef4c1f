//! `portolan webhook`: answers the API server's question whether an object may be stored, with the cluster in view.
//!
//! `flags` (the command line) → `view` (the cluster, kept current by `watch`) and `certificate` (TLS, reloaded) → `server`
//! (a port), `connections` (their number) and `deadline` (their time) → `routes` (the requests) and `budget` (their bytes) →
//! `admission_review` (the API server's words) → `judgement` (the rules) → `metrics`.

mod admission_review;
mod budget;
mod certificate;
mod connections;
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
use connections::Connections;
use deadline::Limits;
pub use flags::{Fail, LoggingFormat, WebhookFlags};
use judgement::Judge;
use metrics::Metrics;
use portolan::cluster::Options;
use portolan::load::{LoadMode, load};
use portolan_checking::input::Input;
use portolan_checking::selection::Selection;
use routes::App;
use server::Port;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use view::View;

/// The largest number of connections to the port for probes and scrapes.
const HEALTH_CONNECTIONS: u32 = 64;

/// Serves until it receives SIGTERM or SIGINT.
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
    // Reviews run on the blocking threads, as many at once as there are processors. More threads would only keep memory: the
    // allocator gives each its own. One more is for looking up the API server's name.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(routes::processors() + 1)
        .build()?;
    runtime.block_on(serve(flags, selection, Arc::new(view), metrics))?;
    // What still runs has had its time.
    runtime.shutdown_timeout(Duration::from_millis(100));
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
    tracing::info!(objects = loaded.objects - loaded.refused, refused = loaded.refused, "objects loaded");
    Ok(loaded.engine)
}

async fn serve(
    flags: &WebhookFlags,
    selection: Selection,
    view: Arc<View>,
    metrics: Arc<Metrics>,
) -> anyhow::Result<()> {
    let certificates = Certificates::load(&flags.tls_cert_file, &flags.tls_private_key_file)?;
    let tls = Arc::clone(&certificates).server_config(flags.client_ca_file.as_deref())?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (listener, health_listener) = (listen(flags.listen).await?, listen(flags.health_listen).await?);
    if view.is_watched() {
        watch::begin(flags, Arc::clone(&view), Arc::clone(&metrics)).await?;
    }
    tokio::spawn(Arc::clone(&certificates).follow(flags.reload_every, Arc::clone(&metrics)));
    let judge = Judge::new(flags, selection, Arc::clone(&view));
    let app = Arc::new(App::new(judge, view, Arc::clone(&metrics), flags));
    let limits = Limits { reading: flags.read_timeout, writing: flags.write_timeout };
    tracing::info!(address = %health_listener.local_addr()?, "answering probes");
    let health = Port {
        listener: health_listener,
        tls: None,
        router: routes::health(Arc::clone(&app)),
        connections: Connections::new(HEALTH_CONNECTIONS, HEALTH_CONNECTIONS),
        limits,
        metrics: Arc::default(),
    };
    // Probes and scrapes are answered to the last.
    tokio::spawn(health.run(std::future::pending(), Duration::ZERO));
    tracing::info!(address = %listener.local_addr()?, "listening");
    let reviews = Port {
        listener,
        tls: Some(TlsAcceptor::from(Arc::new(tls))),
        router: routes::reviews(Arc::clone(&app)),
        connections: Connections::new(flags.max_connections, flags.max_connections_per_client),
        limits,
        metrics,
    };
    let end = async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        app.end();
        tracing::info!(signal = name, "no more connections are accepted");
    };
    reviews.run(end, flags.shutdown_timeout).await;
    tracing::info!("ended");
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
