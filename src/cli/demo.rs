//! `l7guard demo`: the real server with an example world, three reviews over TLS, and what a user would see.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use super::ExitStatus;
use super::demo_client::Client;
use crate::judge::PolicyJudge;
use crate::judge::metrics::ReviewMetrics;
use crate::live::{Live, LiveConfiguration};
use crate::pki::served;
use crate::serve::development::DevelopmentCertificate;
use crate::serve::example_reviews::{self, Step};
use crate::serve::webhook_server::{Tls, WebhookServer};
use crate::server::{OldestTls, Settings, StopHandle, stop, stop_on_signals};
use crate::webhook::AdmissionLimiter;
use crate::world::ManifestWorld;
use l7guard_manifests as manifests;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Go on serving after the three reviews, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// The webhook's name, as a ValidatingWebhookConfiguration gives it.
const WEBHOOK: &str = "l7guard.example.com";

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    tokio::runtime::Runtime::new()?.block_on(demo(arguments.keep))
}

async fn demo(keep: bool) -> Result<ExitStatus> {
    let mut world = ManifestWorld::default();
    for (name, text) in example_reviews::WORLD {
        let source = manifests::Source::new(*name, text.as_bytes().to_vec());
        world.add(&Arc::new(source), "default");
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let metrics = ReviewMetrics::new();
    let (publisher, resolver) = served::channel(&metrics);
    let mut certificate = DevelopmentCertificate::generate(&[], &publisher)?;
    let webhook = WebhookServer::bind(
        address,
        PolicyJudge::new(
            Live::new(world.into_cluster()),
            LiveConfiguration::default(),
        ),
        AdmissionLimiter::default(),
        Tls {
            served: resolver,
            oldest: OldestTls::default(),
            clients: None,
        },
        Settings {
            drain: std::time::Duration::ZERO,
            ..Settings::default()
        },
        &metrics,
    )
    .await?;
    let address = webhook.local_addr();
    let (handle, stop) = if keep {
        (None, stop_on_signals()?)
    } else {
        let (handle, stop) = stop();
        (Some(handle), stop)
    };
    let server = tokio::spawn(webhook.run(stop));

    let mut out = io::stdout();
    writeln!(
        out,
        "l7guard serves https://{address}/validate with an example world: an Istio ingress gateway, an application,\nand IngressClass public of the AWS Load Balancer Controller. Three objects are applied:\n"
    )?;
    let client = Client::new(certificate.authority_pem(), address)?;
    for step in &example_reviews::STEPS {
        let answer = client.post(&example_reviews::review(step)?).await?;
        print_step(&mut out, step, &answer)?;
    }
    if keep {
        writeln!(out, "Serving until Ctrl-C. Ask it yourself:\n")?;
        let review =
            serde_json::to_vec_pretty(&example_reviews::review(&example_reviews::STEPS[0])?)?;
        writeln!(out, "  {}", certificate.curl(address, &review)?)?;
    }
    drop(handle.inspect(StopHandle::stop));
    server.await.context("the server ended badly")?;
    Ok(ExitStatus::Success)
}

/// What a user of `kubectl` would see.
fn print_step(out: &mut impl Write, step: &Step, answer: &Value) -> Result<()> {
    writeln!(out, "$ kubectl apply -f {}", step.file)?;
    let response = &answer["response"];
    for warning in response["warnings"].as_array().into_iter().flatten() {
        writeln!(out, "Warning: {}", warning.as_str().unwrap_or_default())?;
    }
    if response["allowed"] == Value::Bool(true) {
        writeln!(out, "{}\n", step.allowed)?;
        return Ok(());
    }
    let message = response["status"]["message"].as_str().unwrap_or_default();
    writeln!(
        out,
        "Error from server (Forbidden): error when creating \"{}\": admission webhook \"{WEBHOOK}\" denied the request: {message}\n",
        step.file
    )?;
    Ok(())
}
