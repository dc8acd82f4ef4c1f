//! A port: connections in, with their limits; requests out to the router; and how connections end.

use crate::connections::{Activity, Connections, Place, Refused};
use crate::deadline::{Limited, Limits};
use crate::metrics::Metrics;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How long a connection is held between two requests. The API server closes its own after 90 s.
const IDLE: Duration = Duration::from_secs(180);

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;

/// A port that is listened on.
pub(crate) struct Port {
    /// Where connections come in.
    pub(crate) listener: TcpListener,
    /// How they are encrypted; nothing for plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// What is answered.
    pub(crate) router: Router,
    /// Their number.
    pub(crate) connections: Arc<Connections>,
    /// Their time.
    pub(crate) limits: Limits,
    /// Where they are counted.
    pub(crate) metrics: Arc<Metrics>,
}

impl Port {
    /// Serves until `end` comes; then accepts no more connections, and lets running requests finish for `shutdown`.
    pub(crate) async fn run(self, end: impl Future<Output = ()>, shutdown: Duration) {
        let graceful = GracefulShutdown::new();
        let router = TowerToHyperService::new(self.router.clone());
        tokio::pin!(end);
        loop {
            let (stream, place) = tokio::select! {
                next = self.next() => next,
                () = &mut end => break,
            };
            let (tls, router, limits, watcher) = (self.tls.clone(), router.clone(), self.limits, graceful.watcher());
            let open = self.metrics.connection();
            tokio::spawn(async move {
                let ended = tokio::select! {
                    ended = connection(stream, tls, router, limits, place.activity(), watcher) => ended,
                    () = place.closed() => Ok(()),
                };
                if let Err(error) = ended {
                    tracing::debug!("a connection ended: {error:#}");
                }
                drop((place, open));
            });
        }
        drop(self.listener);
        if tokio::time::timeout(shutdown, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still running and are cut off");
        }
    }

    /// The next connection that has a place.
    async fn next(&self) -> (TcpStream, Place) {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, mostly: others may end meanwhile.
                    tracing::warn!("a connection cannot be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            loop {
                match self.connections.enter(peer.ip()) {
                    Ok((place, closes)) => {
                        if closes {
                            self.metrics.closed("idle");
                        }
                        return (stream, place);
                    }
                    Err(Refused::Client) => {
                        self.metrics.closed("client");
                        break;
                    }
                    Err(Refused::All) => self.connections.room().await,
                }
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: TowerToHyperService<Router>,
    limits: Limits,
    activity: Activity,
    watcher: Watcher,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => {
            let stream = tokio::time::timeout(limits.reading, tls.accept(stream)).await??;
            requests(stream, router, limits, activity, watcher).await
        }
        None => requests(stream, router, limits, activity, watcher).await,
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: TowerToHyperService<Router>,
    limits: Limits,
    activity: Activity,
    watcher: Watcher,
) -> anyhow::Result<()> {
    let stream = TokioIo::new(Limited::new(stream, limits, activity.clone()));
    let service = service_fn(move |request: Request<Incoming>| {
        activity.begin();
        let (answer, activity) = (router.call(request), activity.clone());
        async move {
            let answer = answer.await;
            activity.end();
            answer
        }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(LARGEST_HEAD);
    watcher.watch(builder.serve_connection(stream, service)).await?;
    Ok(())
}
