//! Which files are found, and which cannot be read.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::files::{FileProblem, Input, Inputs, find};

/// A directory with files, each of which holds its own path.
fn directory(files: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in files {
        let path = directory.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    directory
}

/// The paths below `root` that were found.
fn found<'a>(inputs: &'a Inputs, root: &Path) -> Vec<&'a str> {
    inputs
        .found
        .iter()
        .map(|input| match input {
            Input::Stdin => "-",
            Input::File(path) => path.strip_prefix(root).unwrap().to_str().unwrap(),
        })
        .collect()
}

fn problems(inputs: &Inputs) -> Vec<String> {
    inputs
        .errors
        .iter()
        .map(|error| error.problem.to_string())
        .collect()
}

#[test]
fn manifests_of_a_directory_are_found_by_name_and_others_are_not() {
    let root = directory(&[
        "b.yaml",
        "a.yml",
        "c/d.json",
        "c/E.YAML",
        "c/f.txt",
        "README.md",
        "c.yaml",
        ".git/g.yaml",
        ".hidden.yaml",
    ]);
    let inputs = find(&[root.path()]);
    assert_eq!(problems(&inputs), Vec::<String>::new());
    assert_eq!(
        found(&inputs, root.path()),
        [
            ".hidden.yaml",
            "a.yml",
            "b.yaml",
            "c.yaml",
            "c/E.YAML",
            "c/d.json"
        ]
    );
    assert_eq!(inputs.found[1].read().unwrap(), b"a.yml");
}

#[test]
fn a_named_file_is_read_whatever_it_is_called() {
    let root = directory(&["notes.txt", ".x/y.yaml"]);
    let inputs = find(&[root.path().join("notes.txt"), root.path().join(".x")]);
    assert_eq!(found(&inputs, root.path()), ["notes.txt", ".x/y.yaml"]);
}

#[test]
fn paths_keep_their_order_and_nothing_is_found_twice() {
    let root = directory(&["a/x.yaml", "b/y.yaml"]);
    let paths = ["-", "b", "a/x.yaml", "a", "b/y.yaml", "-"].map(|path| match path {
        "-" => PathBuf::from("-"),
        path => root.path().join(path),
    });
    let inputs = find(&paths);
    assert_eq!(problems(&inputs), Vec::<String>::new());
    assert_eq!(found(&inputs, root.path()), ["-", "b/y.yaml", "a/x.yaml"]);
    assert_eq!(inputs.found[0].name(), "<stdin>");
}

#[test]
fn what_is_missing_is_an_error_and_hides_nothing() {
    let root = directory(&["a.yaml"]);
    let inputs = find(&[root.path().join("none.yaml"), root.path().join("a.yaml")]);
    assert_eq!(found(&inputs, root.path()), ["a.yaml"]);
    assert_eq!(problems(&inputs), ["no such file or directory"]);
    assert!(inputs.errors[0].path.ends_with("none.yaml"));
}

#[test]
fn a_directory_without_manifests_is_an_error() {
    let root = directory(&["README.md", ".git/a.yaml"]);
    let inputs = find(&[root.path()]);
    assert_eq!(
        problems(&inputs),
        ["no .yaml, .yml or .json file in this directory"]
    );
}

#[test]
fn a_file_that_has_gone_is_an_error() {
    let root = directory(&["a.yaml"]);
    let inputs = find(&[root.path()]);
    fs::remove_file(root.path().join("a.yaml")).unwrap();
    let error = inputs.found[0].read().unwrap_err();
    assert!(matches!(error.problem, FileProblem::NotFound), "{error}");
}

#[test]
fn a_file_that_is_not_for_this_user_is_said_to_be_so() {
    let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    assert!(matches!(FileProblem::from(error), FileProblem::Denied));
}

#[test]
fn a_file_beyond_the_bound_is_an_error() {
    let root = directory(&["a.yaml"]);
    let file = fs::File::options()
        .write(true)
        .open(root.path().join("a.yaml"))
        .unwrap();
    file.set_len(512 * 1024 * 1024 + 1).unwrap();
    let error = find(&[root.path()]).found[0].read().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("a.yaml: larger than 512 MiB: split it"),
        "{error}"
    );
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn links_are_followed_once_and_loops_end() {
        let root = directory(&["a/x.yaml", "b/y.yaml"]);
        let at = |path: &str| root.path().join(path);
        symlink(at(""), at("a/up")).unwrap();
        symlink(at("b"), at("a/b")).unwrap();
        symlink(at("a"), at("b/a")).unwrap();
        symlink(at("a/x.yaml"), at("b/z.yaml")).unwrap();
        symlink(at("itself"), at("itself")).unwrap();
        let inputs = find(&[root.path()]);
        assert_eq!(problems(&inputs), Vec::<String>::new());
        assert_eq!(found(&inputs, root.path()), ["a/x.yaml", "a/b/y.yaml"]);
    }

    #[test]
    fn a_mounted_config_map_is_read_once() {
        let root = directory(&["..2026/a.yaml"]);
        symlink("..2026", root.path().join("..data")).unwrap();
        symlink("..data/a.yaml", root.path().join("a.yaml")).unwrap();
        let inputs = find(&[root.path()]);
        assert_eq!(found(&inputs, root.path()), ["a.yaml"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error_if_it_looks_like_a_manifest() {
        let root = directory(&["a.yaml"]);
        symlink("none", root.path().join("b.yaml")).unwrap();
        symlink("none", root.path().join("c")).unwrap();
        let inputs = find(&[root.path()]);
        assert_eq!(found(&inputs, root.path()), ["a.yaml"]);
        assert_eq!(problems(&inputs), ["no such file or directory"]);
    }

    #[test]
    fn pipes_devices_and_sockets_are_errors_and_never_waited_for() {
        let root = directory(&["a.yaml"]);
        let pipe = root.path().join("pipe.yaml");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let _listener = UnixListener::bind(root.path().join("socket")).unwrap();
        let named = [
            root.path().join("socket"),
            PathBuf::from("/dev/null"),
            root.path().to_owned(),
        ];
        let inputs = find(&named);
        assert_eq!(found(&inputs, root.path()), ["a.yaml"]);
        let problems = problems(&inputs);
        for (problem, what) in problems.iter().zip(["a socket", "a device", "a pipe"]) {
            assert!(
                problem.starts_with(&format!("this is {what}, neither")),
                "{problem}"
            );
        }
        assert_eq!(problems.len(), 3);
        let error = Input::File(pipe).read().unwrap_err();
        assert!(
            matches!(error.problem, FileProblem::NotAFile("a pipe")),
            "{error}"
        );
    }
}
