//! How the action comes by l7guard: the release's binary where it is what the release states, and else a build.

use serde_json::json;

use crate::action;
use crate::page::file;
use crate::release::{COMMIT, REPOSITORY, Release, Served, TAG};
use crate::sandbox::{Ended, Sandbox, World, stand_in};

/// How the action ended in a violating repository, and whether it built l7guard.
struct Run {
    ended: Ended,
    has_built: bool,
}

fn run_at(served: &Served, reference: &str, prepare: impl FnOnce(&mut Sandbox)) -> Run {
    let mut sandbox = Sandbox::new(World::Violating);
    for (name, value) in [
        ("github.server_url", served.address.as_str()),
        ("github.action_repository", REPOSITORY),
        ("github.action_ref", reference),
    ] {
        sandbox.contexts.insert(name, value.to_owned());
    }
    prepare(&mut sandbox);
    let ended = action::run_action(&mut sandbox, &json!({"paths": "manifests"}));
    let has_built = sandbox.path("tools/l7guard").exists();
    Run { ended, has_built }
}

fn run(release: Release, reference: &str) -> Run {
    run_at(&release.serve(), reference, |_| {})
}

impl Run {
    #[track_caller]
    fn assert_uses_the_release(&self) {
        assert!(!self.has_built, "{}", self.ended.stdout);
        // As it should end in this repository.
        assert_eq!(self.ended.status, 1, "{}", self.ended.stderr);
        assert!(
            self.ended
                .stdout
                .contains("::error file=manifests/edge.yaml,")
        );
    }

    #[track_caller]
    fn assert_builds(&self) {
        assert!(self.has_built, "{}{}", self.ended.stdout, self.ended.stderr);
        assert!(
            self.ended
                .stdout
                .contains("::error file=manifests/edge.yaml,")
        );
    }

    #[track_caller]
    fn assert_refuses(&self, why: &str) {
        assert!(!self.has_built, "{}", self.ended.stdout);
        assert_eq!(self.ended.status, 1);
        let wanted = format!("::error title=l7guard::{why}");
        assert!(self.ended.stdout.contains(&wanted), "{}", self.ended.stdout);
        assert!(!self.ended.stdout.contains("edge.yaml"), "it went on");
    }
}

fn archive(architecture: &str) -> String {
    format!("l7guard-{TAG}-linux-{architecture}.tar.gz")
}

#[test]
fn a_release_with_the_right_checksum_is_used() {
    run(Release::of_program("amd64"), TAG).assert_uses_the_release();
}

#[test]
fn a_release_with_another_checksum_is_refused_and_nothing_is_built() {
    let mut release = Release::of_program("amd64");
    release.file(".tar.gz").push(0);
    let why = format!("{} does not have the checksum", archive("amd64"));
    run(release, TAG).assert_refuses(&why);
}

#[test]
fn an_archive_that_the_checksums_do_not_list_is_refused() {
    let mut release = Release::of_program("amd64");
    let sums = String::from_utf8(release.file("SHA256SUMS").clone()).unwrap();
    let sums = sums.replace(&archive("amd64"), "another.tar.gz");
    *release.file("SHA256SUMS") = sums.into_bytes();
    let why = format!(
        "SHA256SUMS of the release does not list {}",
        archive("amd64")
    );
    run(release, TAG).assert_refuses(&why);
}

#[test]
fn without_a_release_it_is_built_and_said_why() {
    let mut release = Release::of_program("amd64");
    release.files.clear();
    let run = run(release, TAG);
    run.assert_builds();
    let why = format!("there is no release {TAG} to be had");
    assert!(run.ended.stdout.contains(&why), "{}", run.ended.stdout);
}

#[test]
fn an_action_at_the_commit_of_the_release_uses_it_and_at_another_one_is_built() {
    run(Release::of_program("amd64"), COMMIT).assert_uses_the_release();
    let other = COMMIT.replace('0', "f");
    run(Release::of_program("amd64"), &other).assert_builds();
    let mut release = Release::of_program("amd64");
    *release.file("REVISION") = format!("{other}\n").into_bytes();
    run(release, &other).assert_refuses("REVISION does not have the checksum");
}

#[test]
fn an_action_at_a_branch_is_built_and_nothing_is_downloaded() {
    let served = Release::of_program("amd64").serve();
    run_at(&served, "main", |_| {}).assert_builds();
    assert_eq!(served.asked(), [""; 0]);
}

#[test]
fn each_system_gets_its_own_archive_and_one_without_is_built() {
    let served = Release::of_program("arm64").serve();
    let on = |system: &str, machine: &str| {
        run_at(&served, TAG, |sandbox| {
            sandbox.set("RUNNER_OS", system);
            sandbox.set("RUNNER_ARCH", machine);
        })
    };
    on("Linux", "ARM64").assert_uses_the_release();
    on("Linux", "X64").assert_builds();
    on("macOS", "ARM64").assert_builds();
}

#[test]
fn an_attestation_that_fails_is_refused() {
    let served = Release::of_program("amd64").serve();
    let with_gh = |script: &str| {
        run_at(&served, TAG, |sandbox| {
            stand_in(&sandbox.path("bin/gh"), script);
        })
    };
    let attests = format!(
        r#"test "$1 $2" = "attestation verify" && test -s "$3" && test "$4 $5" = "--repo {REPOSITORY}" && test "$GH_TOKEN""#
    );
    let run = with_gh(&attests);
    run.assert_uses_the_release();
    assert!(run.ended.stdout.contains("its build is attested"));
    with_gh("exit 1").assert_refuses("nobody attests");
}

/// What the action looks for is what the workflow publishes.
#[test]
fn the_release_workflow_publishes_what_the_action_downloads() {
    let workflow = file(".github/workflows/release.yml");
    for text in [
        r#"name="l7guard-$GITHUB_REF_NAME-linux-${{ matrix.architecture }}""#,
        r#"echo "$GITHUB_SHA" > REVISION"#,
        "sha256sum -- *.tar.gz *.cdx.json REVISION > SHA256SUMS",
        "dist/SHA256SUMS*",
        "dist/REVISION",
        "subject-checksums: dist/SHA256SUMS",
    ] {
        assert!(workflow.contains(text), "{text}");
    }
}
