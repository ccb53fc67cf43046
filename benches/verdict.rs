//! The time of a verdict as the world grows, and what an object costs in memory.
//!
//! `cargo bench --bench verdict` prints criterion's estimates, then a table of percentiles over single reviews (each
//! one decoded from JSON and judged) and of bytes an object, as `docs/benchmarks.md` shows it.
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark whose own world is broken has nothing to measure"
)]

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};
use hdrhistogram::Histogram;
use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, Naming, Object, Source};
use l7guard_policy::verdict::{self, Change};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const SIZES: [usize; 3] = [100, 10_000, 100_000];
/// Namespaces grow with the cluster; what is in one does not.
const OBJECTS_PER_NAMESPACE: usize = 50;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let worlds: Vec<(usize, Inventory, usize)> = SIZES.iter().map(|size| world(*size)).collect();
    let configuration = Configuration::default();
    let mut group = criterion.benchmark_group("verdict");
    for (size, inventory, _) in &worlds {
        for (name, old, new) in reviews() {
            group.bench_with_input(BenchmarkId::new(name, size), size, |bencher, _| {
                bencher.iter(|| judge(inventory, &configuration, black_box(&old), black_box(&new)));
            });
        }
    }
    group.finish();
    criterion.final_summary();
    if !std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        print_table(&worlds);
    }
}

/// Percentiles, which criterion does not give.
fn print_table(worlds: &[(usize, Inventory, usize)]) {
    let configuration = Configuration::default();
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "\n| review | objects | p50 µs | p99 µs | p99.9 µs | bytes an object |\n|---|---|---|---|---|---|"
    );
    for (name, old, new) in reviews() {
        for (size, inventory, bytes) in worlds {
            let mut histogram: Histogram<u64> =
                Histogram::new_with_bounds(1, 10_000_000_000, 3).unwrap();
            for _ in 0..100_000 {
                let began = Instant::now();
                black_box(judge(
                    inventory,
                    &configuration,
                    black_box(&old),
                    black_box(&new),
                ));
                histogram.saturating_record(began.elapsed().as_nanos().try_into().unwrap());
            }
            let at = |quantile: f64| {
                let nanoseconds = u32::try_from(histogram.value_at_quantile(quantile)).unwrap();
                f64::from(nanoseconds) / 1000.0
            };
            let _ = writeln!(
                out,
                "| {name} | {size} | {:.1} | {:.1} | {:.1} | {} |",
                at(0.5),
                at(0.99),
                at(0.999),
                bytes / size
            );
        }
    }
}

/// What the webhook does with a review: both objects from JSON, then the verdict.
fn judge(inventory: &Inventory, configuration: &Configuration, old: &str, new: &str) -> usize {
    let change = Change {
        new: read_json(new),
        old: Some(read_json(old)),
    };
    let verdict = verdict::review(inventory, configuration, &change, Date::MIN);
    verdict.findings.len()
}

fn read_json(text: &str) -> Object {
    let naming = Naming {
        api_version: "networking.k8s.io/v1",
        kind: "Ingress",
        default_namespace: "default",
        default_name: "",
    };
    objects::read(naming, Source::Json(text)).unwrap().unwrap()
}

/// UPDATE reviews of an Ingress, as (name, old, new).
fn reviews() -> Vec<(&'static str, String, String)> {
    let application = |path: &str| ingress("ns-1", "app-0", path).to_string();
    let gateway = |service: &str| ingress("ns-0", service, "/").to_string();
    vec![
        (
            "ALB to an application",
            application("/a"),
            application("/b"),
        ),
        (
            "ALB to the gateway, refused",
            gateway("app-0"),
            gateway("gateway"),
        ),
    ]
}

/// An inventory of about `size` objects, with the bytes that it holds.
fn world(size: usize) -> (usize, Inventory, usize) {
    let mut inventory = Inventory::new();
    let before = ALLOCATOR.current_usage();
    apply(
        &mut inventory,
        &json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": {"name": "public"}, "spec": {"controller": "ingress.k8s.aws/alb"}
        }),
    );
    for number in 0..size.div_ceil(OBJECTS_PER_NAMESPACE) {
        let namespace = format!("ns-{number}");
        apply(&mut inventory, &service(&namespace, "gateway"));
        apply(&mut inventory, &deployment(&namespace, "gateway", true));
        for application in 0..(OBJECTS_PER_NAMESPACE - 2) / 3 {
            let name = format!("app-{application}");
            apply(&mut inventory, &service(&namespace, &name));
            apply(&mut inventory, &deployment(&namespace, &name, false));
            apply(&mut inventory, &ingress(&namespace, &name, "/"));
        }
    }
    let bytes = ALLOCATOR.current_usage() - before;
    (size, inventory, bytes)
}

fn apply(inventory: &mut Inventory, value: &Value) {
    let naming = Naming {
        api_version: value["apiVersion"].as_str().unwrap(),
        kind: value["kind"].as_str().unwrap(),
        default_namespace: "default",
        default_name: "",
    };
    inventory.apply(
        objects::read(naming, Source::Value(value))
            .unwrap()
            .unwrap(),
    );
}

fn service(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}
    })
}

fn deployment(namespace: &str, name: &str, is_gateway: bool) -> Value {
    let args = if is_gateway {
        json!(["proxy", "router"])
    } else {
        json!(["--port=80"])
    };
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {
            "metadata": {"labels": {
                "app": name, "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", "version": "v1"
            }},
            "spec": {"containers": [{"name": "main", "image": "example.com/main:1", "args": args}]}
        }}
    })
}

/// An Ingress of the size that is common: five annotations and three paths.
fn ingress(namespace: &str, service: &str, path: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": format!("web-{service}"), "namespace": namespace,
            "labels": {"app": "web"},
            "annotations": {
                "alb.ingress.kubernetes.io/scheme": "internet-facing",
                "alb.ingress.kubernetes.io/target-type": "ip",
                "alb.ingress.kubernetes.io/listen-ports": "[{\"HTTPS\":443}]",
                "alb.ingress.kubernetes.io/healthcheck-path": "/healthz",
                "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(1200)
            }
        },
        "spec": {"ingressClassName": "public", "rules": [{"host": "shop.example.com", "http": {"paths": [
            {"path": path, "pathType": "Prefix", "backend": backend},
            {"path": "/api", "pathType": "Prefix", "backend": backend},
            {"path": "/static", "pathType": "Prefix", "backend": backend}
        ]}}]}
    })
}
