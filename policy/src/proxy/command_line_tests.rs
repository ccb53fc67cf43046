//! cobra 1.10 and pflag 1.0.10 gave the same verdicts on each line of `args` without unknown variables.

use super::ProxyRole::{self, Agentgateway, Router, Sidecar, Waypoint, Ztunnel};
use super::{Argument, CommandRole, UnknownRole, proxy_role};

/// The role that is known.
fn known<S: AsRef<str>>(command: &[S], args: &[S], env: &[(S, Option<S>)]) -> Option<ProxyRole> {
    match proxy_role(command, args, env, false) {
        CommandRole::Known(role) => Some(role),
        CommandRole::NoProxy | CommandRole::Unknown { .. } => None,
    }
}

fn role_in(words: &[&str], release: u8) -> Option<ProxyRole> {
    let words: Vec<Argument<'_>> = words.iter().copied().map(Argument::plain).collect();
    super::role_in(&words, release).ok()
}

/// The role of a container with only these `args`, written with blanks between them.
fn role_of(args: &str) -> Option<ProxyRole> {
    let args: Vec<&str> = args.split(' ').collect();
    known(&[], &args, &[])
}

fn check(wanted: Option<ProxyRole>, lines: &[&str]) {
    for args in lines {
        assert_eq!(role_of(args), wanted, "{args}");
    }
}

#[test]
fn the_first_argument_of_proxy_is_the_role() {
    check(
        Some(Router),
        &["proxy router", "proxy router anything sidecar"],
    );
    check(
        Some(Sidecar),
        &["proxy", "proxy sidecar", "proxy sidecar proxy router"],
    );
    check(Some(Waypoint), &["proxy waypoint"]);
    check(Some(Ztunnel), &["proxy ztunnel"]);
    check(Some(Agentgateway), &["proxy agentgateway"]);
}

#[test]
fn the_words_of_the_charts_are_read() {
    check(
        Some(Router),
        &[
            "proxy router --domain $(POD_NAMESPACE).svc.cluster.local --proxyLogLevel=warning \
             --proxyComponentLogLevel=misc:error --log_output_level=default:info --stsPort=15463 \
             --log_as_json",
            "proxy router --domain $(POD_NAMESPACE).svc.cluster.local --log_output_level default:info \
             --drainDuration 45s --parentShutdownDuration 1m0s --connectTimeout 10s --serviceCluster \
             istio-ingressgateway --proxyAdminPort 15000 --statusPort 15020 --controlPlaneAuthPolicy NONE \
             --discoveryAddress istio-pilot.istio-system.svc:15012 --trust-domain=cluster.local",
        ],
    );
    check(
        Some(Sidecar),
        &["proxy sidecar --domain $(POD_NAMESPACE).svc.cluster.local --concurrency 2"],
    );
}

#[test]
fn a_role_that_istio_does_not_know_is_refused() {
    check(
        None,
        &[
            "proxy Router",
            "proxy ingress",
            "proxy proxy router",
            "proxy  router",
            "proxy - router",
        ],
    );
}

#[test]
fn another_subcommand_runs_no_proxy() {
    check(
        None,
        &[
            "wait proxy router",
            "request GET proxy router",
            "istio-iptables -p 15001",
            "help proxy router",
            "completion proxy",
            "router",
            "Proxy router",
            "-- proxy router",
            "",
        ],
    );
    assert_eq!(known::<&str>(&[], &[], &[]), None);
}

#[test]
fn a_flag_with_a_value_takes_the_next_word() {
    check(
        Some(Router),
        &[
            "proxy --domain x router",
            "proxy --domain=x router",
            "proxy --domain= router",
            "proxy --domain --log_as_json router",
            "proxy --domain -- router",
            "proxy --domain proxy router",
            "--log_output_level default:debug proxy router",
            "--log_target proxy proxy router",
        ],
    );
    check(
        Some(Sidecar),
        &["proxy --serviceCluster router", "proxy --domain router"],
    );
    check(
        None,
        &["proxy router --domain", "--log_target proxy router"],
    );
}

