//! What holds of l7guard whatever bytes it is given. Each module has one function `holds`, which panics on bytes for
//! which its property does not; libFuzzer looks for such bytes (`fuzz_targets/`, see `fuzz/README.md`), and a test of
//! the workspace runs the seeds.

pub mod actions;
pub mod earlier;
pub mod manifests;
pub mod snapshot;
pub mod verdict;
mod world;
