//! A connection whose client has only so long to send the head of a request.
//!
//! The time runs from the first byte of a request, not from the end of the one before: the API server holds connections that
//! it does not use for a while.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Whether a request of the connection is with its handler: then its head has been read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handled(Arc<AtomicBool>);

impl Handled {
    /// The head has been read.
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The answer is made.
    pub(crate) fn end(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A connection with the limit.
#[derive(Debug)]
pub(crate) struct Limited<S> {
    stream: S,
    limit: Duration,
    handled: Handled,
    head: Option<Pin<Box<Sleep>>>,
}

impl<S> Limited<S> {
    /// Limits a connection; `handled` says when a head has been read.
    pub(crate) fn new(stream: S, limit: Duration, handled: Handled) -> Self {
        Limited { stream, limit, handled, head: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.handled.0.load(Ordering::Acquire) {
            self.head = None;
            return read;
        }
        if read.is_ready() && buffer.filled().len() > before && self.head.is_none() {
            self.head = Some(Box::pin(sleep_until(Instant::now() + self.limit)));
        }
        let late = self.head.as_mut().is_some_and(|head| head.as_mut().poll(context).is_ready());
        if late { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { read }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        // An answer ends the request; what comes next is the head of another.
        self.head = None;
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
