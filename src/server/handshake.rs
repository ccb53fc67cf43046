//! Why a TLS handshake failed, and who has to know.

use std::io;

use rustls::{AlertDescription, Error};

use super::metrics::HandshakeFailure;

/// Sorts a failed handshake, and logs it: as a warning when a certificate was refused, as somebody has to repair that;
/// anything else is the client's affair.
pub(super) fn failure(error: &io::Error) -> HandshakeFailure {
    let inner = error.get_ref();
    let failure = inner
        .and_then(|inner| inner.downcast_ref())
        .map_or(HandshakeFailure::Other, sort);
    match failure {
        HandshakeFailure::ClientCertificate => {
            tracing::warn!(%error, "refused a client: its certificate is missing or not one of --client-ca and --client-name");
        }
        HandshakeFailure::ServerCertificate => {
            tracing::warn!(%error, "a client refuses our certificate: compare it with the caBundle of the webhook configuration");
        }
        _ => tracing::debug!(%error, "TLS handshake failed"),
    }
    failure
}

fn sort(error: &Error) -> HandshakeFailure {
    match error {
        Error::NoCertificatesPresented | Error::InvalidCertificate(_) => {
            HandshakeFailure::ClientCertificate
        }
        Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            // An authority of the right name with another key.
            | AlertDescription::DecryptError,
        ) => HandshakeFailure::ServerCertificate,
        _ => HandshakeFailure::Other,
    }
}
