use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use tempfile::TempDir;

use super::*;

/// A file whose text is in force unless it says "bad" or "early".
struct Text {
    _folder: TempDir,
    path: PathBuf,
    in_force: Mutex<Vec<String>>,
    is_late: Mutex<bool>,
}

impl Reloadable for Text {
    fn file(&self) -> WatchedFile {
        WatchedFile::Configuration
    }

    fn contents(&self) -> Contents {
        read_files(std::slice::from_ref(&self.path), MOUNTED_LIMIT)
    }

    fn apply(&self, contents: &Contents) -> Result<(), Refused> {
        let bytes = contents
            .bytes(0)
            .map_err(|error| Refused::new(error.to_string()))?;
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        if text == "early" && !*self.is_late.lock().unwrap() {
            return Err(Refused {
                message: text,
                may_be_good_later: true,
            });
        }
        if text == "bad" {
            return Err(Refused::new(text));
        }
        self.in_force.lock().unwrap().push(text);
        Ok(())
    }
}

fn following() -> (Arc<Text>, Following<Text>, Registry) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    fs::write(&path, "first").unwrap();
    let subject = Arc::new(Text {
        _folder: folder,
        path,
        in_force: Mutex::default(),
        is_late: Mutex::default(),
    });
    let registry = Registry::new();
    let following = Following {
        seen: subject.contents(),
        refused: None,
        subject: Arc::clone(&subject),
        metrics: ReloadMetrics::register(&registry),
    };
    (subject, following, registry)
}

fn counted(registry: &Registry, outcome: &str) -> Option<u32> {
    let text = registry.encode().unwrap();
    let start = format!("l7guard_reloads_total{{file=\"configuration\",outcome=\"{outcome}\"}} ");
    text.lines()
        .find_map(|line| line.strip_prefix(start.as_str())?.parse().ok())
}

#[tokio::test]
async fn changed_contents_are_applied_once_and_the_same_ones_never() {
    let (subject, mut following, registry) = following();
    following.look(Look::Usual).await;
    fs::write(&subject.path, "first").unwrap();
    following.look(Look::Usual).await;
    assert!(subject.in_force.lock().unwrap().is_empty());
    fs::write(&subject.path, "second").unwrap();
    following.look(Look::Usual).await;
    following.look(Look::Usual).await;
    assert_eq!(*subject.in_force.lock().unwrap(), ["second"]);
    assert_eq!(
        (counted(&registry, "success"), counted(&registry, "failure")),
        (Some(1), None)
    );
}

#[tokio::test]
async fn refused_contents_are_counted_once_and_what_comes_next_is_applied() {
    let (subject, mut following, registry) = following();
    fs::write(&subject.path, "bad").unwrap();
    following.look(Look::Usual).await;
    following.look(Look::Usual).await;
    fs::remove_file(&subject.path).unwrap();
    following.look(Look::Usual).await;
    following.look(Look::Usual).await;
    assert!(subject.in_force.lock().unwrap().is_empty());
    assert_eq!(counted(&registry, "failure"), Some(2));
    fs::write(&subject.path, "first").unwrap();
    following.look(Look::Usual).await;
    assert_eq!(*subject.in_force.lock().unwrap(), ["first"]);
}

#[tokio::test]
async fn contents_that_may_be_good_later_are_tried_again() {
    let (subject, mut following, registry) = following();
    fs::write(&subject.path, "early").unwrap();
    following.look(Look::Usual).await;
    following.look(Look::Usual).await;
    assert_eq!(counted(&registry, "failure"), Some(1));
    *subject.is_late.lock().unwrap() = true;
    following.look(Look::Usual).await;
    following.look(Look::Usual).await;
    assert_eq!(*subject.in_force.lock().unwrap(), ["early"]);
}
