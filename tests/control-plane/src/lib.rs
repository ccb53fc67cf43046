//! A real control plane on loopback for tests and benchmarks: etcd, kube-apiserver and, where wanted,
//! kube-controller-manager, each a process of its own that ends with the value that started it.
//!
//! ```no_run
//! use control_plane::{Binaries, ControlPlane, Options};
//!
//! # fn main() -> Result<(), control_plane::Error> {
//! let binaries = Binaries::find_or_build(&mut std::io::stderr())?;
//! let cluster = ControlPlane::start(&binaries, &Options::default())?;
//! let webhook = cluster.create_webhook_service("l7guard", "webhook")?;
//! assert!(cluster.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")?.status.success());
//! println!("the API server calls {webhook}; look around with KUBECONFIG={}", cluster.kubeconfig().display());
//! # Ok(())
//! # }
//! ```
//!
//! What there is not: a kubelet (Pods never run), kube-proxy and DNS. What a kube-apiserver needs for calling a
//! webhook is all there, with the protocol of production: see [`ControlPlane::create_webhook_service`].

mod audit;
mod binaries;
mod build_cache;
mod certificates;
mod components;
mod control_plane;
mod crds;
mod error;
mod forwarder;
mod go_build;
mod kubectl;
mod process;
mod signals;
mod start;
mod users;
mod waiting;
mod webhook_certificate;
mod webhook_service;

pub use binaries::Binaries;
pub use control_plane::{ControlPlane, Options};
pub use crds::{AWS_CRDS, cert_manager_crds, gateway_api_crds, istio_crds};
pub use error::Error;
pub use forwarder::Forwarder;
pub use kubectl::Outcome;
pub use signals::signal;
pub use waiting::until;
pub use webhook_certificate::WebhookCertificate;
pub use webhook_service::WEBHOOK_PORT;
