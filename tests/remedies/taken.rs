//! Every fixture's changes, held against a real API server.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use libtest_mimic::{Failed, Trial};
use serde_json::json;

use crate::Outcome;
use crate::change::Change;
use crate::fixtures::{self, Fixture};
use crate::manifests::Manifests;
use crate::properties;
use crate::report::Finding;
use crate::server::{Absent, Server, Stored};
use crate::verify::Judged;

/// How many random worlds the server is shown.
const WORLDS: usize = 32;

/// One server for all trials, which use it one after another: worlds have names in common. It starts with the first trial
/// that needs it, and ends with the last hold on it.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Option<Result<Server, String>>>>);

pub(crate) fn trials(shared: &Shared) -> Vec<Trial> {
    let of_fixtures = fixtures::all().into_iter().chain(fixtures::rows());
    let mut trials: Vec<Trial> = of_fixtures
        .map(|fixture| {
            let shared = shared.clone();
            Trial::test(format!("server/{}", fixture.name), move || {
                taken(&fixture, &shared)
            })
        })
        .collect();
    let of_worlds = shared.clone();
    trials.push(Trial::test("server/random worlds", move || {
        properties::some(WORLDS)?.iter().try_for_each(|world| {
            of_worlds.with(|server| held(server, world, |world| Judged::new(world, Vec::new())))
        })
    }));
    let shared = shared.clone();
    trials.push(Trial::test(
        "server/a change that is wrong is seen",
        move || wrong_changes(&shared),
    ));
    trials
}

impl Shared {
    /// Calls with the server; without Go nothing is shown, which is said, and is a failure in CI.
    fn with(&self, then: impl FnOnce(&Server) -> Outcome) -> Outcome {
        let mut held = self
            .0
            .lock()
            .map_err(|_| "a trial before this one failed")?;
        let server = held.get_or_insert_with(|| match Server::start() {
            Ok(server) => Ok(server),
            Err(Absent::NoGo(error)) => Err(error.to_string()),
            Err(Absent::Failed(error)) => Err(format!(
                "the API server did not start: {}",
                error.message().unwrap_or_default()
            )),
        });
        match server {
            Ok(server) => then(server),
            Err(error) if error.starts_with("the API") || std::env::var("CI").is_ok() => {
                Err(error.clone().into())
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "SKIPPED without an API server: {error}");
                Ok(())
            }
        }
    }
}

/// The changes of every finding, each against the world as it is stored.
fn taken(fixture: &Fixture, shared: &Shared) -> Outcome {
    let world = fixture.world()?;
    // Most fixtures have nothing to change: the server need not hold them.
    if fixture.judged(|judged| Ok(judged.report.findings.is_empty()))? {
        return Ok(());
    }
    let setting = fixture.setting()?;
    shared.with(|server| held(server, &world, |world| Judged::new(world, setting.list())))
}

/// The changes of a world as the server holds it.
fn held<'a>(
    server: &Server,
    world: &Manifests,
    judge: impl FnOnce(Manifests) -> Result<Judged<'a>, Failed>,
) -> Outcome {
    server.with(world, |stored| {
        let judged = judge(stored.world.clone())?;
        let findings = judged.report.findings.iter();
        let of_all = judged.report.changes.iter().flatten();
        let changes: Vec<&Change> = findings.flat_map(Finding::list).chain(of_all).collect();
        refusals(stored, &changes)
    })?
}

fn refusals(stored: &Stored<'_>, changes: &[&Change]) -> Outcome {
    let mut refused = Vec::new();
    for change in changes.iter().flat_map(|change| change.with_effect()) {
        if let Some(reason) = stored.refusal(change)? {
            refused.push(format!("{reason}\n  {change:?}"));
        }
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(refused.join("\n").into())
    }
}

/// The server's own refusals arrive here: of an unknown field, a port without a name, a class that is added too late.
fn wrong_changes(shared: &Shared) -> Outcome {
    let world = Manifests(vec![json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "gw", "namespace": "wrong"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "gw"}, "ports": [{"port": 80}]},
    })]);
    let target = json!({"apiVersion": "v1", "kind": "Service", "namespace": "wrong", "name": "gw"});
    let patches = [
        json!({"action": "patch", "target": target, "patchType": "merge", "patch": {"spec": {"tpye": "ClusterIP"}}}),
        json!({"action": "patch", "target": target, "patchType": "merge", "patch": {"spec": {"loadBalancerClass": "service.k8s.aws/nlb"}}}),
        json!({"action": "patch", "target": target, "patchType": "json", "patch": [{"op": "add", "path": "/spec/ports/-", "value": {"port": 443}}]}),
    ];
    let right = json!([{"action": "patch", "target": target, "patchType": "merge", "patch": {"metadata": {"annotations": {"a": "b"}}}}]);
    let (wrong, right) = (Change::list(&json!(patches))?, Change::list(&right)?);
    shared.with(|server| {
        server.with(&world, |stored| {
            for change in &wrong {
                if refusals(stored, &[change]).is_ok() {
                    return Err(format!("taken: {change:?}").into());
                }
            }
            refusals(stored, &right.iter().collect::<Vec<_>>())
        })?
    })
}
