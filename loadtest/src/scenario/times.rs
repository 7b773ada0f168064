//! What a scenario names for a moment that never comes.

use super::place::Place;
use super::{Arrivals, Scenario};

/// What would come only behind the end, or leaves nothing to measure, and where it stands.
pub(super) fn beyond_the_end(scenario: &Scenario) -> Vec<(Place, String)> {
    let length = scenario.length_s.0;
    let mut all = Vec::new();
    let warm_up = scenario.warm_up_s.0;
    if warm_up > 0.0 && warm_up >= length {
        let words =
            format!("warm_up_s: expected less than the length of {length} s, got {warm_up}; nothing would be timed");
        all.push((Place::WarmUp, words));
    }
    let late = |what: &str, at: f64| {
        format!("{what}: expected at_s below the length of {length} s, got {at}; it would never come")
    };
    for (entry, visitors) in scenario.visitors.iter().enumerate() {
        if let Arrivals::Burst { at_s, .. } = &visitors.arrivals
            && at_s.0 >= length
        {
            all.push((Place::Arrivals(entry), late("arrivals", at_s.0)));
        }
    }
    for (entry, storm) in scenario.storms.iter().enumerate().filter(|(_, storm)| storm.at_s.0 >= length) {
        all.push((Place::Storm(entry), late("storms", storm.at_s.0)));
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Scenario, Seconds};

    const TEXT: &str = r#"name = "x"
length_s = 20
warm_up_s = 5

[[visitors]]
arrivals = { kind = "burst", at_s = 10, count = 5 }

[[operators]]
count = 1
limit = 2

[[storms]]
at_s = 15
part = 0.5
within_s = 1
"#;

    #[test]
    fn what_never_comes_is_refused_at_its_line_and_told_of_a_shorter_run() {
        for (from, to, line, words) in [
            ("warm_up_s = 5", "warm_up_s = 20", "line 3", "warm_up_s: expected less than the length of 20 s, got 20"),
            ("at_s = 10", "at_s = 20", "line 6", "arrivals: expected at_s below the length of 20 s, got 20"),
            ("at_s = 15", "at_s = 21", "line 13", "storms: expected at_s below the length of 20 s, got 21"),
        ] {
            let told = Scenario::read("x.toml", &TEXT.replace(from, to)).unwrap_err().to_string();
            assert!(told.contains("x.toml") && told.contains(line) && told.contains(words), "{told}");
        }
        let whole = Scenario::read("x.toml", TEXT).unwrap();
        assert_eq!(whole.beyond_the_end(), [""; 0]);
        let told = |length| whole.clone().with_length(Seconds(length)).beyond_the_end();
        assert_eq!((told(16.0).len(), told(12.0).len(), told(8.0).len(), told(4.0).len()), (0, 1, 2, 3));
    }
}
