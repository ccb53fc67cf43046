//! Where a connection stands within a request, seen from its bytes: how long headers may take from their first byte on, how long
//! an answer may wait for its reader, and what the [`Place`] of the connection is told.
//!
//! hyper has one clock for silence between requests and for headers, and between requests we have to be patient. So the
//! first byte is noticed here.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

use super::registry::Place;
use super::unread::Unread;

/// Where a connection stands within a request. Clones share it.
#[derive(Clone)]
pub(super) struct RequestClock(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    place: Place,
}

/// How long parts of a request may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Its headers, from their first byte on.
    pub(super) headers: Duration,
    /// Its answer, from when the system takes no more of it on.
    pub(super) answer: Duration,
}

/// Why a connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The headers of a request took too long.
    Headers,
    /// An answer was not read.
    Answer,
}

#[derive(Debug, Default)]
struct State {
    step: Step,
    /// Since when the system takes no bytes.
    blocked: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// Nothing of the next request is there.
    #[default]
    Silent,
    /// Its first byte came then, and its headers are not whole.
    Headers(Instant),
    /// Its body is not whole.
    Body,
    /// It is whole, and being answered.
    Answering,
    /// The answer is made, and not yet handed to the system.
    Answered,
}

impl RequestClock {
    pub(super) fn new(place: Place) -> Self {
        let state = Mutex::default();
        Self(Arc::new(Inner { state, place }))
    }

    /// The connection, whose bytes drive the clock.
    pub(super) fn over<IO>(&self, io: IO) -> Clocked<IO> {
        Clocked {
            io,
            clock: self.clone(),
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.0.place
    }

    /// The headers of a request are whole.
    pub(super) fn headers_are_whole(&self) {
        // Where requests come one right behind the other, the bytes of this one are no news.
        self.0.place.receiving();
        self.state().step = Step::Body;
    }

    /// The request is whole.
    pub(super) fn request_is_whole(&self) {
        let mut state = self.state();
        if state.step == Step::Body {
            state.step = Step::Answering;
            drop(state);
            self.0.place.reviewing();
        }
    }

    /// The answer is made.
    pub(super) fn is_answered(&self) {
        self.state().step = Step::Answered;
    }

    /// Whether a request has begun that is not whole.
    pub(super) fn is_receiving(&self) -> bool {
        matches!(self.state().step, Step::Headers(_) | Step::Body)
    }

    /// Drives `connection`, which reads from and writes to [`Self::over`], to its end, unless a part of a request takes
    /// longer than `limits`.
    ///
    /// What the clock knows changes only while the connection is polled, so it is looked at right after that and wakes
    /// nobody: a wake-up for every request would poll every connection twice.
    pub(super) async fn drive<F: Future>(
        &self,
        limits: Limits,
        mut connection: Pin<&mut F>,
    ) -> Result<F::Output, Overdue> {
        let mut timer = pin!(sleep_until(Instant::now()));
        poll_fn(|context| {
            if let Poll::Ready(output) = connection.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            let Some((end, overdue)) = self.state().deadline(limits) else {
                return Poll::Pending;
            };
            if timer.deadline() != end {
                timer.as_mut().reset(end);
            }
            timer.as_mut().poll(context).map(|()| Err(overdue))
        })
        .await
    }

    fn first_byte(&self) {
        let mut state = self.state();
        if matches!(state.step, Step::Silent | Step::Answered) {
            state.step = Step::Headers(Instant::now());
            drop(state);
            self.0.place.receiving();
        }
    }

    /// The system took bytes, or there were none.
    fn is_taken(&self) {
        let mut state = self.state();
        if state.blocked.take().is_some() {
            drop(state);
            self.0.place.read_on();
        }
    }

    fn is_blocked(&self) {
        let mut state = self.state();
        if state.blocked.is_none() {
            state.blocked = Some(Instant::now());
            drop(state);
            self.0.place.unread();
        }
    }

    /// All that was written is with the system.
    fn is_flushed(&self) {
        let mut state = self.state();
        state.blocked = None;
        if state.step == Step::Answered {
            state.step = Step::Silent;
            drop(state);
            self.0.place.idle();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn deadline(&self, limits: Limits) -> Option<(Instant, Overdue)> {
        let headers = match self.step {
            Step::Headers(begun) => Some((begun + limits.headers, Overdue::Headers)),
            _ => None,
        };
        let answer = self
            .blocked
            .map(|since| (since + limits.answer, Overdue::Answer));
        headers
            .into_iter()
            .chain(answer)
            .min_by_key(|(end, _)| *end)
    }
}

/// A connection that drives a clock.
pub(super) struct Clocked<IO> {
    io: IO,
    clock: RequestClock,
}

impl<IO> Clocked<IO> {
    fn wrote(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Pending => self.clock.is_blocked(),
            Poll::Ready(_) => self.clock.is_taken(),
        }
        polled
    }
}

impl<IO: AsyncRead + Unread + Unpin> AsyncRead for Clocked<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        // A request that crosses the eviction of its connection is still answered.
        let crosses =
            || polled.is_pending() && self.clock.place().is_evicted() && self.io.has_unread();
        if buffer.filled().len() > before || crosses() {
            self.clock.first_byte();
        }
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Clocked<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(context, bytes);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(context);
        match polled {
            Poll::Pending => self.clock.is_blocked(),
            Poll::Ready(_) => self.clock.is_flushed(),
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(context);
        if polled.is_pending() {
            self.clock.is_blocked();
        }
        polled
    }
}
