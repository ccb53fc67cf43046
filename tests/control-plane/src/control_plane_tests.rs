use std::thread::spawn;

use rustix::process::{Pid, test_kill_process};

use super::*;
use crate::Binaries;

/// A control plane of stand-ins: the processes are real, what they do is not.
fn start(options: &Options) -> ControlPlane {
    let fixture = |name| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name)
    };
    let binaries = Binaries {
        etcd: fixture("component-that-runs"),
        kube_apiserver: fixture("component-that-runs"),
        kube_controller_manager: fixture("component-that-runs"),
        kubectl: fixture("kubectl-that-succeeds"),
    };
    ControlPlane::start(&binaries, options).unwrap()
}

fn names(plane: &ControlPlane) -> Vec<&str> {
    plane
        .components
        .iter()
        .map(|component| component.name)
        .collect()
}

#[test]
fn kube_controller_manager_runs_only_where_it_is_wanted() {
    let without = start(&Options::default());
    assert_eq!(names(&without), ["etcd", "kube-apiserver"]);
    let with = start(&Options {
        controller_manager: true,
        ..Options::default()
    });
    assert_eq!(
        names(&with),
        ["etcd", "kube-apiserver", "kube-controller-manager"]
    );
}

#[test]
fn dropping_it_ends_every_process_and_removes_every_file() {
    let plane = start(&Options::default());
    let folders = [plane.state.path(), plane.logs.path()].map(Path::to_path_buf);
    let processes: Vec<u32> = plane.components.iter().map(Component::id).collect();
    let exists = |id: &u32| {
        let id = Pid::from_raw(i32::try_from(*id).unwrap()).unwrap();
        test_kill_process(id).is_ok()
    };
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(exists));
    assert!(folders.iter().all(|folder| folder.exists()));
    drop(plane);
    assert!(!processes.iter().any(exists));
    assert!(!folders.iter().any(|folder| folder.exists()));
}

#[test]
fn logs_that_were_asked_for_outlive_it_and_keys_do_not() {
    let mut plane = start(&Options::default());
    let kubeconfig = plane.kubeconfig().to_path_buf();
    let logs = plane.keep_logs().to_path_buf();
    assert!(kubeconfig.exists());
    drop(plane);
    assert!(logs.join("etcd.log").exists());
    assert!(!kubeconfig.exists());
    std::fs::remove_dir_all(logs).unwrap();
}

#[test]
fn logs_outlive_it_when_the_test_that_owns_it_fails() {
    let plane = start(&Options::default());
    let logs = plane.logs.path().to_path_buf();
    let failing = spawn(move || {
        let _plane = plane;
        panic!("a failing test");
    });
    assert!(failing.join().is_err());
    assert!(logs.join("etcd.log").exists());
    std::fs::remove_dir_all(logs).unwrap();
}
