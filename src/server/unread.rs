//! Whether bytes have come that nobody has read yet: asked of the system itself, as the runtime learns of them only now and
//! then, on a busy machine late.

use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// A connection that knows whether bytes have come.
pub(super) trait Unread {
    /// Whether the system has bytes that are not read.
    fn has_unread(&self) -> bool;
}

impl Unread for TcpStream {
    fn has_unread(&self) -> bool {
        rustix::io::ioctl_fionread(self).is_ok_and(|bytes| bytes > 0)
    }
}

impl<IO: Unread> Unread for TlsStream<IO> {
    fn has_unread(&self) -> bool {
        self.get_ref().0.has_unread()
    }
}

/// What is in memory is known at once.
#[cfg(test)]
impl Unread for tokio::io::DuplexStream {
    fn has_unread(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[tokio::test]
    async fn the_system_knows_of_bytes_before_the_runtime_does() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        assert!(!server.has_unread());
        client.write_all(b"P").unwrap();
        assert!(server.has_unread());
    }
}
