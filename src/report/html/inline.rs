//! The page's own style and script, and the policy that lets a browser use these and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

/// The style sheet.
pub(super) const STYLE: &str = include_str!("../../../templates/report/style.css");
/// The script: copy buttons, the filter, opening and closing all findings. The page is complete without it.
pub(super) const SCRIPT: &str = include_str!("../../../templates/report/script.js");

/// The content security policy (W3C, CSP Level 3): no request, no frame, no form, and of styles and scripts those alone whose
/// hashes it holds. Should a text of an object ever become markup, a browser would neither run nor load anything of it.
pub(super) fn security_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
        source(STYLE),
        source(SCRIPT)
    )
}

/// The hash source of an inline element's text.
fn source(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    format!("sha256-{}", STANDARD.encode(hash))
}
