//! Parts two and three: what l7guard costs beside a real API server. Until it is ready, in memory, and at each write; and
//! what its audit loop costs.

mod audit;
mod audited;
mod fill;
mod lists;
mod ready;
mod writes;

use control_plane::{Binaries, ControlPlane, Options};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::runtime::Runtime;

use crate::reviews::Plan;

#[derive(Debug, clap::Args)]
#[group(id = "cluster")]
#[command(next_help_heading = "Cluster")]
pub(crate) struct Arguments {
    /// How many namespaces the cluster has
    #[arg(long, default_value_t = 1_000)]
    namespaces: usize,
    /// How many Ingresses, and as many Deployments and twice as many Services, there are in a namespace
    #[arg(long, default_value_t = 10)]
    applications: usize,
    /// How many Ingresses of each sort are created and changed through each webhook
    #[arg(long, default_value_t = 300)]
    writes: u32,
    /// How many Pods the Services have to which the Ingresses that are written route
    #[arg(long, default_value_t = 20)]
    pods: usize,
}

pub(crate) use audit::AuditArguments;

/// Measures the audit loop, in a cluster of its own.
pub(crate) fn measure_audit(plan: &Plan, arguments: &AuditArguments) {
    audit::measure(plan, &start(), arguments);
}

/// Measures beside an API server. Where no binaries are named they are built only if the part `is_wanted`.
pub(crate) fn measure(plan: &Plan, arguments: &Arguments, is_wanted: bool) {
    if !is_wanted && std::env::var_os("KUBEBUILDER_ASSETS").is_none() {
        println!(
            "The part beside an API server is left out: name its binaries with KUBEBUILDER_ASSETS, or have them built with \
             `--only cluster`."
        );
        return;
    }
    let cluster = start();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(fill::fill(&cluster, arguments));
    ready::measure(plan, &cluster, &runtime);
    writes::measure(arguments, &cluster, &runtime);
}

fn start() -> ControlPlane {
    let binaries = Binaries::find_or_build(&mut std::io::stderr()).unwrap();
    let options = Options {
        audit_log: false,
        durable: true,
        ..Options::default()
    };
    ControlPlane::start(&binaries, &options).unwrap()
}

/// A client with connections of its own.
async fn client(cluster: &ControlPlane) -> Client {
    let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

/// Where the objects of a kind are, in a namespace or, without one, in all.
fn collection(api: &str, namespace: Option<&str>, resource: &str) -> String {
    match namespace {
        Some(namespace) => format!("{api}/namespaces/{namespace}/{resource}"),
        None => format!("{api}/{resource}"),
    }
}

const CORE: &str = "/api/v1";
const APPS: &str = "/apis/apps/v1";
const NETWORKING: &str = "/apis/networking.k8s.io/v1";
