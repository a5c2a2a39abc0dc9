//! Peak resident memory of a process.

use anyhow::Context as _;

/// The most memory the process has had resident, in MiB.
pub(super) fn peak_mib(process: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    peak_kib(&status)
        .map(|kib| f64::from(kib) / 1_024.0)
        .context("the system does not tell the peak of a process")
}

fn peak_kib(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status_of_a_process() {
        assert_eq!(peak_kib("VmPeak:\t  9 kB\nVmHWM:\t  1536 kB\nVmRSS:\t 3 kB\n"), Some(1_536));
        assert_eq!(peak_kib("VmPeak:\t 9 kB\n"), None);
        assert!(peak_mib(std::process::id()).unwrap() > 1.0);
    }
}
