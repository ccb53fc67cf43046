//! A connection until its TLS handshake is over: what it may cost before we know that anybody is there.
//!
//! Nothing of TLS exists before the first byte. From then on the bytes of a handshake are bounded, and so is how many
//! handshakes compute at the same time: none of them holds anything while it waits for its client.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::PollSemaphore;

use super::unread::Unread;

/// The most bytes that a client may send before the handshake is over: 32 KiB. A hello takes up to 2 KiB, and a chain of client
/// certificates some more.
const HANDSHAKE_BYTES: usize = 32 * 1024;

/// A connection whose first byte has been read.
pub(super) struct Opened<IO> {
    io: IO,
    first: Option<u8>,
    /// How many bytes may still be read; `None` once the handshake is over.
    left: Option<usize>,
}

/// Leave to compute for a handshake, given to half of the processors at most: the others go on with reviews.
#[derive(Clone)]
pub(super) struct HandshakePermits(Arc<Semaphore>);

impl HandshakePermits {
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new((processors / 2).max(1))))
    }

    /// The handshake of a connection, from its first byte on.
    ///
    /// # Errors
    /// When the client ends the connection, or does not agree with `tls`, or sends too much.
    pub(super) async fn handshake<IO>(
        &self,
        tls: TlsAcceptor,
        mut io: IO,
    ) -> io::Result<TlsStream<Opened<IO>>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let first = Some(io.read_u8().await?);
        let left = Some(HANDSHAKE_BYTES);
        let mut permits = PollSemaphore::new(Arc::clone(&self.0));
        // Boxed: a connection that has sent nothing does not take the memory of one in a handshake.
        let mut accepting = Box::pin(tls.accept(Opened { io, first, left }));
        let mut stream = poll_fn(|context| {
            let permit = ready!(permits.poll_acquire(context));
            let polled = accepting.as_mut().poll(context);
            drop(permit);
            polled
        })
        .await?;
        stream.get_mut().0.left = None;
        Ok(stream)
    }
}

impl<IO: Unread> Unread for Opened<IO> {
    fn has_unread(&self) -> bool {
        self.io.has_unread()
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Opened<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0
            && let Some(first) = self.first.take()
        {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        let Some(left) = self.left else {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        };
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        let Some(left) = left.checked_sub(buffer.filled().len() - before) else {
            let text = format!("more than {HANDSHAKE_BYTES} bytes before the handshake was over");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
        };
        self.left = Some(left);
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Opened<IO> {
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

#[cfg(test)]
mod tests {
    use rustls::version::TLS13;
    use tokio::io::{AsyncWriteExt, duplex};

    use super::super::OldestTls;
    use super::super::test_client::tls;
    use super::*;

    #[tokio::test]
    async fn a_handshake_is_ended_once_it_has_had_its_bytes() {
        let (tls, _) = tls(OldestTls::Tls13, &TLS13);
        let (mut client, server) = duplex(1024);
        let handshake =
            tokio::spawn(async { HandshakePermits::new().handshake(tls.into(), server).await });
        // Records of a handshake message of the greatest length that TLS knows, which never ends.
        let record = [&[22, 3, 1, 1, 0, 1, 0xff, 0xff, 0xff][..], &[0; 252]].concat();
        let mut sent = 0;
        while client.write_all(&record).await.is_ok() {
            sent += record.len();
        }
        handshake.await.unwrap().err().unwrap();
        assert!(sent < 2 * HANDSHAKE_BYTES, "{sent}");
    }

    #[tokio::test]
    async fn handshakes_that_wait_for_their_client_keep_no_other_waiting() {
        let (tls, client) = tls(OldestTls::Tls13, &TLS13);
        let permits = HandshakePermits(Arc::new(Semaphore::new(1)));
        let mut slow = Vec::new();
        for _ in 0..3 {
            let (mut client, server) = duplex(1024);
            client.write_all(&[22, 3, 1, 1, 0]).await.unwrap();
            let (permits, tls) = (permits.clone(), Arc::clone(&tls));
            tokio::spawn(async move { permits.handshake(tls.into(), server).await.map(drop) });
            slow.push(client);
            tokio::task::yield_now().await;
        }
        let (io, server) = duplex(1024);
        let (theirs, ours) = tokio::join!(
            client.shake_hands(io),
            permits.handshake(tls.into(), server)
        );
        assert!(theirs.is_ok() && ours.is_ok());
    }
}
