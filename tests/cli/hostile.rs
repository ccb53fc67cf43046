//! Input that is broken, enormous or no file at all: a clear error with its position, exit status 2, bounded memory, and
//! never a panic or a wait without end.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Ended, VIOLATOR, directory, l7guard, path, run, run_with_input};

/// All memory that a run may take, in KiB: well under 1 GiB. Address space is bounded, so what is resident is too, and a
/// run that wants more is aborted.
const MEMORY: &str = "800000";

/// Runs `l7guard check` on a file in bounded memory.
fn check_bounded(file: &Path) -> Ended {
    let output = Command::new("sh")
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", MEMORY])
        .args([env!("CARGO_BIN_EXE_l7guard"), "check", path(file)])
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    Ended::of(&output)
}

/// Expects a run that ends with an error at a place, and says nothing but what it is about.
fn assert_error(input: &[u8], place: &str, message: &str) {
    let files = directory(&[]);
    let file = files.path().join("bad.yaml");
    std::fs::write(&file, input).unwrap();
    let ended = check_bounded(&file);
    let shown = &ended.stdout[..ended.stdout.len().min(2_000)];
    assert_eq!(ended.status, 2, "{shown}");
    assert!(ended.stdout.contains(message), "{message:?} in {shown}");
    let place = format!("bad.yaml{place}\n");
    assert!(ended.stdout.contains(&place), "{place:?} in {shown}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn a_document_of_200_mb_is_read_and_does_not_hide_the_one_behind_it() {
    let files = directory(&[]);
    let file = files.path().join("large.yaml");
    let mut writer = BufWriter::new(File::create(&file).unwrap());
    writer
        .write_all(b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\ndata:\n  text: |\n")
        .unwrap();
    let line = format!("    {}\n", "x".repeat(995));
    for _ in 0..200_000 {
        writer.write_all(line.as_bytes()).unwrap();
    }
    write!(writer, "---\n{VIOLATOR}").unwrap();
    drop(writer);
    assert!(file.metadata().unwrap().len() > 200_000_000);
    let ended = check_bounded(&file);
    assert_eq!(ended.status, 1, "{} {}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("large.yaml:200012:36\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("2 objects, 1 denied"),
        "{}",
        ended.stdout
    );
}

#[test]
fn the_last_of_a_hundred_thousand_documents_in_200_mb_is_judged_like_the_first() {
    let files = directory(&[]);
    let file = files.path().join("many.yaml");
    let mut writer = BufWriter::new(File::create(&file).unwrap());
    let text = "x".repeat(1_940);
    for number in 0..100_000 {
        write!(
            writer,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: n{number}}}\ndata:\n  text: {text}\n---\n"
        )
        .unwrap();
    }
    writer.write_all(VIOLATOR.as_bytes()).unwrap();
    drop(writer);
    assert!(file.metadata().unwrap().len() > 200_000_000);
    let ended = check_bounded(&file);
    assert_eq!(ended.status, 1, "{} {}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("many.yaml:600006:36\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("100001 objects, 1 denied"),
        "{}",
        ended.stdout
    );
}

#[test]
fn an_object_that_no_api_server_takes_is_an_error_in_little_memory() {
    let mut object = b"apiVersion: v1\nkind: ConfigMap\nitems:\n".to_vec();
    object.extend(b"- a\n".repeat(3_000_000));
    assert_error(&object, ":1:1", "more than 1000000 values in one object");
}

#[test]
fn a_line_of_many_megabytes_is_not_quoted() {
    let padding = "x".repeat(20_000_000);
    let object = format!(
        "{{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"Ingress\", \"metadata\": {{\"name\": \"edge\", \
         \"annotations\": {{\"a\": \"{padding}\"}}}}, \"spec\": {{\"ingressClassName\": \"alb\", \
         \"defaultBackend\": {{\"service\": {{\"name\": \"istio-ingressgateway\"}}}}}}}}"
    );
    let files = directory(&[("line.json", &object)]);
    let ended = check_bounded(&files.path().join("line.json"));
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("line.json:1:20000"),
        "{:.500}",
        ended.stdout
    );
    assert!(ended.stdout.len() < 10_000, "{:.500}", ended.stdout);
}

#[test]
fn a_hundred_thousand_levels_are_refused_where_they_are_too_deep() {
    const LEVELS: usize = 100_000;
    let deep = "nested more than 1000 levels deep";
    let json = format!("{{\"a\": {}", "[".repeat(LEVELS));
    assert_error(json.as_bytes(), ":1:1006", deep);
    let flow = format!("a: {}{}\n", "[".repeat(LEVELS), "]".repeat(LEVELS));
    assert_error(flow.as_bytes(), ":1:1004", deep);
    let sequences = format!("a:\n{}x\n", "- ".repeat(LEVELS));
    assert_error(sequences.as_bytes(), ":2:1999", deep);
}

