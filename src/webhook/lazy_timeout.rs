//! A limit of time for what is nearly always there at once.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// What `future` gives, unless that takes until `deadline`.
///
/// [`timeout_at`] sets its timer as soon as the future waits, and a timer that is set wakes the thread that waits for
/// events: a system call and a change of threads, a third of the time of a whole review. A body has come with its headers,
/// but hyper hands it on only after it was asked for it, so a future is asked twice before there is a timer.
///
/// # Errors
/// When the deadline is over.
pub(super) async fn lazy_timeout<F: Future>(
    deadline: Instant,
    future: F,
) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut is_first = true;
    let output = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if is_first => {
            is_first = false;
            context.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(None),
    });
    match output.await {
        Some(output) => Ok(output),
        None => timeout_at(deadline, future).await,
    }
}
