//! An authority, and the certificates that it signs, as files.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use time::{Duration, OffsetDateTime};

/// Who signs.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Result<Self, Failed> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        Ok(Self(CertifiedIssuer::self_signed(
            parameters,
            KeyPair::generate()?,
        )?))
    }

    /// As `caBundle`.
    pub(crate) fn bundle(&self) -> String {
        STANDARD.encode(self.0.pem())
    }

    /// Writes a pair for this name that is valid for so many days, as `tls.crt` and `tls.key`.
    pub(crate) fn write(&self, folder: &Path, name: &str, days: i64) -> Result<(), Failed> {
        let mut parameters = CertificateParams::new([name.to_owned()])?;
        parameters.not_before = OffsetDateTime::now_utc() - Duration::days(1);
        parameters.not_after = OffsetDateTime::now_utc() + Duration::days(days);
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.0)?;
        fs::create_dir_all(folder)?;
        fs::write(folder.join("tls.key"), key.serialize_pem())?;
        fs::write(folder.join("tls.crt"), certificate.pem())?;
        Ok(())
    }
}
