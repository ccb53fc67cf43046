//! Listeners of a Gateway or ListenerSet that end TLS.

use serde::Deserialize;

use super::reading::Mapping;

/// The listeners that end TLS, beside those that do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsListeners {
    /// Those that end TLS; never empty.
    pub ending: Box<[TlsListener]>,
    /// Whether there are others that take TCP.
    pub has_others: bool,
}

/// A listener that ends TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsListener {
    /// Index in `spec.listeners`.
    index: u32,
    /// `name`.
    pub name: Box<str>,
    /// `port`.
    pub port: u16,
    /// Whether `tls.mode` stands there; `Terminate` is the default.
    says_mode: bool,
}

impl TlsListeners {
    /// The first listener of this name and port; `None` means any.
    #[must_use]
    pub fn meant_by(&self, name: Option<&str>, port: Option<u16>) -> Option<&TlsListener> {
        self.ending.iter().find(|listener| {
            name.is_none_or(|name| *name == *listener.name)
                && port.is_none_or(|port| port == listener.port)
        })
    }
}

impl TlsListener {
    /// The pointer of the field that makes it end TLS.
    #[must_use]
    pub fn field(&self) -> String {
        let field = if self.says_mode {
            "tls/mode"
        } else {
            "protocol"
        };
        format!("/spec/listeners/{}/{field}", self.index)
    }
}

#[derive(Deserialize)]
pub(super) struct ListenerView {
    pub(super) name: Option<Box<str>>,
    pub(super) port: Option<u16>,
    protocol: Option<String>,
    tls: Option<Mapping<TlsView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TlsView {
    mode: Option<String>,
}

/// The listeners of protocol TLS whose mode is not `Passthrough`; `None`: there is none.
///
/// Source: AWS Load Balancer Controller `pkg/gateway/model/model_build_listener.go`.
pub(super) fn read<'a>(
    listeners: impl Iterator<Item = (u32, &'a ListenerView)>,
) -> Option<Box<TlsListeners>> {
    let mut ending = Vec::new();
    let mut has_others = false;
    for (index, listener) in listeners {
        let mode = listener.tls.as_ref().and_then(|tls| tls.0.mode.as_deref());
        match listener.protocol.as_deref() {
            Some("TLS") if mode != Some("Passthrough") => ending.push(TlsListener {
                index,
                name: listener.name.clone().unwrap_or_default(),
                port: listener.port.unwrap_or_default(),
                says_mode: mode.is_some(),
            }),
            Some("UDP") => {}
            _ => has_others = true,
        }
    }
    let ending = ending.into_boxed_slice();
    (!ending.is_empty()).then(|| Box::new(TlsListeners { ending, has_others }))
}
