//! Who may ask: the client certificates of the API server.
//!
//! The API server sends one when its `AdmissionConfiguration` names a kubeconfig for webhooks (Kubernetes documentation,
//! "Dynamic Admission Control", "Authenticate API servers").

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::crypto;
use crate::metrics::Registry;
use crate::reload::{
    Contents, MOUNTED_LIMIT, Refused, ReloadMetrics, Reloadable, WatchedFile, read_files,
};

/// Demands a certificate that an authority of a PEM file has signed, and if names are given, one of these as its common
/// name or among its DNS names. The file is read again when it changes.
#[derive(Debug)]
pub struct ClientCertificates {
    file: PathBuf,
    names: Vec<String>,
    current: ArcSwap<Arc<dyn ClientCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertificates {
    /// Reads the authorities for the first time. Without `names` every certificate of theirs is good. Blocks.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no authority that can be used.
    pub fn load(
        file: PathBuf,
        names: Vec<String>,
        metrics: &Registry,
    ) -> Result<(Self, Contents), Refused> {
        let contents = read_files(std::slice::from_ref(&file), MOUNTED_LIMIT);
        let verifier = verifier(&contents)?;
        ReloadMetrics::register(metrics).loaded(WatchedFile::ClientAuthority);
        let clients = Self {
            file,
            names,
            current: ArcSwap::from_pointee(verifier),
            algorithms: crypto::install().signature_verification_algorithms,
        };
        Ok((clients, contents))
    }

    fn is_named(&self, certificate: &CertificateDer<'_>) -> bool {
        let Ok((_, parsed)) = X509Certificate::from_der(certificate) else {
            return false;
        };
        let common = parsed.subject().iter_common_name();
        let common = common.filter_map(|name| name.as_str().ok());
        let alternative = parsed.subject_alternative_name().ok().flatten();
        let general = alternative
            .iter()
            .flat_map(|names| &names.value.general_names);
        let dns = general.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(*name),
            _ => None,
        });
        common
            .chain(dns)
            .any(|name| self.names.iter().any(|allowed| allowed == name))
    }
}

fn verifier(contents: &Contents) -> Result<Arc<dyn ClientCertVerifier>, Refused> {
    let Some((path, pem)) = contents.files().next() else {
        return Err(Refused::new("no file of client authorities"));
    };
    let path = path.display();
    let pem = pem.map_err(|error| Refused::new(format!("cannot read {path}: {error}")))?;
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(pem) {
        let authority = authority
            .map_err(|error| Refused::new(format!("{path} is no sound PEM file: {error}")))?;
        roots.add(authority).map_err(|error| {
            Refused::new(format!("an authority in {path} cannot be used: {error}"))
        })?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto::install())
        .build()
        .map_err(|error| {
            Refused::new(format!(
                "there is no authority in {path} ({error}): expected PEM sections BEGIN CERTIFICATE"
            ))
        })
}

impl Reloadable for ClientCertificates {
    fn file(&self) -> WatchedFile {
        WatchedFile::ClientAuthority
    }

    fn contents(&self) -> Contents {
        read_files(std::slice::from_ref(&self.file), MOUNTED_LIMIT)
    }

    fn apply(&self, contents: &Contents) -> Result<(), Refused> {
        self.current.store(Arc::new(verifier(contents)?));
        Ok(())
    }
}

impl ClientCertVerifier for ClientCertificates {
    /// None: clients are told of no authorities, as these may change. Go's client sends its certificate then
    /// (`crypto/tls`, `CertificateRequestInfo.SupportsCertificate`).
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let current = self.current.load();
        let verified = current.verify_client_cert(end_entity, intermediates, now)?;
        if self.names.is_empty() || self.is_named(end_entity) {
            return Ok(verified);
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
