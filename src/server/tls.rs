//! The TLS side of the listener: which versions and which application protocol it speaks.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};

/// The oldest version of TLS that a client may speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OldestTls {
    /// TLS 1.3 and nothing else. Every supported API server speaks it (Go's default since 1.13).
    #[default]
    Tls13,
    /// TLS 1.2 too, for callers or proxies on the way that do not speak 1.3.
    Tls12,
}

/// The TLS configuration for [`super::Server::bind`]: the certificate that `resolver` chooses for each handshake, client
/// certificates where `clients` asks for them, and `http/1.1` as the one application protocol.
///
/// Sessions are not resumed: that would skip the check of a client's certificate, which may have been revoked by a change
/// of `clients` since, and Go's client does not ask for it unless told to (`crypto/tls`, `Config.ClientSessionCache`).
///
/// HTTP/2 is not offered: to a webhook that is referred to by Service the API server offers `http/1.1` only
/// (kubernetes/apiserver, `pkg/util/webhook/client.go`), and the drain is made for one request at a time per connection.
///
/// A fixed certificate is `Arc::new(rustls::sign::SingleCertAndKey::from(certificate))`.
///
/// # Errors
/// When `provider` has no cipher suite for the versions asked for.
pub fn tls_config(
    provider: Arc<CryptoProvider>,
    resolver: Arc<dyn ResolvesServerCert>,
    oldest: OldestTls,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let versions = match oldest {
        OldestTls::Tls13 => &[&TLS13][..],
        OldestTls::Tls12 => &[&TLS13, &TLS12][..],
    };
    let clients = clients.unwrap_or_else(WebPkiClientVerifier::no_client_auth);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(resolver);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