#[test]
fn a_boolean_takes_no_word() {
    check(
        Some(Router),
        &[
            "proxy --log_as_json router",
            "proxy --log_as_json=false router",
            "--log_as_json proxy router",
            "proxy --profiling router",
            "proxy router --profiling=$(PROFILING)",
        ],
    );
    check(
        None,
        &[
            "proxy router --log_as_json=maybe",
            "proxy router --log_as_json=",
        ],
    );
}

#[test]
fn a_boolean_of_proxy_takes_the_subcommand_before_it() {
    check(
        None,
        &["--profiling proxy router", "--help=false x proxy router"],
    );
    check(Some(Router), &["--profiling=true proxy router"]);
}

#[test]
fn an_integer_must_be_one() {
    check(
        Some(Router),
        &[
            "proxy --concurrency 0x2 router",
            "proxy --concurrency=-1 router",
            "proxy --concurrency $(CPUS) router",
        ],
    );
    check(
        None,
        &[
            "proxy --concurrency router",
            "proxy router --concurrency=two",
            "proxy router --stsPort=",
        ],
    );
}

#[test]
fn an_unknown_flag_takes_the_next_word_unless_that_is_a_flag() {
    check(
        Some(Sidecar),
        &[
            "proxy --unknown router",
            "proxy -x router",
            "proxy -xy router",
        ],
    );
    check(
        Some(Router),
        &[
            "proxy --unknown=x router",
            "proxy --unknown x router",
            "proxy --unknown --log_as_json router",
            "proxy -x=1 router",
            "proxy -xy=1 router",
            "proxy -xy a router",
            "proxy -test.v router",
            "--unknown x proxy router",
            "-x y proxy router",
            "-x=y proxy router",
        ],
    );
    check(None, &["--unknown proxy router", "-x proxy router"]);
    check(Some(Sidecar), &["proxy -x= router", "proxy -xytest router"]);
    // Letters in front of the subcommand do not take it, but they do take what follows it.
    check(Some(Sidecar), &["-xy proxy router"]);
    check(Some(Router), &["-xy  proxy router"]);
}

#[test]
fn two_dashes_end_the_flags() {
    check(
        Some(Router),
        &[
            "proxy -- router",
            "proxy -- router --help",
            "proxy router -- --help",
        ],
    );
    check(Some(Sidecar), &["proxy --"]);
    check(None, &["proxy -- --domain router"]);
}

#[test]
fn help_runs_no_proxy() {
    check(
        None,
        &[
            "proxy router --help",
            "proxy router -h",
            "proxy router -xh",
            "proxy -hx y router",
            "proxy router --help=true",
            "proxy router --help=maybe",
            "--help proxy router",
            "-h proxy router",
        ],
    );
    check(
        Some(Router),
        &[
            "proxy router --help=false",
            "proxy -h=0 router",
            "proxy --help router --help=F",
            "proxy -h router --help=0",
            "proxy router --domain --help",
        ],
    );
}

#[test]
fn malformed_flags_are_refused() {
    check(None, &["proxy router ---domain", "proxy router --=x"]);
}

#[test]
fn a_line_that_some_release_reads_as_a_routers_is_a_routers() {
    let line = |args: &'static str| args.split(' ').collect::<Vec<_>>();
    let removed_boolean = line("proxy --disableInternalTelemetry router");
    assert_eq!(role_in(&removed_boolean, 7), Some(Router));
    assert_eq!(role_in(&removed_boolean, 8), Some(Sidecar));
    let swallowed = line("proxy --disableInternalTelemetry sidecar router");
    assert_eq!(role_in(&swallowed, 7), Some(Sidecar));
    assert_eq!(role_in(&swallowed, 8), Some(Router));
    check(
        Some(Router),
        &[
            "proxy --disableInternalTelemetry router",
            "proxy --disableInternalTelemetry sidecar router",
            "proxy --profiling sidecar router",
            "proxy --id --domain sidecar router",
        ],
    );
}

