use std::os::unix::process::ExitStatusExt;

use tempfile::TempDir;

use super::*;

/// Long enough to be never reached, short enough to turn a hang into a failure.
const HANGS_AFTER: Duration = Duration::from_mins(1);

/// A component that runs `script`, in a group and with a log folder of its own.
fn run(script: &str) -> (Component, Group, TempDir) {
    let logs = tempfile::tempdir().unwrap();
    let group = Group::new(&[logs.path()]).unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    let component = group.start("component", command, logs.path()).unwrap();
    (component, group, logs)
}

fn wait_for_line(component: &Component, line: &str) {
    let began = Instant::now();
    while !component.log_end().lines().any(|logged| logged == line) {
        assert!(began.elapsed() < HANGS_AFTER, "{}", component.log_end());
        thread::yield_now();
    }
}

fn signal_that_ended(component: &mut Component) -> Option<i32> {
    component.ended().unwrap().unwrap().signal()
}

#[test]
fn stopping_lets_a_component_end_in_its_own_way_when_it_does_so_in_time() {
    let (mut component, _group, _logs) =
        run("trap 'echo goodbye; exit 7' TERM; echo ready; while :; do sleep 0.01; done");
    wait_for_line(&component, "ready");
    component.stop(Duration::from_mins(1));
    assert_eq!(component.ended().unwrap().unwrap().code(), Some(7));
    assert_eq!(component.log_end(), "ready\ngoodbye");
}

#[test]
fn a_component_that_ignores_the_request_to_stop_is_killed() {
    let (mut component, _group, _logs) =
        run("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    wait_for_line(&component, "ready");
    component.stop(Duration::ZERO);
    assert_eq!(
        signal_that_ended(&mut component),
        Some(Signal::KILL.as_raw())
    );
}

#[test]
fn when_the_owner_is_gone_the_guard_ends_the_components_and_removes_the_folders() {
    let (mut component, mut group, logs) = run("exec sleep 600");
    // Nobody else holds the other end of this pipe: closing it is what the death of the owner does.
    drop(group.guard.stdin.take());
    group.guard.wait().unwrap();
    component.child.wait().unwrap();
    assert_eq!(
        signal_that_ended(&mut component),
        Some(Signal::TERM.as_raw())
    );
    assert!(!logs.path().exists());
}

#[test]
fn a_component_sees_nothing_of_the_environment() {
    let (component, _group, _logs) = run("echo \"home: <$HOME>\"");
    wait_for_line(&component, "home: <>");
}

#[test]
fn a_log_is_quoted_from_its_end() {
    let (mut component, _group, _logs) =
        run("i=0; while [ $i -lt 50 ]; do echo $i; i=$((i+1)); done");
    component.child.wait().unwrap();
    let quoted = component.log_end();
    assert!(quoted.starts_with("30\n31\n"), "{quoted}");
    assert!(quoted.ends_with("\n49"), "{quoted}");
}
