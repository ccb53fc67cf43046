use std::path::{Path, PathBuf};

use super::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// Why a control plane with this kube-apiserver, whose kubectl fails, did not start.
fn start(kube_apiserver: &str, ready_within: Duration) -> Error {
    let binaries = Binaries {
        etcd: fixture("component-that-runs"),
        kube_apiserver: fixture(kube_apiserver),
        kube_controller_manager: fixture("component-that-ends"),
        kubectl: fixture("kubectl-that-fails"),
    };
    let options = Options {
        ready_within,
        ..Options::default()
    };
    ControlPlane::start(&binaries, &options).err().unwrap()
}

#[test]
fn a_component_that_ends_is_an_error_that_quotes_its_log_and_keeps_it() {
    let error = start("component-that-ends", Options::default().ready_within);
    let Error::ComponentEnded {
        component,
        log_end,
        logs,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(component, "kube-apiserver");
    assert!(log_end.contains("no luck today"), "{log_end}");
    assert!(logs.join("kube-apiserver.log").is_file());
    fs::remove_dir_all(logs).unwrap();
}

#[test]
fn a_component_that_does_not_become_ready_is_an_error_that_says_what_it_answered() {
    let error = start("component-that-runs", Duration::ZERO);
    let text = error.to_string();
    let Error::NotReady {
        component,
        last_answer,
        logs,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(component, "kube-apiserver");
    assert_eq!(last_answer, "etcd failed: reason withheld");
    assert!(text.contains(&last_answer), "{text}");
    fs::remove_dir_all(logs).unwrap();
}

#[test]
fn only_a_taken_port_is_worth_another_attempt() {
    let ended = |log_end: &str| Error::ComponentEnded {
        component: "etcd",
        status: ExitStatus::default(),
        log_end: log_end.to_owned(),
        logs: PathBuf::new(),
    };
    assert!(port_was_taken(&ended(
        "listen tcp 127.0.0.1:2379: bind: address already in use"
    )));
    assert!(!port_was_taken(&ended("unknown flag: --verbose")));
}

#[test]
fn the_ports_of_the_components_differ() {
    let ports = Ports::free().unwrap();
    assert_ne!(ports.api_server, ports.etcd_clients);
    assert_ne!(ports.api_server, ports.etcd_peers);
    assert_ne!(ports.etcd_clients, ports.etcd_peers);
}
