//! Waits of a real server beside those that the theory of queues predicts for the scenario.

use std::io::Write;
use std::path::Path;

use super::{loadtest, result_of, run_with, server, words};

/// The shipped scenario `erlang` in short: lengths of a second, so that half a minute has many of them.
const CENTRE: &str = r#"
name = "centre"
length_s = 36
warm_up_s = 4
service_level_s = 0.25
[[visitors]]
arrivals = { kind = "poisson", per_minute = 720 }
patience = { kind = "exponential", mean_s = 1 }
messages = { least = 0, most = 0 }
linger = { kind = "exponential", mean_s = 1 }
[[operators]]
count = 11
limit = 1
accepts = { kind = "fixed", s = 0 }
"#;

/// Runs, at most, until one is not disturbed by what else the machine does: some 40 s each.
const TRIES: usize = 6;

#[test]
fn a_centre_of_the_formula_is_held_against_it() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    scenario.write_all(CENTRE.as_bytes()).unwrap();
    let server = server();
    let arguments = run_with(&server, &[scenario.path().to_str().unwrap()]);
    // The formula knows no disk that stands still for a moment: where there is a folder in memory the server has that.
    let folder = Path::new("/dev/shm");
    let mut runs = (0..TRIES).map(|_| {
        let mut run = loadtest(&arguments);
        if folder.is_dir() {
            run.env("TMPDIR", folder);
        }
        result_of(run)
    });
    // Where other work stalls the machine the run says so, and the formula is for another one.
    let quiet = runs.find(|(_, json)| {
        let remarks = &json["theory"]["remarks"];
        eprintln!("remarks: {remarks}");
        remarks.as_array().is_some_and(Vec::is_empty)
    });
    let (output, json) = quiet.unwrap_or_else(|| panic!("one run of {TRIES} that nothing disturbed"));
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let theory = &json["theory"];
    assert_eq!(theory["why_not"].as_array().map(Vec::len), Some(0), "{theory}");
    assert_eq!(theory["centre"]["slots"], 11, "{theory}");
    assert!(theory["centre"]["counted"].as_u64() > Some(200), "{theory}");
    let handling = theory["centre"]["handling_s"].as_f64().unwrap();
    assert!((0.9..1.3).contains(&handling), "what the scenario asks for, and the server's own work: {theory}");
    // Some five hundred visitors, and a machine that may be busy: within a factor, not more.
    for (figure, factor) in [("mean_wait_s", 2.0), ("abandoned", 2.0), ("service_level", 1.5)] {
        let beside = &theory["figures"][figure];
        let [predicted, measured] = ["predicted", "measured"].map(|side| beside[side].as_f64().unwrap());
        assert!(predicted > 0.03, "there is something to predict: {theory}");
        assert!((predicted / factor..predicted * factor).contains(&measured), "{figure}: {theory}");
        assert!(beside["give_or_take"].as_f64() > Some(0.0), "{figure}: {theory}");
    }
    let words = words(&output);
    assert!(words.contains("erlang a   11 slots, 12.00 visitors/s") && words.contains("mean wait"), "{words}");
}

#[test]
fn a_limit_on_what_the_formula_cannot_say_is_refused_at_once() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    let text = CENTRE.replace("limit = 1\n", "limit = 1\ndeclines = 0.1\n") + "[limits]\ntheory_off = 3\n";
    scenario.write_all(text.as_bytes()).unwrap();
    let output = super::loadtest(&["run", scenario.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("operators decline offers"), "{}", words(&output));
}
