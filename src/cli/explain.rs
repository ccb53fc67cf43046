//! `l7guard explain`: a rule's page, or the way that traffic takes to and from an object, with what repairs it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use l7guard_policy::configuration::{Configuration, Istio};
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::gateways::service::reach;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::World;
use l7guard_policy::objects::{Facts, Object};
use l7guard_policy::paths::affected::Affected;
use l7guard_policy::remedy::Change;
use l7guard_policy::rules::{Rule, RuleCode};
use l7guard_policy::{fronts, paths};

use super::base::{Base, BaseSource};
use super::config::ConfigurationFile;
use super::subject::Subject;
use super::terminal::style;
use super::{ExitStatus, exemptions};
use crate::clock;
use crate::failure::SeveralLines;
use crate::report::text::{self, Style};
use crate::report::traffic::Trace;
use crate::report::{LiveCluster, ReportedError, help, object_name, page, traffic};
use crate::world::ManifestWorld;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 explained, 2 no such rule, no such object or several of that name, or unreadable input.

Below the way stands what repairs each finding on it: which object, which lines. Where a live cluster holds the object and no \
GitOps tool writes it, the kubectl command stands there too.

Examples:
  l7guard explain L7G001
  l7guard explain ingress/edge -f manifests/
  l7guard explain ingress/edge --with-cluster --context prod
  kubectl get ingressclasses,ing,svc,deploy,pods -A -o yaml |
    l7guard explain svc/web -n edge -f -")]
pub(super) struct Arguments {
    /// A rule's code or name (L7G001, alb-ingress), or an object as kubectl names it (ingress/edge, svc/web,
    /// gateway.networking.istio.io/web)
    #[arg(value_name = "CODE|KIND/NAME")]
    subject: String,
    /// Files, directories or patterns that hold the object and its surroundings, or - for standard input; may be repeated
    #[arg(long = "file", short, value_name = "PATH|-")]
    files: Vec<PathBuf>,
    /// The namespace of the object (any, unless it is given), and of objects in the files that name none (`default`)
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,
    #[command(flatten)]
    configuration: ConfigurationFile,
    #[command(flatten)]
    base: BaseSource,
}

/// Where the object is looked for.
#[derive(Clone, Copy)]
enum Sight {
    Files,
    Cluster,
    Both,
}

impl Sight {
    /// As the place of something.
    fn as_str(self) -> &'static str {
        match self {
            Self::Files => "these files",
            Self::Cluster => "this cluster",
            Self::Both => "these files and this cluster",
        }
    }

    /// With what it does.
    fn shows(self) -> String {
        let show = match self {
            Self::Cluster => "shows",
            Self::Files | Self::Both => "show",
        };
        format!("{} {show}", self.as_str())
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    if let Some((kind, name)) = arguments.subject.split_once('/') {
        return explain_object(arguments, kind, name);
    }
    let Some(code) = RuleCode::parse(&arguments.subject) else {
        let known: Vec<String> = Rule::all()
            .iter()
            .map(|rule| format!("  {}  {}", rule.code, rule.name))
            .collect();
        let text = format!(
            "there is no rule {:?}; the rules are\n{}\nAn object is named KIND/NAME, with -f for the files that hold it: l7guard explain ingress/edge -f manifests/",
            arguments.subject,
            known.join("\n")
        );
        bail!(SeveralLines(text));
    };
    let stdout = io::stdout();
    let page = page::on_terminal(&code.rule().page(), style(&stdout));
    stdout.lock().write_all(page.as_bytes())?;
    Ok(ExitStatus::Success)
}

fn explain_object(arguments: &Arguments, kind: &str, name: &str) -> Result<ExitStatus> {
    let configuration = arguments.configuration.load()?;
    let base = arguments.base.load(false)?;
    let sight = match (&base, arguments.files.is_empty()) {
        (None, true) => bail!(
            "say with -f which files hold {kind}/{name} and what is around it: l7guard explain {kind}/{name} -f manifests/ (or name the cluster that holds it: --with-cluster --context NAME)"
        ),
        (None, false) => Sight::Files,
        (Some(_), true) => Sight::Cluster,
        (Some(_), false) => Sight::Both,
    };
    let namespace = arguments.namespace.as_deref();
    let mut read = ManifestWorld::read(&arguments.files, namespace.unwrap_or("default"));
    // Commands change what is there now, not what was there when a snapshot was taken.
    let live = base.as_ref().and_then(|base| base.live.clone());
    if let Some(base) = base {
        lay_over(&mut read, base);
    }
    write_errors(&read.errors)?;
    let subject = Subject {
        kind,
        name,
        namespace,
        place: sight.as_str(),
    };
    let object = subject
        .find(&read.inventory)
        .map_err(|error| SeveralLines(error.to_string()))?;
    let stdout = io::stdout();
    let style = style(&stdout);
    let world = World::new(&read.inventory);
    let mut output = stdout.lock();
    let text = drawing(&world, &configuration, object, style, sight);
    output.write_all(text.as_bytes())?;
    write_repairs(
        &read,
        &configuration,
        object,
        live.as_ref(),
        style,
        &mut output,
    )?;
    let exemptions = exemptions::of_object(&world, &configuration, object);
    output.write_all(exemptions.as_bytes())?;
    Ok(if read.errors.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Error
    })
}

