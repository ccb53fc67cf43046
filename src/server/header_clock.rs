//! How long the headers of a request may take, from their first byte on.
//!
//! hyper has one clock for silence between requests and for headers, and between requests we have to be patient. So the
//! first byte is noticed here.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Where a connection stands between two requests. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct HeaderClock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing of the next request is there.
    #[default]
    Silent,
    /// Its first byte came then, and its headers are not whole.
    Begun(Instant),
    /// A request is being answered.
    Answering,
}

impl HeaderClock {
    /// The connection, whose bytes start the clock.
    pub(super) fn over<IO>(&self, io: IO) -> Clocked<IO> {
        Clocked {
            io,
            clock: self.clone(),
        }
    }

    /// The headers of a request are whole.
    pub(super) fn headers_are_whole(&self) {
        *self.state() = State::Answering;
        self.0.changed.notify_one();
    }

    /// The request is answered.
    pub(super) fn is_answered(&self) {
        *self.state() = State::Silent;
    }

    /// Waits until the headers of a request have taken longer than `limit`.
    pub(super) async fn overdue(&self, limit: Duration) {
        loop {
            let state = *self.state();
            let changed = self.0.changed.notified();
            let State::Begun(begun) = state else {
                changed.await;
                continue;
            };
            if timeout_at(begun + limit, changed).await.is_err() && *self.state() == state {
                return;
            }
        }
    }

    fn first_byte(&self) {
        let mut state = self.state();
        if *state == State::Silent {
            *state = State::Begun(Instant::now());
            self.0.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection whose clock is started by what is read from it.
pub(super) struct Clocked<IO> {
    io: IO,
    clock: HeaderClock,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Clocked<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        if buffer.filled().len() > before {
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
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
