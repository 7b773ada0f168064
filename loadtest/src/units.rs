//! Amounts in the units that people read them in.

/// Milliseconds as people read them.
pub fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 1.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1e3),
    }
}

/// The same; a dash where nothing was measured, as in a warm-up.
pub fn measured(ms: f64) -> String {
    if ms > 0.0 { duration(ms) } else { "-".to_owned() }
}

/// Bytes in MiB, as memory is shown and limited.
pub fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_three_figures_and_memory_is_counted_in_powers_of_two() {
        let shown = [0.034, 12.34, 321.4, 61_234.0].map(duration);
        assert_eq!(shown, ["0.03 ms", "12.3 ms", "321 ms", "61.23 s"]);
        assert_eq!((mebibytes(0), mebibytes(3 << 19)), (0.0, 1.5));
    }
}
