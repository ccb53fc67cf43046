//! How a front faces its callers: ports, scheme, source ranges and what else decides who gets in. What stands in for the
//! front may let in nobody else.

mod gateway;
mod ingress;
mod members;

pub(super) use gateway::of_route;
pub(super) use ingress::of_ingress;
pub(super) use members::{Groups, groups};

use serde_json::Value;

use crate::identity::{Kind, ObjectKey};

/// A front as its callers see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facing {
    /// Its ports, each once.
    pub(super) listeners: Vec<Listener>,
    /// Whether it is known to be reached from the internet. What cannot be told is internal.
    pub(super) faces_internet: bool,
    /// The ranges that it admits; empty: no restriction is known.
    pub(super) ranges: Vec<String>,
    /// Annotations of a Service that say the same to a Network Load Balancer, by the rest of their keys.
    pub(super) annotations: Vec<(&'static str, String)>,
    /// Certificates that it ends TLS with.
    pub(super) certificates: Vec<String>,
    /// Whether EKS Auto Mode builds it.
    pub(super) is_auto_modes: bool,
    /// What cannot be carried over or be told, in sentences.
    pub(super) remarks: Vec<String>,
}

/// One port of a front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    /// The port.
    pub(super) port: u16,
    /// Whether callers speak TLS to it.
    pub(super) is_tls: bool,
}

impl Facing {
    /// A TargetGroupBinding: who made the load balancer knows how it faces its callers.
    pub(super) fn of_binding(key: &ObjectKey, binding: &Value) -> Self {
        let port = binding["spec"]["serviceRef"]["port"].as_u64();
        let port = port.and_then(|port| u16::try_from(port).ok());
        let listener = |port| Listener {
            port,
            is_tls: false,
        };
        Self {
            listeners: port.map(listener).into_iter().collect(),
            is_auto_modes: key.kind == Kind::EksTargetGroupBinding,
            remarks: vec![
                "The ALB of the target group is not in sight, so the Network Load Balancer is internal; whether it has to face the internet is for you to say.".to_owned(),
            ],
            ..Self::default()
        }
    }

    fn listen(&mut self, port: u16, is_tls: bool) {
        if self.listeners.iter().all(|listener| listener.port != port) {
            self.listeners.push(Listener { port, is_tls });
        }
    }

    fn carry(&mut self, annotation: &'static str, value: String) {
        self.annotations.push((annotation, value));
    }

    fn remark(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.remarks.contains(&sentence) {
            self.remarks.push(sentence);
        }
    }

    /// A restriction that cannot be told: nobody is let in from the internet then.
    fn is_unknown(&mut self, what: &str) {
        self.faces_internet = false;
        self.remark(format!(
            "{what} cannot be told here and is left out, so the Network Load Balancer is internal."
        ));
    }
}