#[test]
fn of_other_roles_the_newest_release_that_gives_one_decides() {
    check(
        Some(Waypoint),
        &["proxy --disableInternalTelemetry sidecar waypoint"],
    );
    check(Some(Sidecar), &["proxy --id --domain waypoint"]);
    // Only releases that do not know the flag accept its value.
    check(Some(Waypoint), &["proxy waypoint --profiling=maybe"]);
}

#[test]
fn a_command_is_read_from_pilot_agent_on() {
    for (command, args, wanted) in [
        (&["pilot-agent"][..], &["proxy", "router"][..], Some(Router)),
        (
            &["/usr/local/bin/pilot-agent", "proxy"],
            &["router"],
            Some(Router),
        ),
        (&["pilot-agent", "proxy", "router"], &[], Some(Router)),
        (
            &["/tini", "--", "/usr/local/bin/pilot-agent"],
            &["proxy", "router"],
            Some(Router),
        ),
        (
            &["/tini", "--"],
            &["pilot-agent", "proxy", "router"],
            Some(Router),
        ),
        (
            &["pilot-agent", "wait", "pilot-agent", "proxy"],
            &["router"],
            None,
        ),
        (&["pilot-agent"], &[], None),
        (&["envoy"], &["proxy", "router"], None),
        (&["pilot-agent-wrapper"], &["proxy", "router"], None),
        (&[""], &["proxy", "router"], None),
        (&["my pilot-agent"], &["proxy", "router"], None),
    ] {
        assert_eq!(known(command, args, &[]), wanted, "{command:?} {args:?}");
    }
}

#[test]
fn a_script_of_one_plain_command_is_read() {
    for (command, args, wanted) in [
        (
            &["sh", "-c", "exec pilot-agent proxy router"][..],
            &[][..],
            Some(Router),
        ),
        (
            &["/bin/bash", "-ec"],
            &["/usr/local/bin/pilot-agent proxy router\n"],
            Some(Router),
        ),
        (
            &["sh", "-c", "exec /tini -- pilot-agent proxy router"],
            &[],
            Some(Router),
        ),
        (
            &["sh", "-c", "pilot-agent proxy sidecar"],
            &["proxy", "router"],
            Some(Sidecar),
        ),
        // The words behind a script are not its program's.
        (
            &["sh", "-c", "/usr/local/bin/pilot-agent"],
            &["proxy", "router"],
            None,
        ),
        (
            &["sh", "-c", "echo x; exec /usr/local/bin/pilot-agent"],
            &["proxy", "router"],
            None,
        ),
        (&["sh", "-c", "pilot-agent proxy \"$ROLE\""], &[], None),
        (&["sh", "-c", "exec envoy"], &[], None),
        (&["sh", "-c", ""], &[], None),
    ] {
        assert_eq!(known(command, args, &[]), wanted, "{command:?} {args:?}");
    }
}

#[test]
fn variables_with_literal_values_are_put_in() {
    let env = [
        ("ROLE", Some("router")),
        ("SUBCOMMAND", Some("proxy")),
        ("AGENT", Some("pilot-agent")),
        ("INDIRECT", Some("$(ROLE)")),
        ("WORDS", Some("proxy router")),
        ("HIDDEN", None),
    ];
    for (args, wanted) in [
        (["proxy", "$(ROLE)"], Some(Router)),
        (["$(SUBCOMMAND)", "router"], Some(Router)),
        (["proxy", "$(INDIRECT)"], Some(Router)),
        (["proxy", "$$(ROLE)"], None),
        (["proxy", "$(HIDDEN)"], None),
        (["proxy", "$(UNKNOWN)"], None),
        (["$(HIDDEN)", "router"], None),
        (["$(WORDS)", "router"], None),
    ] {
        assert_eq!(known(&[], &args, &env), wanted, "{args:?}");
        assert_eq!(known(&["$(AGENT)"], &args, &env), wanted, "{args:?}");
    }
    let script = ["sh", "-c", "exec pilot-agent proxy $(ROLE)"];
    assert_eq!(known(&script, &[], &env), Some(Router));
    let script = ["sh", "-c", "exec pilot-agent proxy $(HIDDEN)"];
    assert_eq!(known(&script, &[], &env), None);
}

