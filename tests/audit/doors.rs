//! The ways in which one cluster is judged, each as the set of all that it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use l7guard::audit::observed::{Findings, observe};
use l7guard::audit::{Scan, Selected, scan};
use l7guard::cluster::ClusterWorld;
use l7guard::judge::ClusterView;
use l7guard::metrics::Registry;
use l7guard::operations::Readiness;
use l7guard::snapshot::{self, BaseWorld, Header, Lines, SnapshotWriter};
use l7guard::world::ManifestWorld;
use l7guard_manifests::Source;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::{Inventory, World};
use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::{Exempted, Judged, Unresolved, Verdict, evaluate};
use libtest_mimic::Failed;

use crate::fixture::today;
use crate::server::Server;

/// All that is said of a world, one line each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said(BTreeSet<String>);

impl Said {
    fn of(verdict: &Verdict) -> Self {
        let mut said = Self::default();
        verdict.findings.iter().for_each(|one| said.finding(one));
        verdict.exempt.iter().for_each(|one| said.exempt(one));
        let unresolved = verdict.unresolved.iter();
        unresolved.for_each(|one| said.unresolved(one));
        said
    }

    fn of_files(world: &ManifestWorld, configuration: &Configuration) -> Self {
        let judgement = world.judge(configuration, today());
        let mut said = Self::default();
        let findings = judgement.findings.iter();
        findings.for_each(|one| said.finding(&one.judged));
        judgement.exempt.iter().for_each(|one| said.exempt(one));
        let unresolved = judgement.unresolved.iter();
        unresolved.for_each(|one| said.unresolved(one));
        said
    }

    fn finding(&mut self, judged: &Judged) {
        let finding = &judged.finding;
        let severity = judged.severity.as_str();
        let confidence = finding.confidence.as_str();
        self.say(severity, finding, confidence);
    }

    fn exempt(&mut self, exempted: &Exempted) {
        self.say("exempt", &exempted.finding, &exempted.exemption);
    }

    fn say(&mut self, what: &str, finding: &Finding, how: &str) {
        let Finding {
            rule,
            object,
            field,
            ..
        } = finding;
        self.0
            .insert(format!("{what} {rule} {how} {object} {field}"));
    }

    fn unresolved(&mut self, unresolved: &Unresolved) {
        let Unresolved { object, field, .. } = unresolved;
        // Of files alone nobody knows what the cluster holds beside them, and each door says what it knows.
        let reason = unresolved.reason.in_full();
        let reason = reason.replace("is not among these files", "does not exist (yet)");
        self.0
            .insert(format!("unresolved {object} {field}: {reason}"));
    }
}

/// The cluster, read as `l7guard audit` reads it.
fn read(server: &Server) -> Result<ClusterWorld, Failed> {
    let _context = server.runtime.enter();
    let world = ClusterWorld::new(
        server.client.clone(),
        &Registry::default(),
        &Readiness::new(),
    );
    let unlisted = server.runtime.block_on(world.list_once(&|_| {}))?;
    if unlisted.is_empty() {
        Ok(world)
    } else {
        Err(format!("{unlisted:?}").into())
    }
}

/// `l7guard audit`.
pub(crate) fn audit(server: &Server, configuration: &Configuration) -> Result<Said, Failed> {
    let world = read(server)?;
    let scanning = scan(&world, configuration, today(), Selected::Everything);
    let scan = server.runtime.block_on(scanning);
    if !scan.errors.is_empty() || !scan.incomplete.is_empty() {
        return Err(format!("{:?} {:?}", scan.errors, scan.incomplete).into());
    }
    the_loop_agrees(server, &world, configuration, &scan);
    Ok(Said::of(&scan.verdict))
}

/// `l7guard snapshot`, and `l7guard check --all --world` of it with no file that matters.
pub(crate) fn check_snapshot(
    server: &Server,
    configuration: &Configuration,
) -> Result<Said, Failed> {
    let mut writer = SnapshotWriter::new(Vec::new(), &header())?;
    take_whole(server, &mut writer)?;
    let file = writer.finish()?;
    Ok(check_over(snapshot::read(&*file)?, configuration))
}

