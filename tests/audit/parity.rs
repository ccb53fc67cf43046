//! Every fixture, through every door.

use libtest_mimic::Trial;

use crate::Outcome;
use crate::doors::Readings;
use crate::fixture::{self, Fixture};
use crate::server::{Server, Shared};
use crate::webhook;

pub(crate) fn trials(shared: &Shared) -> Vec<Trial> {
    let mut fixtures = fixture::all();
    fixtures.retain(|fixture| !is_one_of(fixture, &NEEDS_CONTROLLERS));
    let trials = fixtures.into_iter().map(|fixture| {
        let shared = shared.clone();
        Trial::test(format!("parity/{}", fixture.name), move || {
            shared.with(|server| agree(&fixture, server))
        })
    });
    trials.collect()
}

/// Worlds that are another one in files than in a cluster, by how their names begin.
const ONLY_IN_FILES: [(&str, &str); 3] = [
    (
        "choice/301",
        "a placeholder is a value that is not known yet",
    ),
    (
        "choice/302",
        "the class may be left out, to be set by what renders it",
    ),
    (
        "choice/303c",
        "an IstioOperator stands for what it will make",
    ),
];

/// Worlds that need the controllers of a real cluster, by how their names begin.
const NEEDS_CONTROLLERS: [(&str, &str); 4] = [
    ("bypass/20c", "Endpoints are mirrored into EndpointSlices"),
    ("bypass/20d", "Endpoints are mirrored into EndpointSlices"),
    ("gateway/28c", "Endpoints are mirrored into EndpointSlices"),
    (
        "gateway/24h",
        "a ReplicaSet goes with its Deployment, and has Pods until then",
    ),
];

fn is_one_of(fixture: &Fixture, names: &[(&str, &str)]) -> bool {
    names.iter().any(|(name, _)| fixture.name.starts_with(name))
}

fn agree(fixture: &Fixture, server: &Server) -> Outcome {
    let configuration = fixture.configuration()?;
    server.with(&fixture.world()?, || {
        let readings = Readings::take(server)?;
        let is_of_files = is_one_of(fixture, &ONLY_IN_FILES);
        let checked = if is_of_files {
            readings.check_as_cluster(&configuration)
        } else {
            readings.check(&configuration)
        };
        let audited = readings.audit(server, &configuration)?;
        if checked != audited {
            return Err(format!("check of a dump: {checked:#?}\naudit: {audited:#?}").into());
        }
        webhook::agrees(&readings, server, &configuration)?;
        let [of_file, of_cluster] = readings.check_over(&configuration)?;
        if of_file != of_cluster {
            return Err(format!("--world: {of_file:#?}\n--with-cluster: {of_cluster:#?}").into());
        }
        // Laid over a cluster, files may still hold placeholders.
        if of_file != audited && !is_of_files {
            return Err(format!("--world: {of_file:#?}\naudit: {audited:#?}").into());
        }
        Ok(())
    })
}