/// Why the role is unknown, with `args` written with blanks between them and `$(HIDDEN)` from elsewhere.
fn unknown(command: &[&str], args: &str, has_env_from: bool) -> Option<(UnknownRole, bool)> {
    let args: Vec<&str> = args.split(' ').filter(|word| !word.is_empty()).collect();
    match proxy_role(command, &args, &[("HIDDEN", None)], has_env_from) {
        CommandRole::Unknown { why, is_proxy } => Some((why, is_proxy)),
        CommandRole::NoProxy | CommandRole::Known(_) => None,
    }
}

#[test]
fn a_value_from_elsewhere_leaves_the_role_open_where_it_may_decide() {
    for args in [
        "proxy $(HIDDEN)",
        "proxy rou$(HIDDEN)",
        "proxy --domain x $(HIDDEN)",
        "proxy -- $(HIDDEN)",
        "proxy $(HIDDEN) router",
        "proxy --$(HIDDEN) router",
        "proxy -$(HIDDEN) router",
        "proxy --unknown $(HIDDEN) x router",
        "proxy --help=$(HIDDEN) router",
    ] {
        let wanted = Some((UnknownRole::Variable, true));
        assert_eq!(unknown(&[], args, false), wanted, "{args}");
        assert_eq!(unknown(&["pilot-agent"], args, false), wanted, "{args}");
        let others = args.replace("HIDDEN", "OTHER");
        assert_eq!(unknown(&[], &others, true), wanted, "{others}");
        assert_eq!(unknown(&[], &others, false), None, "{others}");
    }
    for args in [
        "$(HIDDEN) router",
        "$(HIDDEN)",
        "pro$(HIDDEN) router",
        "--$(HIDDEN) proxy router",
    ] {
        let wanted = Some((UnknownRole::Variable, false));
        assert_eq!(unknown(&[], args, false), wanted, "{args}");
    }
}

#[test]
fn a_value_from_elsewhere_decides_nothing_where_it_can_be_no_role() {
    for args in [
        "proxy router --domain $(HIDDEN).svc.cluster.local",
        "proxy --domain $(HIDDEN) sidecar",
        "proxy sidecar $(HIDDEN)",
        "proxy sidecar --log_as_json=$(HIDDEN)",
        "proxy --concurrency=$(HIDDEN) sidecar",
        "proxy app-$(HIDDEN)",
        "wait $(HIDDEN)",
        "--log_output_level $(HIDDEN) wait",
    ] {
        assert_eq!(unknown(&[], args, false), None, "{args}");
    }
}

#[test]
fn other_programs_and_scripts_leave_the_role_open() {
    use UnknownRole::{Program, Script};
    for (command, wanted) in [
        (&["envoy", "-c", "/etc/envoy.yaml"][..], (Program, false)),
        (&["/start.sh", "proxy", "sidecar"], (Program, false)),
        (&["$(HIDDEN)", "proxy", "router"], (Program, false)),
        (&["sh", "-c", "/start.sh"], (Program, false)),
        (&["sh", "-c", "exec \"$0\" proxy router"], (Script, false)),
        (
            &["sh", "-c", "sleep 1; pilot-agent proxy $ROLE"],
            (Script, true),
        ),
        (
            &["sh", "-c", "exec $@", "pilot-agent", "proxy"],
            (Script, true),
        ),
    ] {
        assert_eq!(unknown(command, "", false), Some(wanted), "{command:?}");
    }
    assert_eq!(unknown(&["pilot-agent", "wait"], "", false), None);
}
