//! The body of a request, whose end is noticed.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::request_clock::RequestClock;

/// A body that tells `clock` when it is whole.
pub(super) struct WatchedBody {
    body: Incoming,
    clock: RequestClock,
}

impl WatchedBody {
    pub(super) fn new(body: Incoming, clock: RequestClock) -> Self {
        let watched = Self { body, clock };
        watched.look();
        watched
    }

    fn look(&self) {
        if self.body.is_end_stream() {
            self.clock.request_is_whole();
        }
    }
}

impl Body for WatchedBody {
    type Data = <Incoming as Body>::Data;
    type Error = <Incoming as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match polled {
            Poll::Ready(None) => self.clock.request_is_whole(),
            Poll::Ready(Some(Ok(_))) => self.look(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
