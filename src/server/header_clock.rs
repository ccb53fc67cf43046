//! How long the headers of a request may take, from their first byte on.
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
use tokio::time::{Instant, sleep};

/// Where a connection stands between two requests. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct HeaderClock(Arc<Mutex<State>>);

/// The headers of a request took too long.
#[derive(Debug)]
pub(super) struct Overdue;

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
    }

    /// The request is answered.
    pub(super) fn is_answered(&self) {
        *self.state() = State::Silent;
    }

    /// Drives `connection`, which reads from [`Self::over`] and serves what it reads, to its end, unless the headers of a
    /// request take longer than `limit`.
    ///
    /// The clock stands and goes only while the connection is polled, so it is looked at right after that and wakes
    /// nobody: a wake-up for every request would poll every connection twice.
    pub(super) async fn drive<F: Future>(
        &self,
        limit: Duration,
        mut connection: Pin<&mut F>,
    ) -> Result<F::Output, Overdue> {
        let mut timer = pin!(sleep(limit));
        poll_fn(|context| {
            if let Poll::Ready(output) = connection.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            let State::Begun(begun) = *self.state() else {
                return Poll::Pending;
            };
            if timer.deadline() != begun + limit {
                timer.as_mut().reset(begun + limit);
            }
            timer.as_mut().poll(context).map(|()| Err(Overdue))
        })
        .await
    }

    fn first_byte(&self) {
        let mut state = self.state();
        if *state == State::Silent {
            *state = State::Begun(Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
