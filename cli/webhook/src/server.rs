//! Connections: how many, how long, and how they end.

use crate::certificate::Certificates;
use crate::deadline::{Handled, Limited};
use crate::flags::WebhookFlags;
use crate::routes::{self, App};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// How long a connection is held without a request. The API server closes its own after 90 s.
const IDLE: Duration = Duration::from_secs(180);

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// Serves until `end` comes; then takes no more connections, and lets what runs come to its end for a while.
pub(crate) async fn run(
    listener: TcpListener,
    certificates: Arc<Certificates>,
    app: Arc<App>,
    flags: &WebhookFlags,
    end: impl Future<Output = ()>,
) {
    let config = match certificates.server_config() {
        Ok(config) => config,
        Err(error) => {
            tracing::error!("TLS cannot be spoken: {error:#}");
            return;
        }
    };
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let room = Arc::new(Semaphore::new(usize::try_from(flags.max_connections).unwrap_or(usize::MAX)));
    let graceful = GracefulShutdown::new();
    let router = TowerToHyperService::new(routes::router(Arc::clone(&app)));
    let limit = flags.read_timeout;
    tokio::pin!(end);
    loop {
        let accepted = async {
            let room = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, room)
        };
        let (accepted, room) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut end => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, mostly: others may end meanwhile.
                tracing::warn!("a connection cannot be taken: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router, watcher) = (acceptor.clone(), router.clone(), graceful.watcher());
        let open = app.metrics.connection();
        tokio::spawn(async move {
            if let Err(error) = connection(stream, acceptor, router, limit, watcher).await {
                tracing::debug!("a connection ended: {error:#}");
            }
            drop((room, open));
        });
    }
    drop(listener);
    app.end();
    if tokio::time::timeout(flags.shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running and are cut off");
    }
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: TowerToHyperService<Router>,
    limit: Duration,
    watcher: Watcher,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let stream = tokio::time::timeout(limit, acceptor.accept(stream)).await??;
    let handled = Handled::default();
    let stream = TokioIo::new(Limited::new(stream, limit, handled.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        handled.begin();
        let (answer, handled) = (router.call(request), handled.clone());
        async move {
            let answer = answer.await;
            handled.end();
            answer
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(LARGEST_HEAD);
    watcher.watch(builder.serve_connection(stream, service)).await?;
    Ok(())
}
