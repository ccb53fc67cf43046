//! `kubectl l7guard`: the program under the name of a plugin.

use std::env;
use std::os::unix::fs::symlink;

use libtest_mimic::Failed;

use crate::Case;
use crate::scene::{Scene, root};

pub(crate) const CASES: &[Case] = &[(
    "kubectl runs the program as its plugin, and help speaks of kubectl l7guard",
    kubectl_runs_the_plugin,
)];

fn kubectl_runs_the_plugin(scene: &Scene) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let program = env!("CARGO_BIN_EXE_l7guard");
    symlink(program, folder.path().join("kubectl-l7guard"))?;
    let inherited = env::var_os("PATH").unwrap_or_default();
    let folders = [folder.path().to_owned()].into_iter();
    let path = env::join_paths(folders.chain(env::split_paths(&inherited)))?;
    let run = |arguments: &[&str]| {
        let mut kubectl = scene.cluster.kubectl(arguments);
        kubectl.env("PATH", &path).current_dir(root()).output()
    };

    let help = run(&["l7guard", "check", "--help"])?;
    let help = String::from_utf8(help.stdout)?;
    assert!(help.contains("Usage: kubectl l7guard check "), "{help}");

    let world = "examples/quickstart/world";
    let refused = "examples/quickstart/alb-to-gateway.yaml";
    let checked = run(&["l7guard", "check", world, refused])?;
    assert_eq!(checked.status.code(), Some(1));
    Ok(())
}
