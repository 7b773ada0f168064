//! The server's own figures, read from its Prometheus text: what the run's clients measured is set beside them.

use std::collections::BTreeMap;

/// A reading of `/metrics`: the sum over all labels but those asked for.
#[derive(Debug, Clone, Default)]
pub struct Reading(BTreeMap<String, f64>);

impl Reading {
    /// Reads the text.
    pub fn of(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.rsplit_once(' '));
        Self(pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect())
    }

    /// Whether it is one of a Switchboard server, and not a page of something else.
    pub fn is_of_switchboard(&self) -> bool {
        self.0.keys().any(|name| name.starts_with("switchboard_"))
    }

    /// The sum of all rows of a metric whose labels hold all of these texts.
    pub fn sum(&self, metric: &str, labels: &[&str]) -> f64 {
        let rows = self.0.iter().filter(|(name, _)| {
            let rest = name.strip_prefix(metric);
            rest.is_some_and(|rest| {
                (rest.is_empty() || rest.starts_with('{')) && labels.iter().all(|l| rest.contains(l))
            })
        });
        rows.map(|(_, value)| value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_up_by_their_labels() {
        let text = "# HELP a b\nwait_sum{group=\"x\",outcome=\"answered\"} 2.5\nwait_sum{group=\"y\",outcome=\"answered\"} 1\n\
                    wait_sum{group=\"y\",outcome=\"left\"} 9\nwait_summary 7\nplain 3\n";
        let reading = Reading::of(text);
        assert_eq!(reading.sum("wait_sum", &["outcome=\"answered\""]), 3.5);
        assert!(!reading.is_of_switchboard() && Reading::of("switchboard_sockets 3\n").is_of_switchboard());
        assert_eq!((reading.sum("plain", &[]), reading.sum("none", &[])), (3.0, 0.0));
    }
}
