//! The ways in which one cluster is judged, each as the set of all that it says.

use std::collections::BTreeSet;
use std::io;
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
use serde_json::Value;

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

/// A cluster, read as each door reads it. Nothing changes there meanwhile, so all read at once: an API server that was just
/// written to makes every list wait.
pub(crate) struct Readings {
    pub(crate) dump: String,
    pub(crate) world: ClusterWorld,
    snapshot: Vec<u8>,
    base: BaseWorld,
}

impl Readings {
    pub(crate) fn take(server: &Server) -> Result<Self, Failed> {
        let _context = server.runtime.enter();
        let mut written = SnapshotWriter::new(Vec::new(), &header())?;
        let mut base = BaseWorld::new(header());
        let reading = async {
            tokio::try_join!(
                server.dump(),
                read(server),
                take_whole(server, Both(&mut written, &mut base)),
            )
        };
        let (dump, world, ()) = server.runtime.block_on(reading)?;
        Ok(Self {
            dump,
            world,
            snapshot: written.finish()?,
            base,
        })
    }

    /// `kubectl get … --output json | l7guard check -`.
    pub(crate) fn check(&self, configuration: &Configuration) -> Said {
        Said::of_files(&dumped(&self.dump), configuration)
    }

    /// The same as the policy finds it, told that all values are what they say and that nothing else exists.
    pub(crate) fn check_as_cluster(&self, configuration: &Configuration) -> Said {
        let inventory = self.as_cluster();
        Said::of(&evaluate(&World::new(&inventory), configuration, today()))
    }

    /// The dump as what a cluster holds.
    pub(crate) fn as_cluster(&self) -> Inventory {
        let mut inventory = dumped(&self.dump).into_cluster();
        // No cluster has them: what they ask for stands there by itself.
        inventory.reset(Kind::IstioOperator, []);
        inventory
    }

    /// `l7guard audit`.
    pub(crate) fn audit(
        &self,
        server: &Server,
        configuration: &Configuration,
    ) -> Result<Said, Failed> {
        let scanning = scan(&self.world, configuration, today(), Selected::Everything);
        let scan = server.runtime.block_on(scanning);
        if !scan.errors.is_empty() || !scan.incomplete.is_empty() {
            return Err(format!("{:?} {:?}", scan.errors, scan.incomplete).into());
        }
        the_loop_agrees(server, &self.world, configuration, &scan);
        Ok(Said::of(&scan.verdict))
    }

    /// `l7guard check --all --world` of a snapshot, and `l7guard check --all --with-cluster`, with no file that matters.
    pub(crate) fn check_over(self, configuration: &Configuration) -> Result<[Said; 2], Failed> {
        let bases = [snapshot::read(&*self.snapshot)?, self.base];
        Ok(bases.map(|base| check_over(base, configuration)))
    }
}

/// Writes to both: of `l7guard snapshot` and `--with-cluster` all is the same up to here.
struct Both<'a>(&'a mut SnapshotWriter<Vec<u8>>, &'a mut BaseWorld);

impl Lines for Both<'_> {
    fn put(&mut self, object: Value) -> io::Result<()> {
        self.0.put(object.clone())?;
        self.1.put(object)
    }
}

async fn read(server: &Server) -> Result<ClusterWorld, Failed> {
    let client = server.client.clone();
    let world = ClusterWorld::new(client, &Registry::default(), &Readiness::new());
    let unlisted = world.list_once(&|_| {}).await?;
    if unlisted.is_empty() {
        Ok(world)
    } else {
        Err(format!("{unlisted:?}").into())
    }
}

fn header() -> Header {
    Header::new("test", "2026-01-01T00:00:00Z".to_owned())
}

async fn take_whole(server: &Server, mut lines: impl Lines) -> Result<(), Failed> {
    let client = server.client.clone();
    let world = ClusterWorld::new(client, &Registry::default(), &Readiness::new());
    let taken = snapshot::take(&world, &mut lines, &|_| {}).await?;
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
