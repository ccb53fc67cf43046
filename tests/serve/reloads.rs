use std::fs;
use std::path::Path;

use crate::client::{Authority, Client};
use crate::process::Serve;

const AUDIT: &str = "apiVersion: l7guard/v1\nkind: Configuration\nmode: audit\n";

fn in_force(file: &str) -> String {
    format!("l7guard_reload_last_successful{{file=\"{file}\"}}")
}

fn reloads(file: &str) -> String {
    format!("l7guard_reloads_total{{file=\"{file}\",outcome=\"success\"}}")
}

/// A folder with a server's certificate, and the options that name it.
fn certified(authority: &Authority) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    authority.server().write(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let options = [
        "--tls-cert",
        &path("tls.crt"),
        "--tls-key",
        &path("tls.key"),
    ]
    .map(str::to_owned);
    let options = options.to_vec();
    (folder, options)
}

#[tokio::test]
async fn a_changed_configuration_is_in_force_and_a_broken_one_leaves_the_last_good_one() {
    let authority = Authority::new("a");
    let (folder, mut options) = certified(&authority);
    let file = folder.path().join("l7guard.yaml");
    fs::write(&file, AUDIT.replace("audit", "deny")).unwrap();
    options.extend(["--config".to_owned(), file.to_str().unwrap().to_owned()]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let serve = Serve::start(folder, &options);
    let client = Client::new(&authority, None);
    assert!(!serve.allows_violator(&client).await);
    fs::write(&file, AUDIT).unwrap();
    serve.until_metric(&reloads("configuration"), 1.0);
    assert!(serve.allows_violator(&client).await);
    fs::write(&file, AUDIT.replace("audit", "nonsense")).unwrap();
    serve.until_metric(&in_force("configuration"), 0.0);
    assert!(serve.allows_violator(&client).await);
    let log = serve.log();
    assert!(log.contains("l7guard.yaml:3:"), "{log}");
    fs::write(&file, AUDIT.replace("audit", "deny")).unwrap();
    serve.until_metric(&in_force("configuration"), 1.0);
    assert!(!serve.allows_violator(&client).await);
}

#[tokio::test]
async fn changed_manifests_are_in_force_and_broken_ones_leave_the_last_good_world() {
    let authority = Authority::new("a");
    let (folder, options) = certified(&authority);
    let world = folder.path().join("world");
    fs::create_dir(&world).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/world");
    for entry in fs::read_dir(examples).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), world.join(entry.file_name())).unwrap();
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let path = world.to_str().unwrap().to_owned();
    let serve = Serve::with_world(folder, &path, &options);
    let client = Client::new(&authority, None);
    assert!(!serve.allows_violator(&client).await);
    let extra = world.join("zz-class.yaml");
    let class = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: public}\nspec: {controller: example.com/nginx}\n";
    fs::write(&extra, class).unwrap();
    serve.until_metric(&reloads("manifests"), 1.0);
    assert!(serve.allows_violator(&client).await);
    fs::write(&extra, "kind: [\n").unwrap();
    serve.until_metric(&in_force("manifests"), 0.0);
    assert!(serve.allows_violator(&client).await);
    fs::remove_file(&extra).unwrap();
    serve.until_metric(&in_force("manifests"), 1.0);
    assert!(!serve.allows_violator(&client).await);
}

#[tokio::test]
async fn sighup_ends_nothing_and_reads_files_again() {
    let authority = Authority::new("a");
    let (folder, mut options) = certified(&authority);
    let file = folder.path().join("l7guard.yaml");
    fs::write(&file, AUDIT.replace("audit", "deny")).unwrap();
    options.extend(["--config".to_owned(), file.to_str().unwrap().to_owned()]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let serve = Serve::start(folder, &options);
    let client = Client::new(&authority, None);
    fs::write(&file, "nonsense").unwrap();
    serve.until_metric(&in_force("configuration"), 0.0);
    let refusals = || serve.log().matches("changed files are refused").count();
    assert_eq!(refusals(), 1);
    serve.signal("HUP");
    crate::until("what is wrong is told once more", || {
        (refusals() == 2).then_some(())
    });
    assert!(!serve.allows_violator(&client).await);
}

#[tokio::test]
async fn sighup_ends_nothing_where_no_file_is_followed() {
    let authority = Authority::new("a");
    let serve = Serve::start(tempfile::tempdir().unwrap(), &[]);
    serve.signal("HUP");
    crate::until("it is told", || {
        serve.log().contains("SIGHUP").then_some(())
    });
    assert_eq!(serve.get("/livez").0, 200);
    drop(authority);
}

#[tokio::test]
async fn a_file_that_is_replaced_by_a_pipe_blocks_neither_a_reload_nor_the_end() {
    let authority = Authority::new("a");
    let (folder, mut options) = certified(&authority);
    let file = folder.path().join("l7guard.yaml");
    fs::write(&file, AUDIT.replace("audit", "deny")).unwrap();
    options.extend(["--config".to_owned(), file.to_str().unwrap().to_owned()]);
    options.extend(["--drain".to_owned(), "0".to_owned()]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut serve = Serve::start(folder, &options);
    let client = Client::new(&authority, None);
    for name in ["l7guard.yaml", "tls.crt"] {
        let path = serve.folder.path().join(name);
        fs::remove_file(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
    }
    for file in ["configuration", "certificate"] {
        serve.until_metric(&in_force(file), 0.0);
    }
    let log = serve.log();
    assert!(log.contains("this is a pipe, not a file"), "{log}");
    assert!(!serve.allows_violator(&client).await);
    serve.signal("TERM");
    assert_eq!(serve.ended(), Some(0));
}