#[test]
fn bombs_of_aliases_are_refused() {
    let mut bomb =
        String::from("kind: Service\napiVersion: v1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{aliases}]");
    }
    assert_error(
        bomb.as_bytes(),
        ":3:37",
        "the aliases (`*name`) of this document stand for far more",
    );
    assert_error(
        b"kind: Service\napiVersion: v1\na: &a [*a]\n",
        ":3:8",
        "contains the alias itself",
    );
}

#[test]
fn what_is_no_text_is_said_to_be_none() {
    let broken = |bytes: &[u8]| [b"apiVersion: v1\nkind: Service\n", bytes].concat();
    assert_error(&broken(b"a: \xFF\n"), ":3:4", "not UTF-8");
    assert_error(&broken(b"a: \0\n"), ":3:4", "a NUL character");
    let wide: Vec<u8> = "\u{feff}kind: Service\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_error(&wide, ":1:1", "UTF-16 or UTF-32: save it as UTF-8");
    assert_error(
        &broken(b"metadata:\n\tname: a\n"),
        ":4:1",
        "a tab where only spaces may stand",
    );
    assert_error(
        &broken(b"metadata: {name: a\n"),
        ":3:11",
        "`{` is never closed",
    );
}

#[test]
fn nothing_at_all_is_an_error_that_says_what_was_looked_for() {
    for nothing in ["", "\n\n", "---\n---\n", "# a comment\n", "\u{feff}"] {
        let ended = run_with_input(&["check", "-"], nothing);
        assert_eq!(ended.status, 2, "{nothing:?}");
        assert!(
            ended.stdout.contains("no Kubernetes objects found"),
            "{}",
            ended.stdout
        );
    }
    let folder = directory(&[("README.md", "# nothing\n")]);
    let ended = run(&["check", path(folder.path())]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("no .yaml, .yml or .json file"),
        "{}",
        ended.stdout
    );
}

#[test]
fn pipes_and_devices_are_named_and_never_waited_for() {
    let files = directory(&[("a.yaml", VIOLATOR)]);
    let pipe = files.path().join("pipe.yaml");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for (input, what) in [
        (path(&pipe), "a pipe"),
        ("/dev/zero", "a device"),
        ("/dev/null", "a device"),
    ] {
        let ended = run(&["check", input]);
        assert_eq!(ended.status, 2, "{input}");
        assert!(ended.stdout.contains(what), "{}", ended.stdout);
    }
    // In a folder they hide nothing.
    let ended = run(&["check", path(files.path())]);
    assert_eq!(ended.status, 2);
    assert!(ended.stdout.contains("error[L7G001]"), "{}", ended.stdout);
}

/// Standard input that never ends is read up to the bound.
#[test]
fn an_endless_standard_input_is_refused_at_the_bound() {
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -v \"$0\" && exec \"$1\" check -",
            MEMORY,
            env!("CARGO_BIN_EXE_l7guard"),
        ])
        .stdin(File::open("/dev/zero").unwrap())
        .output()
        .unwrap();
    let ended = Ended::of(&output);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("larger than 512 MiB"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_file_that_is_not_for_this_user_is_an_error_that_hides_nothing() {
    let files = directory(&[("a.yaml", VIOLATOR), ("secret.yaml", "kind: Secret\n")]);
    let secret = files.path().join("secret.yaml");
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o000)).unwrap();
    let arguments = ["check", path(files.path())];
    let mut command = l7guard(&arguments);
    if File::open(&secret).is_ok() {
        // The superuser may read everything: somebody else has to look.
        std::fs::set_permissions(files.path(), PermissionsExt::from_mode(0o755)).unwrap();
        command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--clear-groups"])
            .arg(env!("CARGO_BIN_EXE_l7guard"))
            .args(arguments);
    }
    let Ok(output) = command.output() else {
        // There is no `setpriv` on this machine.
        return;
    };
    let ended = Ended::of(&output);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("permission denied"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("error[L7G001]"), "{}", ended.stdout);
}

#[test]
fn a_folder_that_contains_itself_is_read_once() {
    let files = directory(&[("a/b/violator.yaml", VIOLATOR)]);
    symlink(files.path(), files.path().join("a/b/loop")).unwrap();
    symlink("a", files.path().join("again")).unwrap();
    let ended = run(&["check", path(files.path())]);
    assert_eq!(ended.status, 1, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("1 object, 1 denied"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_reader_that_has_enough_ends_the_run_without_an_error_and_with_its_verdict() {
    let mut child = l7guard(&["check", "examples/quickstart"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    // `check … | grep -q …` under `pipefail` is no way past a denial.
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_full_disk_is_an_error_that_says_what_was_not_written() {
    for output in ["text", "json", "sarif", "junit", "github", "html"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = l7guard(&["check", "examples/quickstart", "--output", output]);
        let ended = Ended::of(&command.stdout(full).output().unwrap());
        assert_eq!(ended.status, 2, "{output}");
        let said = "cannot write the report to standard output: No space left on device";
        assert!(ended.stderr.contains(said), "{output}: {}", ended.stderr);
    }
}
