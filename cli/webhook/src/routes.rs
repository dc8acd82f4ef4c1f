//! Requests in, answers out. With TLS: `/validate` (or `/`), and `/healthz`. On the port for probes: `/healthz`, `/readyz`, `/metrics`.

use crate::admission_review::{Operation, Request};
use crate::budget::{Budget, Bytes, LARGEST_BODY};
use crate::flags::{Fail, WebhookFlags};
use crate::judgement::{self, Judge, Outcome};
use crate::metrics::Metrics;
use crate::view::View;
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// What the answers come from.
#[derive(Debug)]
pub(crate) struct App {
    judge: Judge,
    view: Arc<View>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Reviews that run at once: as many as there are processors. More would only hold each other up.
    room: Arc<Semaphore>,
    budget: Budget,
    fail: Fail,
    read_timeout: Duration,
    ending: AtomicBool,
}

impl App {
    /// The answers of a judge.
    pub(crate) fn new(judge: Judge, view: Arc<View>, metrics: Arc<Metrics>, flags: &WebhookFlags) -> Self {
        let (fail, read_timeout) = (flags.fail, flags.read_timeout);
        let (room, ending) = (Arc::new(Semaphore::new(processors())), AtomicBool::new(false));
        let budget = Budget::new(flags.max_inflight_bytes);
        App { judge, view, metrics, room, budget, fail, read_timeout, ending }
    }

    /// The end has come: what comes now should go elsewhere.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

/// The number of reviews that run at once.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// The paths of the port with TLS.
pub(crate) fn reviews(app: Arc<App>) -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/", post(validate))
        .route("/healthz", get(async || "ok\n"))
        .with_state(app)
}

/// The paths of the port for probes and scrapes.
pub(crate) fn health(app: Arc<App>) -> Router {
    Router::new()
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
    let response = match tokio::time::timeout(app.read_timeout, text_of(&app, &headers, body)).await {
        Ok(Ok((text, bytes))) => review(&app, text, bytes).await,
        Ok(Err(response)) => response,
        Err(_) => refuse(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    };
    app.metrics.answered(response.status().as_u16());
    response
}

/// The body with its bytes of the budget, where it is one that can be read.
async fn text_of(app: &App, headers: &HeaderMap, body: Body) -> Result<(String, Bytes), Response> {
    let of_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = of_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let words = format!("expected Content-Type: application/json, found {media:?}");
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, &words));
    }
    let largest = usize::try_from(LARGEST_BODY).unwrap_or(usize::MAX);
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let mut chunks = body.into_data_stream();
    // Pages that nobody writes to cost nothing, so a client cannot take memory by claiming a length.
    let mut text = Vec::with_capacity(length.unwrap_or_default().min(largest));
    let mut bytes = Bytes::default();
    let mut is_too_large = length.is_some_and(|length| length > largest);
    while !is_too_large && let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| refuse(StatusCode::BAD_REQUEST, "the body broke off"))?;
        // What is sent without its length turns out too large only on the way.
        is_too_large = text.len() + chunk.len() > largest;
        if !is_too_large && !app.budget.grow(&mut bytes, chunk.len()) {
            throw_away(chunks, app.read_timeout);
            let words = "too many bytes are in flight (`--max-inflight-bytes`)";
            let response = refuse(StatusCode::SERVICE_UNAVAILABLE, words);
            return Err(([(header::RETRY_AFTER, "1")], response).into_response());
        }
        text.extend_from_slice(&chunk);
    }
    if is_too_large {
        throw_away(chunks, app.read_timeout);
        let words = format!("the body is larger than {} MiB", LARGEST_BODY / (1024 * 1024));
        return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, &words));
    }
    let text = String::from_utf8(text).map_err(|_| refuse(StatusCode::BAD_REQUEST, "the body is not UTF-8 text"))?;
    Ok((text, bytes))
}

/// Reads the rest of a body for a while and keeps nothing, so that the answer reaches a client that writes first and reads
/// then.
fn throw_away(mut chunks: BodyDataStream, limit: Duration) {
    tokio::spawn(async move {
        let rest = async { while let Some(Ok(_)) = chunks.next().await {} };
        drop(tokio::time::timeout(limit, rest).await);
    });
}

async fn review(app: &Arc<App>, text: String, bytes: Bytes) -> Response {
    let began = Instant::now();
    let room = Arc::clone(&app.room).acquire_owned().await;
    let (Ok(room), Some(memory)) = (room, app.budget.review(text.len()).await) else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the webhook is ending");
    };
    let judged = {
        let app = Arc::clone(app);
        // A client that goes away does not end its review, so the review itself holds its room.
        tokio::task::spawn_blocking(move || {
            let response = judge(&app, &text);
            drop((text, bytes, memory, room));
            response
        })
        .await
    };
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
            tracing::warn!("not an AdmissionReview: {why}");
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
