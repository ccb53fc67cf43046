//! `l7guard explain`: a rule's page, or the way that traffic takes to and from an object.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::World;
use l7guard_policy::objects::Object;
use l7guard_policy::paths::affected::Affected;
use l7guard_policy::rules::{Rule, RuleCode};
use l7guard_policy::{fronts, paths};

use super::ExitStatus;
use super::config::ConfigurationFile;
use crate::report::{object_name, one_line, traffic};
use crate::world::ManifestWorld;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  l7guard explain L7G001
  l7guard explain Ingress/edge --namespace istio-system -f manifests/")]
pub(super) struct Arguments {
    /// A rule's code or name (L7G001, alb-ingress), or an object as KIND/NAME
    #[arg(value_name = "CODE|KIND/NAME")]
    subject: String,
    /// Files or directories that hold the object and its surroundings, or - for standard input
    #[arg(long = "file", short, value_name = "PATH|-")]
    files: Vec<PathBuf>,
    /// The namespace of the object, and of objects that name none
    #[arg(long, short, default_value = "default")]
    namespace: String,
    #[command(flatten)]
    configuration: ConfigurationFile,
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
        bail!(
            "there is no rule {:?}; the rules are\n{}\nAn object is named KIND/NAME, with -f for the files that hold it.",
            arguments.subject,
            known.join("\n")
        );
    };
    io::stdout().write_all(code.rule().page().as_bytes())?;
    Ok(ExitStatus::Success)
}

fn explain_object(arguments: &Arguments, kind: &str, name: &str) -> Result<ExitStatus> {
    if arguments.files.is_empty() {
        bail!("say with -f which files hold {kind}/{name} and what is around it");
    }
    let read = ManifestWorld::read(&arguments.files, &arguments.namespace);
    let mut stderr = io::stderr().lock();
    for error in &read.errors {
        writeln!(
            stderr,
            "error: {}:{}: {}",
            one_line(&error.file),
            error.line.unwrap_or_default(),
            one_line(&error.message)
        )?;
    }
    let object = find(&read, kind, name, &arguments.namespace).with_context(|| {
        format!(
            "there is no {kind} {:?} in namespace {:?} of these files",
            name, arguments.namespace
        )
    })?;
    let configuration = arguments.configuration.load()?;
    let text = drawing(&World::new(&read.inventory), &configuration, object);
    io::stdout().write_all(text.as_bytes())?;
    Ok(if read.errors.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Error
    })
}

/// The object of a kind (in any case) and name, in the namespace or cluster-scoped.
fn find<'a>(
    read: &'a ManifestWorld,
    kind: &str,
    name: &str,
    namespace: &str,
) -> Option<&'a Object> {
    read.inventory.objects().find(|object| {
        object.key.kind.name().eq_ignore_ascii_case(kind)
            && *object.key.name == *name
            && (object.key.namespace.is_empty() || *object.key.namespace == *namespace)
    })
}

/// Every way that runs through the object.
fn drawing(world: &World<'_>, configuration: &Configuration, object: &Object) -> String {
    let mut affected = Affected::default();
    affected.add(world, object);
    let mut drawings = Vec::new();
    for key in &affected.fronts {
        if let Some(drawn) = draw_front(world, configuration, key, object) {
            drawings.push(drawn);
        }
    }
    if drawings.is_empty() {
        return format!(
            "No AWS load balancer that works on Layer 7 leads to {}.\n",
            object_name(&object.key)
        );
    }
    drawings.concat()
}

fn draw_front(
    world: &World<'_>,
    configuration: &Configuration,
    key: &ObjectKey,
    object: &Object,
) -> Option<String> {
    let front = fronts::of_object(world, &configuration.aws, world.get(key)?)?;
    let mut paths = paths::of_front(world, &configuration.istio, front);
    if *key != object.key {
        let legs = std::mem::take(&mut paths.legs);
        paths.legs = legs
            .into_iter()
            .filter(|leg| paths.participants(leg).contains(&object.key))
            .collect();
        paths.open_target_groups.clear();
        if paths.legs.is_empty() {
            return None;
        }
    }
    Some(traffic::draw(&paths))
}
