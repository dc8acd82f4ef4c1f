//! The bytes in flight: the size of a body in; out comes room for it, or none.
//!
//! Half of the budget is for bodies that have arrived, as far as they have. A body that finds no room is refused, so bodies
//! never wait for each other. The other half is for the memory of running reviews, which wait in their order. A review that
//! needs more than this half takes all of it and runs alone.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body that is read, in bytes. The API server takes 3 MiB from its clients; the review of a change carries two
/// objects, written as JSON, and the envelope.
pub(crate) const LARGEST_BODY: u32 = 7 * 1024 * 1024;

/// How many bytes a review needs for each byte of its body, beside the body: both trees, the typed object, the findings.
/// Measured: an Ingress of 12,000 hosts is a body of 1.67 MB, and its review takes 110 MB.
const REVIEW_FACTOR: u32 = 68;

/// The budget.
#[derive(Debug)]
pub(crate) struct Budget {
    bodies: Arc<Semaphore>,
    reviews: Arc<Semaphore>,
    half: u32,
}

/// Bytes that are taken; given back when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Bytes(Option<OwnedSemaphorePermit>);

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(bytes: u32) -> Self {
        let half = bytes / 2;
        let semaphore = || Arc::new(Semaphore::new(usize::try_from(half).unwrap_or(Semaphore::MAX_PERMITS)));
        Budget { bodies: semaphore(), reviews: semaphore(), half }
    }

    /// Takes room for more of a body. Gives whether there was any.
    pub(crate) fn grow(&self, bytes: &mut Bytes, more: usize) -> bool {
        let Ok(more) = u32::try_from(more) else { return false };
        let Ok(permit) = Arc::clone(&self.bodies).try_acquire_many_owned(more) else { return false };
        match &mut bytes.0 {
            Some(held) => held.merge(permit),
            None => bytes.0 = Some(permit),
        }
        true
    }

    /// Waits for room for the review of a body of that size. Gives nothing when the program ends.
    pub(crate) async fn review(&self, body: usize) -> Option<Bytes> {
        let needed = u32::try_from(body).unwrap_or(u32::MAX).saturating_mul(REVIEW_FACTOR).min(self.half);
        Arc::clone(&self.reviews).acquire_many_owned(needed).await.ok().map(|permit| Bytes(Some(permit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn bodies_share_half_of_it() {
        let budget = Budget::new(100);
        let (mut one, mut other) = (Bytes::default(), Bytes::default());
        assert!(budget.grow(&mut one, 20) && budget.grow(&mut one, 20) && budget.grow(&mut other, 10));
        assert!(!budget.grow(&mut other, 1));
        drop(one);
        assert!(budget.grow(&mut other, 40) && !budget.grow(&mut other, 1));
    }

    #[test]
    fn a_review_that_needs_all_runs_alone() {
        let budget = Budget::new(4_000);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let alone = budget.review(1_000_000).await.unwrap();
            assert!(budget.review(1).now_or_never().is_none());
            drop(alone);
            let (_one, _other) = (budget.review(10).await.unwrap(), budget.review(10).await.unwrap());
            assert!(budget.review(1_000_000).now_or_never().is_none());
        });
    }
}
