//! Instructions, counted by `valgrind`: they see also the loops that allocate nothing and that no budget counts.

use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::{Dimension, FACTOR, compare};

/// How many there are of a dimension before it is multiplied: under `valgrind` all is fifty times slower.
const SIZE: usize = 60;
/// The environment variable by which this program knows that it is measured.
const CHILD: &str = "L7GUARD_LINEARITY_CHILD";
/// Where instructions are counted, and behind which `valgrind` writes down how many there were.
const COUNTED: &str = "linearity::scene::Prepared::judge*";

pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Judges every dimension at both sizes, for `valgrind` to count.
pub(crate) fn run(dimensions: &[Dimension]) {
    for dimension in dimensions {
        for size in [SIZE, SIZE * FACTOR] {
            (dimension.scene)(size).prepared().judge();
        }
    }
}

pub(crate) fn trial(dimensions: Vec<Dimension>) -> Trial {
    Trial::test("instructions of every dimension", move || {
        check(&dimensions)
    })
}

fn check(dimensions: &[Dimension]) -> Result<(), Failed> {
    let is_installed = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_installed {
        eprintln!("valgrind is not installed: instructions are not compared");
        return Ok(());
    }
    let counts = counted()?;
    if counts.len() != 2 * dimensions.len() {
        let (found, wanted) = (counts.len(), 2 * dimensions.len());
        return Err(format!("valgrind counted {found} reviews of {wanted}").into());
    }
    let pairs = dimensions.iter().zip(counts.chunks(2));
    let faults: Vec<String> = pairs
        .filter_map(|(dimension, pair)| {
            let compared = compare(dimension.name, "instructions", pair[0], pair[1]);
            compared.err()?.message().map(str::to_owned)
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n").into())
    }
}

/// The instructions of each review, in the order of [`run`].
fn counted() -> Result<Vec<u64>, Failed> {
    let directory = tempfile::tempdir()?;
    let out = directory.path().join("counts");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        // In the other order the second option for a function undoes the first (`valgrind` 3.19).
        .arg(format!("--dump-after={COUNTED}"))
        .arg(format!("--zero-before={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .env(CHILD, "1")
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    // `valgrind` numbers them from 1; the last, without a number, is of the end of the program.
    let mut counts = Vec::new();
    loop {
        let dump = format!("{}.{}", out.display(), counts.len() + 1);
        if !Path::new(&dump).exists() {
            return Ok(counts);
        }
        counts.push(total(&std::fs::read_to_string(dump)?)?);
    }
}

fn total(dump: &str) -> Result<u64, Failed> {
    let lines = dump.lines();
    let mut totals = lines.filter_map(|line| line.strip_prefix("totals: "));
    let total = totals.next().ok_or("valgrind gave no total")?;
    Ok(total.trim().parse()?)
}
