//! A connection in; out comes the same one with limits of time: for the head of a request, and for the client to read what is
//! written.
//!
//! The first head must have come a limit after the connection began. Later the time runs from the first byte of a request, not
//! from the end of the one before: the API server keeps connections that it does not use for a while. The time for
//! writing runs from the first byte that finds no room until all bytes are on their way.

use crate::connections::Activity;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The limits of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For the head of a request.
    pub(crate) reading: Duration,
    /// For the client to read what is written.
    pub(crate) writing: Duration,
}

/// A connection with the limits.
#[derive(Debug)]
pub(crate) struct Limited<S> {
    stream: S,
    limits: Limits,
    activity: Activity,
    head: Option<Pin<Box<Sleep>>>,
    written: Option<Pin<Box<Sleep>>>,
}

impl<S> Limited<S> {
    /// Limits a connection; `activity` says when a head has been read.
    pub(crate) fn new(stream: S, limits: Limits, activity: Activity) -> Self {
        Limited { stream, limits, activity, head: Some(after(limits.reading)), written: None }
    }

    /// What came of writing, unless it has been waiting for too long.
    fn in_time<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            return written;
        }
        let limit = self.limits.writing;
        let is_late = self.written.get_or_insert_with(|| after(limit)).as_mut().poll(context).is_ready();
        if is_late { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending }
    }
}

fn after(limit: Duration) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + limit))
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.activity.is_busy() {
            self.head = None;
            return read;
        }
        if read.is_ready() && buffer.filled().len() > before && self.head.is_none() {
            self.head = Some(after(self.limits.reading));
        }
        let late = self.head.as_mut().is_some_and(|head| head.as_mut().poll(context).is_ready());
        if late { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { read }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        // An answer ends the request; what comes next is the head of another.
        self.head = None;
        let written = Pin::new(&mut self.stream).poll_write(context, buffer);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            // A client that takes a byte now and then does not move the limit; only one that takes all.
            self.written = None;
        }
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.in_time(context, ended)
    }
}
