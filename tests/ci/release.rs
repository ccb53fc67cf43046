//! A release as GitHub serves it, on this machine: archive, checksums, and the commit that it is of.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use ring::digest::{SHA256, digest};

pub(crate) const REPOSITORY: &str = "owner/l7guard";
pub(crate) const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// Of which commit it is.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The files of a release, by name.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// What serves it. It goes with the test.
pub(crate) struct Served {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Release {
    /// One whose binary is the program under test.
    pub(crate) fn of_program(architecture: &str) -> Self {
        let name = format!("l7guard-{TAG}-linux-{architecture}");
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(&name)).unwrap();
        // A link in place of hundreds of megabytes.
        let binary = folder.path().join(&name).join("l7guard");
        symlink(env!("CARGO_BIN_EXE_l7guard"), binary).unwrap();
        let tar = Command::new("tar")
            .args(["--create", "--gzip", "--directory"])
            .arg(folder.path())
            .arg(&name)
            .output()
            .unwrap();
        assert!(tar.status.success());
        let mut release = Self {
            files: BTreeMap::from([
                (format!("{name}.tar.gz"), tar.stdout),
                ("REVISION".to_owned(), format!("{COMMIT}\n").into_bytes()),
            ]),
        };
        release.sum();
        release
    }

    /// Writes the checksums anew, as `sha256sum` does.
    pub(crate) fn sum(&mut self) {
        self.files.remove("SHA256SUMS");
        let mut sums = String::new();
        for (name, bytes) in &self.files {
            for byte in digest(&SHA256, bytes).as_ref() {
                let _ = write!(sums, "{byte:02x}");
            }
            let _ = writeln!(sums, "  {name}");
        }
        self.files
            .insert("SHA256SUMS".to_owned(), sums.into_bytes());
    }

    /// The file whose name ends so.
    pub(crate) fn file(&mut self, end: &str) -> &mut Vec<u8> {
        let (_, bytes) = self
            .files
            .iter_mut()
            .find(|(name, _)| name.ends_with(end))
            .unwrap();
        bytes
    }

    pub(crate) fn serve(self) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming() {
                self.answer(connection.unwrap(), &log);
            }
        });
        Served { address, asked }
    }

    fn answer(&self, mut connection: TcpStream, log: &Mutex<Vec<String>>) {
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let request = lines.next().unwrap().unwrap();
        // Whoever is answered before all is read sees a reset.
        for line in lines {
            if line.unwrap().is_empty() {
                break;
            }
        }
        let path = request.split(' ').nth(1).unwrap();
        log.lock().unwrap().push(path.to_owned());
        let folder = format!("/{REPOSITORY}/releases/download/{TAG}/");
        let file = path
            .strip_prefix(&folder)
            .and_then(|name| self.files.get(name));
        let (status, body) = file.map_or(("404 Not Found", &[][..]), |bytes| ("200 OK", bytes));
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = connection.write_all(&[head.as_bytes(), body].concat());
    }
}

impl Served {
    /// Paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
