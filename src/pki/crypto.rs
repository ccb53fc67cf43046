//! The one implementation of cryptography of this program: ring.
//!
//! rustls takes a process-wide default from whichever of its features are compiled in and panics when there are two.
//! A dependency that switches on another one would so break the program at run time, far from its cause. Hence ours
//! is named here, installed once, and handed explicitly to everything of ours that speaks TLS.

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};

/// Makes ring the process's default and returns it. It may be called any number of times, from any thread; every
/// call returns the same provider.
///
/// Should something else have installed another default before, that one stays the process's default, but what is
/// returned here is ring all the same.
pub fn install() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| {
        if ring::default_provider().install_default().is_err() {
            tracing::debug!("the process has a default crypto provider already");
        }
        Arc::new(ring::default_provider())
    });
    Arc::clone(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_gives_the_same_provider_and_a_process_default() {
        let first = install();
        let second = install();
        assert!(Arc::ptr_eq(&first, &second));
        assert!(CryptoProvider::get_default().is_some());
    }
}
