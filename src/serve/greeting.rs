//! What a server says on standard output once it serves.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::Result;

use super::development::DevelopmentCertificate;
use super::example_reviews;

/// What is said by a server without a webhook.
pub(super) fn without_webhook(judged_in: &str, operations: SocketAddr) -> String {
    format!(
        "l7guard audits without a webhook, {judged_in}\n\
         Probes and metrics: http://{operations}/livez, /readyz, /metrics\n"
    )
}

/// Where it serves, and how to try it. The files that this speaks of go with the certificate that is returned.
pub(super) fn text(
    judged_in: &str,
    addresses: (SocketAddr, SocketAddr),
    development: Option<DevelopmentCertificate>,
) -> Result<(String, Option<DevelopmentCertificate>)> {
    let (address, operations) = addresses;
    let mut text = format!(
        "l7guard serves https://{address}/validate {judged_in}\n\
         Probes and metrics: http://{operations}/livez, /readyz, /metrics\n"
    );
    let Some(mut certificate) = development else {
        return Ok((text, None));
    };
    let review = example_reviews::review(&example_reviews::STEPS[0])?;
    let review = serde_json::to_vec_pretty(&review)?;
    writeln!(
        text,
        "The certificate is for development: generated in memory, trusted by no one. Try it:\n\n  {}\n",
        certificate.curl(address, &review)?
    )?;
    Ok((text, Some(certificate)))
}
