//! Part one: servers alone, in worlds that are made here.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::load::{Generator, Load, Outcome, Target, ask};
use crate::objects::Review;
use crate::process::Process;
use crate::served::Role;
use crate::statistics::{median, with_ratio};
use control_plane::WebhookCertificate;

/// The name in the certificate of all servers.
pub(crate) const NAME: &str = "localhost";

/// How everything is measured.
pub(crate) struct Plan {
    pub(crate) generator: Generator,
    pub(crate) rounds: usize,
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// A server under one kind of review.
pub(crate) struct Contender<'a> {
    name: &'a str,
    process: &'a Process,
    server: Target<'a>,
    review: &'a Review,
    runs: Vec<Run>,
}

/// What one round measured.
struct Run {
    load: Outcome,
    /// Microseconds a review.
    processor: f64,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(
        certificate: &'a WebhookCertificate,
        name: &'a str,
        process: &'a Process,
        review: &'a Review,
    ) -> Self {
        let server = Target {
            address: process.address(),
            name: NAME,
            authority: &certificate.authority,
        };
        Self {
            name,
            process,
            server,
            review,
            runs: Vec::new(),
        }
    }

    fn run(&self, plan: &Plan) -> Run {
        let before = self.process.processor_time();
        let load = plan.generator.run(&Load {
            server: self.server,
            body: &self.review.body,
            connections: plan.connections,
            duration: plan.duration,
        });
        let used = self.process.processor_time().saturating_sub(before);
        Run {
            load,
            processor: used.as_secs_f64() * 1e6 / load.reviews,
        }
    }

    /// Panics when the server does not answer the review as it should; *bare* always says yes.
    fn check(&self, is_bare: bool) {
        let answer = ask(self.server, &self.review.body);
        let wanted = self.review.is_allowed || is_bare;
        assert_eq!(
            answer["response"]["allowed"], wanted,
            "{}: {answer}",
            self.name
        );
    }

    fn values(&self, of: impl Fn(&Run) -> f64) -> Vec<f64> {
        self.runs.iter().map(of).collect()
    }
}

/// Measures all servers in turn; `before` is this benchmark of an earlier version.
pub(crate) fn measure(plan: &Plan, before: Option<&Path>) {
    let folder = tempfile::tempdir().unwrap();
    let certificate = WebhookCertificate::write_into(folder.path(), NAME).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let start = |role, objects| Process::of_this(role, objects, address, &certificate);
    let earlier = before
        .map(|benchmark| Process::of(benchmark, Role::Manifests, 10_000, address, &certificate));
    let bare = start(Role::Bare, 0);
    let none = start(Role::Manifests, 0);
    let many = start(Role::Manifests, 10_000);
    let most = start(Role::Manifests, 100_000);
    let copy = start(Role::Copy, 100_000);
    let (ordinary, refused) = (Review::ordinary(), Review::refused());
    let (unchanged, of_nginx) = (Review::unchanged(), Review::of_nginx());
    let certificate = &certificate;
    let mut contenders = vec![
        Contender::new(certificate, "bare", &bare, &ordinary),
        Contender::new(certificate, "serve, 0 objects", &none, &ordinary),
        Contender::new(certificate, "serve, 10,000 objects", &many, &ordinary),
        Contender::new(certificate, "serve, 100,000 objects", &most, &ordinary),
        Contender::new(certificate, "serve, 10,000 objects", &many, &refused),
        Contender::new(certificate, "serve, 100,000 objects", &most, &refused),
        Contender::new(
            certificate,
            "serve, copy of a cluster, 100,000 objects",
            &copy,
            &of_nginx,
        ),
        Contender::new(
            certificate,
            "serve, copy of a cluster, 100,000 objects",
            &copy,
            &unchanged,
        ),
    ];
    if let Some(earlier) = &earlier {
        let name = "before, 10,000 objects";
        contenders.push(Contender::new(certificate, name, earlier, &refused));
    }
    println!(
        "load: {}, {} connections; review of {} bytes",
        plan.generator.describe(),
        plan.connections,
        ordinary.body.len()
    );
    compare(plan, &mut contenders);
    if earlier.is_some() {
        print_denials(&contenders[DENIALS], &contenders[contenders.len() - 1]);
    }
}

/// Which contender denies in the world that the earlier version is given.
const DENIALS: usize = 4;

/// What a denial costs, against one of the earlier version.
fn print_denials(now: &Contender<'_>, before: &Contender<'_>) {
    let against =
        |digits, of: fn(&Run) -> f64| with_ratio(&now.values(of), &before.values(of), digits);
    println!(
        "A denial, against one before: p50 {} ms, p99 {} ms, CPU {} µs.\n",
        against(3, |run| run.load.p50),
        against(3, |run| run.load.p99),
        against(1, |run| run.processor),
    );
}

/// Runs all in turn and prints the table; the first one is *bare*.
pub(crate) fn compare(plan: &Plan, contenders: &mut [Contender<'_>]) {
    for (index, contender) in contenders.iter().enumerate() {
        contender.check(index == 0);
    }
    // The first round warms up and is not counted.
    for round in 0..=plan.rounds {
        for contender in contenders.iter_mut() {
            let run = contender.run(plan);
            if round > 0 {
                contender.runs.push(run);
            }
        }
    }
    print_table(contenders);
}

fn print_table(contenders: &[Contender<'_>]) {
    println!("| server | review | reviews/s | p50 ms | p99 ms | CPU µs a review | resident MiB |");
    println!("|---|---|---|---|---|---|---|");
    let bare = &contenders[0];
    let bare_resident = bare.process.resident();
    for contender in contenders {
        let column = |digits, of: fn(&Run) -> f64| {
            with_ratio(&contender.values(of), &bare.values(of), digits)
        };
        let resident = contender.process.resident();
        println!(
            "| {} | {} | {} | {} | {} | {} | {resident:.0} ({:.1}) |",
            contender.name,
            contender.review.name,
            column(0, |run| run.load.reviews / run.load.elapsed.as_secs_f64()),
            column(3, |run| run.load.p50),
            column(3, |run| run.load.p99),
            column(1, |run| run.processor),
            resident / bare_resident,
        );
    }
    let spread = |of: fn(&Run) -> f64| {
        let values = bare.values(of);
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(0.0, f64::max);
        format!(
            "{:.2} to {:.2}",
            lowest / median(values.iter().copied()),
            highest / median(values.iter().copied())
        )
    };
    println!(
        "\nBetween rounds bare's throughput was {} times its median, its CPU time {}.\n",
        spread(|run| run.load.reviews / run.load.elapsed.as_secs_f64()),
        spread(|run| run.processor)
    );
}