/// `l7guard check --all --with-cluster`.
pub(crate) fn check_with_cluster(
    server: &Server,
    configuration: &Configuration,
) -> Result<Said, Failed> {
    let mut base = BaseWorld::new(header());
    take_whole(server, &mut base)?;
    Ok(check_over(base, configuration))
}

fn header() -> Header {
    Header::new("test", "2026-01-01T00:00:00Z".to_owned())
}

fn take_whole(server: &Server, lines: &mut impl Lines) -> Result<(), Failed> {
    let _context = server.runtime.enter();
    let client = server.client.clone();
    let world = ClusterWorld::new(client, &Registry::default(), &Readiness::new());
    let taking = snapshot::take(&world, lines, &|_| {});
    let taken = server.runtime.block_on(taking)?;
    if taken.unlisted.is_empty() && taken.left_out == 0 && taken.failure.is_none() {
        Ok(())
    } else {
        Err(format!("{taken:?}").into())
    }
}

fn check_over(base: BaseWorld, configuration: &Configuration) -> Said {
    let mut world = ManifestWorld::default();
    world.lay_over(base, true);
    Said::of_files(&world, configuration)
}

/// The audit loop of `serve` keeps each finding, and judges objects one by one as it judges them together.
fn the_loop_agrees(
    server: &Server,
    world: &ClusterWorld,
    configuration: &Configuration,
    whole: &Scan,
) {
    let observed = |scan: &Scan| {
        let look = |inventory: &Inventory| observe(&scan.verdict, inventory, configuration);
        world.with_inventory(look)
    };
    let kept = observed(whole);
    let mut said: Vec<String> = kept
        .values()
        .flat_map(|observed| observed.iter())
        .map(|one| {
            assert!(one.id.uid.is_some(), "{one:?}");
            let (mode, confidence) = (one.mode.as_str(), one.confidence.as_str());
            format!("{mode} {} {confidence} {}", one.id.rule, one.id.object)
        })
        .collect();
    let mut found: Vec<String> = whole
        .verdict
        .findings
        .iter()
        .map(|judged| {
            let finding = &judged.finding;
            let (mode, confidence) = (judged.severity.as_str(), finding.confidence.as_str());
            format!("{mode} {} {confidence} {}", finding.rule, finding.object)
        })
        .collect();
    said.sort();
    found.sort();
    assert_eq!(said, found);
    let keys = world.with_inventory(|inventory| {
        let objects = inventory.objects().map(|object| object.key.clone());
        objects.collect::<BTreeSet<_>>()
    });
    let mut one_by_one = Findings::new();
    for key in keys {
        let selected = BTreeSet::from([key]);
        let scanning = scan(world, configuration, today(), Selected::Objects(&selected));
        one_by_one.extend(observed(&server.runtime.block_on(scanning)));
    }
    assert_eq!(one_by_one, kept);
}

/// The objects of a dump.
fn dumped(dump: &str) -> ManifestWorld {
    let mut world = ManifestWorld::default();
    let source = Source::new("dump", dump.as_bytes().to_vec());
    world.add(&Arc::new(source), "default");
    world
}

/// The same as the policy finds it, told that all values are what they say and that nothing else exists.
pub(crate) fn check_as_cluster(dump: &str, configuration: &Configuration) -> Said {
    let mut inventory = dumped(dump).into_cluster();
    // No cluster has them: what they ask for stands there by itself.
    inventory.reset(Kind::IstioOperator, []);
    let verdict = evaluate(&World::new(&inventory), configuration, today());
    Said::of(&verdict)
}

/// `kubectl get … --output json | l7guard check -`.
pub(crate) fn check(dump: &str, configuration: &Configuration) -> Said {
    let world = dumped(dump);
    Said::of_files(&world, configuration)
}
