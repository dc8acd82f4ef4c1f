//! What can be asked: `/validate` (or nothing but the address), `/healthz`, `/readyz`, `/metrics`.

use crate::admission_review::{Operation, Request};
use crate::flags::{Fail, WebhookFlags};
use crate::judgement::{self, Judge, Outcome};
use crate::metrics::Metrics;
use crate::view::View;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The largest body that is read, in bytes: what the API server takes itself from its clients.
const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// How much more than that is read and thrown away, so that the answer reaches a client that writes first and reads then.
const THROWN_AWAY: usize = 16 * 1024 * 1024;

/// What the answers come from.
#[derive(Debug)]
pub(crate) struct App {
    judge: Judge,
    view: Arc<View>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Reviews that run at once: as many as there are processors. More would only hold each other up.
    room: Semaphore,
    fail: Fail,
    read_timeout: Duration,
    ending: AtomicBool,
}

impl App {
    /// The answers of a judge.
    pub(crate) fn new(judge: Judge, view: Arc<View>, metrics: Arc<Metrics>, flags: &WebhookFlags) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (fail, read_timeout) = (flags.fail, flags.read_timeout);
        let (room, ending) = (Semaphore::new(processors), AtomicBool::new(false));
        App { judge, view, metrics, room, fail, read_timeout, ending }
    }

    /// The end has come: what comes now should go elsewhere.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

/// The paths and what is behind them.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/", post(validate))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app)
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    let unavailable = |why: String| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if app.ending.load(Ordering::Relaxed) {
        return unavailable("ending\n".to_owned());
    }
    use crate::view::OutOfView;
    match app.view.out_of_view() {
        // A stale view that lets all pass is better asked than nobody.
        Some(why @ OutOfView::Stale(_)) if app.fail == Fail::Open => format!("ok, though {why}\n").into_response(),
        Some(why) => unavailable(format!("{why}\n")),
        None => "ok\n".into_response(),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.render(&app.view);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn validate(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    let response = match tokio::time::timeout(app.read_timeout, text_of(&headers, body)).await {
        Ok(Ok(text)) => review(&app, text).await,
        Ok(Err(response)) => response,
        Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    };
    app.metrics.answered(response.status().as_u16());
    response
}

/// The body, where it is one that can be read.
async fn text_of(headers: &HeaderMap, body: Body) -> Result<String, Response> {
    let of_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = of_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let words = format!("expected Content-Type: application/json, found {media:?}");
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, &words));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        let words = format!("the body is larger than {} MiB", LARGEST_BODY / (1024 * 1024));
        refuse(StatusCode::PAYLOAD_TOO_LARGE, &words)
    };
    if length.is_some_and(|length| length > LARGEST_BODY) {
        if length.is_some_and(|length| length <= THROWN_AWAY) {
            drop(axum::body::to_bytes(body, THROWN_AWAY).await);
        }
        return Err(too_large());
    }
    // What is sent without its length may turn out too large only on the way.
    let bytes = axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|error| {
        let is_limit = std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("limit"));
        if is_limit { too_large() } else { refuse(StatusCode::BAD_REQUEST, "the body broke off") }
    })?;
    String::from_utf8(bytes.into()).map_err(|_| refuse(StatusCode::BAD_REQUEST, "the body is no UTF-8 text"))
}

async fn review(app: &Arc<App>, text: String) -> Response {
    let began = Instant::now();
    let Ok(room) = app.room.acquire().await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the webhook is ending");
    };
    let judged = {
        let app = Arc::clone(app);
        tokio::task::spawn_blocking(move || judge(&app, &text)).await
    };
    drop(room);
    app.metrics.measured(began.elapsed());
    match judged {
        Ok(response) => response,
        Err(error) => {
            tracing::error!("a review failed: {error}");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "the review failed")
        }
    }
}

fn judge(app: &App, text: &str) -> Response {
    let request = match Request::read(text) {
        Ok(request) => request,
        Err(why) => {
            app.metrics.reviewed("", "", "malformed");
            tracing::warn!("a request was no review: {why}");
            return refuse(StatusCode::BAD_REQUEST, &why);
        }
    };
    let kind = Judge::kind(&request).map_or("", |kind| kind.name());
    let (uid, operation, dry_run) = (request.uid.clone(), request.operation, request.dry_run);
    let object = judgement::named(&request);
    let (answer, outcome) = app.judge.judge(request);
    app.metrics.reviewed(operation.name(), kind, outcome.name());
    let (operation, result, codes) = (Operation::name(operation), outcome.name(), answer.codes.join(","));
    match outcome {
        Outcome::Refused | Outcome::Warned => {
            tracing::info!(uid, operation, object, dry_run, result, codes, "reviewed")
        }
        Outcome::Unjudged => tracing::warn!(uid, operation, object, dry_run, result, "not judged"),
        Outcome::Allowed | Outcome::PassedOver => {
            tracing::debug!(uid, operation, object, dry_run, result, "reviewed");
        }
    }
    let body = answer.to_json(&uid).to_string();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn refuse(code: StatusCode, words: &str) -> Response {
    (code, format!("{words}\n")).into_response()
}
