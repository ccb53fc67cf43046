//! The composition root: what a running server is made of, put together.
//!
//! ```text
//! settings ─▶ run ─┬─ world: manifests or the cluster     ─┐
//!                  ├─ configuration, certificates          ├─▶ webhook_server, operations
//!                  ├─ metrics: each room registers its own ─┘
//!                  └─ tasks: all background work, under one supervisor
//! ```

mod audit;
mod audit_alone;
mod certificates;
mod configuration;
pub(crate) mod development;
mod drain;
pub(crate) mod example_reviews;
mod exemptions;
mod file_limit;
mod followed_files;
mod greeting;
mod manifests;
pub mod metrics;
mod operations;
mod own_installation;
mod run;
mod settings;
mod tasks;
pub(crate) mod webhook_server;
mod world;

pub(crate) use run::{Ended, run};
pub(crate) use settings::{CertificateSource, Settings, TlsSettings, WorldSource};
