//! Files of other programs that stand beside manifests in a repository: lock files, workflows, Compose, templates of AWS. They are
//! passed over in silence, as nobody takes them for manifests.
//!
//! Only what is no object is asked about here: an object is one whatever its file is called.

use super::yaml::{Meaning, NodeId, Source, Text};

/// Directories that belong to other programs.
const DIRECTORIES: [&str; 7] = [
    ".circleci",
    ".devcontainer",
    ".github",
    ".gitlab",
    ".idea",
    ".vscode",
    "node_modules",
];

/// Names of files before the first dot, in lower case, that belong to other programs.
const STEMS: [&str; 26] = [
    "angular",
    "appveyor",
    "bitbucket-pipelines",
    "buildspec",
    "cloudbuild",
    "codecov",
    "compose",
    "composer",
    "deno",
    "docker-compose",
    "jsconfig",
    "lerna",
    "mkdocs",
    "netlify",
    "npm-shrinkwrap",
    "nx",
    "openapi",
    "package",
    "package-lock",
    "pnpm-lock",
    "pnpm-workspace",
    "renovate",
    "swagger",
    "tsconfig",
    "turbo",
    "vercel",
];

/// Beginnings of such names, where more may follow.
const BEGINNINGS: [&str; 4] = ["azure-pipelines", "docker-compose", "jsconfig", "tsconfig"];

/// Keys that together stand in files of one other program.
const SIGNATURES: [&[&str]; 32] = [
    // CloudFormation and AWS SAM.
    &["AWSTemplateFormatVersion"],
    &["Resources"],
    // GitHub Actions; its key `on` is a boolean in YAML 1.1.
    &["jobs", "true"],
    &["jobs", "on"],
    &["runs", "name"],
    // GitLab, Azure, CircleCI, Google, Travis, AWS CodeBuild.
    &["stages"],
    &["before_script"],
    &["pool"],
    &["trigger", "steps"],
    &["orbs"],
    &["workflows", "jobs"],
    &["steps", "substitutions"],
    &["phases", "version"],
    // Compose.
    &["services", "version"],
    &["services", "volumes"],
    &["services", "networks"],
    &["services", "name"],
    // Documentation and descriptions of interfaces.
    &["site_name"],
    &["openapi"],
    &["swagger"],
    &["asyncapi"],
    &["$schema"],
    // Lock files and lists of packages.
    &["lockfileVersion"],
    &["dependencies", "version"],
    &["devDependencies"],
    // pre-commit, Dependabot, Task, Serverless, Prometheus, Alertmanager, Grafana.
    &["repos"],
    &["updates", "version"],
    &["tasks", "version"],
    &["provider", "service"],
    &["scrape_configs"],
    &["receivers", "route"],
    &["panels"],
];

/// Keys of the elements of an Ansible playbook.
const PLAYBOOK: [&str; 3] = ["hosts", "import_playbook", "tasks"];

/// Whether a file's name alone says that it is another program's: a dot file, a lock file, `tsconfig.json`.
#[must_use]
pub(super) fn is_named_so(file: &str) -> bool {
    let mut parts = file.rsplit(['/', '\\']);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    if parts.any(|directory| DIRECTORIES.contains(&directory)) {
        return true;
    }
    let stem = name.split('.').next().unwrap_or_default();
    name.starts_with('.')
        || stem.ends_with("-lock")
        || name.contains(".lock.")
        || STEMS.contains(&stem)
        || BEGINNINGS
            .iter()
            .any(|beginning| stem.starts_with(beginning))
}

/// Whether what cannot be parsed in this source is another program's, too: its name says so, and nothing in it looks like an object.
#[must_use]
pub(super) fn is_of_others(source: &Source) -> bool {
    is_named_so(source.name()) && memchr::memmem::find(source.bytes(), b"apiVersion").is_none()
}

/// Whether a mapping that is no object is another program's.
#[must_use]
pub(super) fn is_mapping(text: Text<'_>, mapping: NodeId) -> bool {
    if is_named_so(text.source.name()) {
        return true;
    }
    let keys = keys(text, mapping);
    let has = |key: &&str| keys.iter().any(|known| known == key);
    SIGNATURES
        .iter()
        .any(|signature| signature.iter().all(&has))
}

/// Whether a list without an object is another program's: by its name, or a playbook.
#[must_use]
pub(super) fn is_list(text: Text<'_>, sequence: NodeId) -> bool {
    if is_named_so(text.source.name()) {
        return true;
    }
    let mut plays = text.tree.children(sequence).peekable();
    plays.peek().is_some()
        && plays.all(|play| {
            text.tree.is_mapping(play)
                && keys(text, play)
                    .iter()
                    .any(|key| PLAYBOOK.contains(&key.as_str()))
        })
}

/// The keys of a mapping that are texts, or `true`.
fn keys(text: Text<'_>, mapping: NodeId) -> Vec<String> {
    let entries = text.tree.entries(mapping);
    entries
        .filter_map(|(key, _)| match text.meaning(key) {
            Ok(Meaning::Text(name)) => Some(name.into_owned()),
            Ok(Meaning::Bool(true)) => Some("true".to_owned()),
            _ => None,
        })
        .collect()
}
