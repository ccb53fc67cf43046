//! What kube-proxy does for a Service: each new connection goes to one of its endpoints.

use std::io;
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Forwards TCP connections until the process ends.
#[derive(Clone, Debug, Default)]
pub struct Forwarder {
    endpoints: Arc<Mutex<Vec<SocketAddrV4>>>,
    turn: Arc<AtomicUsize>,
}

impl Forwarder {
    /// Listens on the address of a Service.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn listen(address: SocketAddrV4) -> io::Result<Self> {
        let (forwarder, listener) = (Self::default(), TcpListener::bind(address)?);
        let accepting = forwarder.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Without an endpoint the client sees its connection end.
                if let Some(server) = accepting
                    .next()
                    .and_then(|next| TcpStream::connect(next).ok())
                {
                    let _ = join(client, server);
                }
            }
        });
        Ok(forwarder)
    }

    /// New connections go there, too.
    pub fn add(&self, endpoint: SocketAddrV4) {
        self.with_endpoints(|endpoints| endpoints.push(endpoint));
    }

    /// No new connection goes there any more; those that are open stay.
    pub fn remove(&self, endpoint: SocketAddrV4) {
        self.with_endpoints(|endpoints| endpoints.retain(|known| *known != endpoint));
    }

    fn next(&self) -> Option<SocketAddrV4> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.with_endpoints(|endpoints| {
            let count = endpoints.len().max(1);
            endpoints.get(turn % count).copied()
        })
    }

    fn with_endpoints<T>(&self, change: impl FnOnce(&mut Vec<SocketAddrV4>) -> T) -> T {
        let endpoints = self.endpoints.lock();
        change(&mut endpoints.unwrap_or_else(PoisonError::into_inner))
    }
}

/// Copies both ways until both ends are done.
fn join(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (to_server, to_client) = (server.try_clone()?, client.try_clone()?);
    for (mut from, mut to) in [(client, to_server), (server, to_client)] {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
