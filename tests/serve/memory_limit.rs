//! A real limit of memory for a process, where this machine lets one be set; else what the kernel says it took at most.

use std::fs;
use std::path::PathBuf;

/// The limit. It goes when this is dropped.
pub(crate) struct MemoryLimit {
    /// A cgroup of version 2; `None`: none can be made here.
    group: Option<PathBuf>,
}

impl MemoryLimit {
    /// From now on the process may take so many bytes, and is killed when it takes more.
    pub(crate) fn set(process: u32, bytes: usize) -> Self {
        let group = PathBuf::from(format!("/sys/fs/cgroup/l7guard-test-{process}"));
        let made = fs::create_dir(&group).is_ok();
        let write = |file: &str, text: String| fs::write(group.join(file), text).is_ok();
        let is_set = made
            && group.join("memory.max").exists()
            && write("memory.max", bytes.to_string())
            && write("cgroup.procs", process.to_string());
        if made && !is_set {
            let _ = fs::remove_dir(&group);
        }
        Self {
            group: is_set.then_some(group),
        }
    }

    /// The most that the process took, in bytes.
    pub(crate) fn peak(&self, process: u32) -> usize {
        let peak = self.group.as_ref().and_then(|group| {
            let events = fs::read_to_string(group.join("memory.events")).ok()?;
            assert!(events.contains("oom_kill 0"), "{events}");
            let peak = fs::read_to_string(group.join("memory.peak")).ok()?;
            peak.trim().parse().ok()
        });
        peak.unwrap_or_else(|| status(process, "VmHWM:"))
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            // The process is moved out of it first, or it could not be removed.
            if let Ok(processes) = fs::read_to_string(group.join("cgroup.procs")) {
                for process in processes.lines() {
                    let _ = fs::write("/sys/fs/cgroup/cgroup.procs", process);
                }
            }
            let _ = fs::remove_dir(group);
        }
    }
}

/// What the process has in memory now, in bytes.
pub(crate) fn resident(process: u32) -> usize {
    status(process, "VmRSS:")
}

fn status(process: u32, field: &str) -> usize {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}
