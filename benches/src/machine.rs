//! The machine that figures are of, so that nobody compares them with those of another.

use serde::Serialize;

/// What is known of the machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Their name.
    pub cpu: String,
    /// The kernel's release.
    pub kernel: String,
    /// Processes that ran or wanted to, on average over the last minute.
    pub load: f64,
    /// Files that a process may open.
    pub files: usize,
}

/// A load that other work must have made: figures are too high then.
const DISTURBED: f64 = 0.5;

impl Machine {
    /// This one, now. What cannot be read is empty, or 0.
    pub fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let cpu = read("/proc/cpuinfo");
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
        let limits = read("/proc/self/limits");
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            cpu: cpu.unwrap_or_default().to_owned(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default(),
            files: files.and_then(|files| files.parse().ok()).unwrap_or_default(),
        }
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cores, cpu, kernel, load, .. } = self;
        write!(f, "{cores} cores ({cpu}), Linux {kernel}, load {load:.1} before the run")?;
        if *load > DISTURBED * *cores as f64 { write!(f, ": other work ran beside") } else { Ok(()) }
    }
}

/// Processors' time since a moment, and what a virtual machine's host took of it for others: with more than a few percent
/// figures tell of the host.
#[derive(Debug)]
pub struct Host {
    stolen: u64,
    all: u64,
}

impl Host {
    /// From now on. What cannot be read is 0.
    pub fn from_now() -> Self {
        Self::of(&std::fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    /// user nice system idle iowait irq softirq steal, in ticks; guests' time is in the first two.
    fn of(stat: &str) -> Self {
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|word| word.parse().ok()).collect();
        Self { stolen: ticks.get(7).copied().unwrap_or_default(), all: ticks.iter().sum() }
    }

    /// The part that it took since then, from 0 to 1.
    pub fn took(&self) -> f64 {
        self.part(&Self::from_now())
    }

    fn part(&self, later: &Self) -> f64 {
        later.stolen.saturating_sub(self.stolen) as f64 / later.all.saturating_sub(self.all).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_knows_its_cores_kernel_and_limit_of_files() {
        let machine = Machine::here();
        assert!(machine.cores > 0 && machine.files > 0 && !machine.kernel.is_empty(), "{machine:?}");
        let busy = Machine { load: machine.cores as f64, ..machine.clone() };
        assert!(busy.to_string().contains("other work"));
        assert!(!Machine { load: 0.0, ..machine }.to_string().contains("other work"));
    }

    #[test]
    fn what_a_host_took_is_a_part_of_all_time() {
        let before = Host::of("cpu  100 0 50 800 10 0 0 40 7 0\ncpu0 1 2 3");
        let after = Host::of("cpu  150 0 75 900 10 0 0 65 9 0\n");
        assert!((before.part(&after) - 0.125).abs() < 1e-9, "{}", before.part(&after));
        assert_eq!(Host::of("").part(&Host::of("")), 0.0);
    }
}
