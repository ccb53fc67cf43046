use std::io;
use std::sync::mpsc;
use std::time::Duration;

use super::*;

const GO_THAT_BUILDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/go-that-builds");

/// Long enough to be never reached, short enough to turn a hang into a failure.
const HANGS_AFTER: Duration = Duration::from_mins(1);

/// What the stand-in for Go was asked for, one line a build.
fn asked(cache: &BuildCache) -> Vec<String> {
    fs::read_to_string(cache.folder.join("asked"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn fill(cache: &BuildCache, progress: &mut impl Write) {
    cache
        .fill(&Binary::ALL, OsStr::new(GO_THAT_BUILDS), progress)
        .unwrap();
}

#[test]
fn of_many_that_want_the_same_at_once_one_builds_and_all_have_it() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let cache = BuildCache::in_folder(folder.path());
                fill(&cache, &mut io::sink());
                for binary in Binary::ALL {
                    assert_eq!(fs::read_to_string(cache.path(binary)).unwrap(), "built\n");
                }
            });
        }
    });
    let cache = BuildCache::in_folder(folder.path());
    assert_eq!(asked(&cache).len(), Binary::ALL.len());
}

#[test]
fn what_was_built_once_is_not_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = BuildCache::in_folder(folder.path());
    fill(&cache, &mut io::sink());
    fs::remove_file(cache.path(Binary::Kubectl)).unwrap();
    let mut progress = Vec::new();
    fill(&cache, &mut progress);
    let progress = String::from_utf8(progress).unwrap();
    assert_eq!(progress.matches("building").count(), 1, "{progress}");
    assert!(progress.contains("building kubectl"), "{progress}");
    fill(&cache, &mut io::sink());
    assert_eq!(asked(&cache).len(), Binary::ALL.len() + 1);
}

#[test]
fn a_build_stops_short_of_the_final_name_until_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let cache = BuildCache::in_folder(folder.path());
    fill(&cache, &mut io::sink());
    for (line, binary) in asked(&cache).iter().zip(Binary::ALL) {
        let name = binary.name();
        assert!(line.contains(&format!("/{name}.partial ")), "{line}");
        assert!(!cache.folder.join(format!("{name}.partial")).exists());
    }
}

/// Hands each line of progress to the test.
struct Lines(mpsc::Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn who_waits_for_the_build_of_another_says_so_and_then_takes_what_that_one_built() {
    let folder = tempfile::tempdir().unwrap();
    let cache = BuildCache::in_folder(folder.path());
    fs::create_dir_all(&cache.folder).unwrap();
    let held = cache.lock(&mut io::sink()).unwrap();
    let (sender, said) = mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| fill(&cache, &mut Lines(sender)));
        let mut line = String::new();
        while !line.ends_with('\n') {
            line += &said.recv_timeout(HANGS_AFTER).unwrap();
        }
        assert!(line.contains("another process is building"), "{line}");
        for binary in Binary::ALL {
            fs::write(cache.path(binary), "built\n").unwrap();
        }
        drop(held);
        waiting.join().unwrap();
    });
    assert!(
        !cache.folder.join("asked").exists(),
        "it was built a second time"
    );
}

#[test]
fn the_target_directory_is_the_nearest_folder_above_the_executable_with_cargos_mark() {
    let target = tempfile::tempdir().unwrap();
    let executables = target.path().join("x86_64-unknown-linux-gnu/debug/deps");
    fs::create_dir_all(&executables).unwrap();
    let executable = executables.join("test-0123456789abcdef");
    assert_eq!(target_directory_above(&executable), None);
    fs::write(target.path().join("CACHEDIR.TAG"), "").unwrap();
    assert_eq!(
        target_directory_above(&executable).as_deref(),
        Some(target.path())
    );
}