fn lay_over(read: &mut ManifestWorld, base: Base) {
    let file = format!("cluster {}", base.world.header.cluster);
    let errors = base.errors.into_iter().map(|message| ReportedError {
        file: file.clone(),
        line: None,
        column: None,
        message,
    });
    read.errors.extend(errors);
    read.lay_over(base.world, true);
}

/// What repairs each finding on the ways of the object. `live` is the cluster below the files.
fn write_repairs(
    read: &ManifestWorld,
    configuration: &Configuration,
    object: &Object,
    live: Option<&LiveCluster>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let of_files = read.of_files();
    let held_in = |change: &Change| live.filter(|_| !of_files.hold(change));
    for reported in read.repairs_of(&object.key, configuration, clock::today()) {
        help::write_repair(&reported, &held_in, style, &mut *output)?;
    }
    Ok(())
}

/// Inputs that cannot be read may hold what is missing from the drawing.
fn write_errors(errors: &[ReportedError]) -> io::Result<()> {
    let stderr = io::stderr();
    let style = style(&stderr);
    let mut output = stderr.lock();
    for error in errors {
        text::write_error(error, style, &mut output)?;
    }
    Ok(())
}

/// Every way that runs through the object.
fn drawing(
    world: &World<'_>,
    configuration: &Configuration,
    object: &Object,
    style: Style,
    sight: Sight,
) -> String {
    let mut affected = Affected::default();
    affected.add(world, object);
    let ways = Ways {
        world,
        configuration,
        // What the policy does not ask about is there all the same.
        wide: Istio {
            gateway_kinds: vec![
                GatewayKind::Ingress,
                GatewayKind::Egress,
                GatewayKind::EastWest,
            ],
            ..configuration.istio.clone()
        },
        object,
        style,
    };
    let fronts = affected.fronts.iter().filter_map(|key| ways.of_front(key));
    let own = affected.services.iter().filter_map(|key| ways.of_own(key));
    let drawings: Vec<String> = fronts.chain(own).collect();
    if drawings.is_empty() {
        return format!(
            "No AWS load balancer that works on Layer 7 leads to {}, as far as {}.\n",
            object_name(&object.key),
            sight.shows()
        );
    }
    drawings.concat()
}

/// The ways that run through one object.
struct Ways<'a> {
    world: &'a World<'a>,
    configuration: &'a Configuration,
    /// How Istio is recognized, with gateways of every kind.
    wide: Istio,
    object: &'a Object,
    style: Style,
}

impl Ways<'_> {
    /// The ways from a front.
    fn of_front(&self, key: &ObjectKey) -> Option<String> {
        let Self {
            world,
            configuration,
            ..
        } = self;
        let front = fronts::of_object(world, &configuration.aws, world.get(key)?)?;
        let mut wide = paths::of_front(world, &self.wide, front.clone());
        let mut paths = paths::of_front(world, &configuration.istio, front);
        if *key != self.object.key {
            let meant: Vec<bool> = wide
                .legs
                .iter()
                .map(|leg| {
                    wide.participants(leg).contains(&self.object.key)
                        || leg.reach.selects(self.object)
                })
                .collect();
            for legs in [&mut paths.legs, &mut wide.legs] {
                let mut meant = meant.iter();
                legs.retain(|_| meant.next() == Some(&true));
            }
            paths.open_target_groups.clear();
            if paths.legs.is_empty() {
                return None;
            }
        }
        Some(traffic::draw(&paths, &wide, self.style))
    }

    /// The way through the load balancer that a Service asks for itself.
    fn of_own(&self, key: &ObjectKey) -> Option<String> {
        let Facts::Service(service) = self.world.facts(key)? else {
            return None;
        };
        let request = service.load_balancer.as_deref()?;
        let name = (Arc::clone(&key.namespace), Arc::clone(&key.name));
        let asked = reach(self.world, &self.configuration.istio, &name);
        let wide = reach(self.world, &self.wide, &name);
        let is_meant = *key == self.object.key
            || wide.participants().contains(&self.object.key)
            || wide.selects(self.object);
        let trace = Trace {
            asked: &asked,
            wide: &wide,
        };
        is_meant.then(|| traffic::draw_own(service, request, trace, self.style))
    }
}
