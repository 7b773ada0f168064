//! Processes as the kernel accounts them.

use std::time::Duration;

/// CPU time that a process has used, user and system; zero for one that is gone.
pub fn cpu_time(pid: u32) -> Duration {
    /// What Linux counts CPU time in for every program: hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may hold spaces; what follows its bracket are numbers, the 12th and 13th of them the times.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok());
    TICK * ticks.sum::<u32>()
}

/// The most memory that a process had resident, in bytes; zero for one that is gone.
pub fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_uses_time_and_memory() {
        let own = std::process::id();
        let before = cpu_time(own);
        let begun = std::time::Instant::now();
        let mut sum = 0_u64;
        while begun.elapsed() < Duration::from_millis(60) {
            sum = sum.wrapping_add(std::hint::black_box(1));
        }
        assert!(cpu_time(own) > before && peak_bytes(own) > 100_000 && sum > 0);
        assert_eq!((cpu_time(u32::MAX), peak_bytes(u32::MAX)), (Duration::ZERO, 0));
    }
}
