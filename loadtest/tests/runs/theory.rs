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

/// How fast the centre is in each run, until one is not disturbed by what else the machine does: some 40 s each at first. A
/// machine that stands still for half a second now and then disturbs chats of a second, and hardly those of five.
const SPEEDS: [f64; 4] = [1.0, 1.0, 0.4, 0.2];

/// A host that takes more than this part of the processors' time for others stalls a virtual machine for tenths of a second,
/// however little it has to do; nothing can be said of waits then.
const STOLEN: f64 = 0.03;

/// Time of all processors since the start, in ticks: what the host took for others, and all.
fn ticks() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/stat").expect("the machine counts its time");
    let line = text.lines().next().expect("a line of all processors");
    // user nice system idle iowait irq softirq steal: what guests had is in the first two.
    let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).map(|ticks| ticks.parse().expect("ticks")).collect();
    (ticks[7], ticks.iter().sum())
}

#[test]
fn a_centre_of_the_formula_is_held_against_it() {
    let mut scenario = tempfile::NamedTempFile::new().unwrap();
    scenario.write_all(CENTRE.as_bytes()).unwrap();
    let server = server();
    // The formula knows no disk that stands still for a moment: where there is a folder in memory the server has that.
    let folder = Path::new("/dev/shm");
    let mut disturbed = Vec::new();
    let quiet = SPEEDS.into_iter().find_map(|speed| {
        let mut run = loadtest(&run_with(&server, &[scenario.path().to_str().unwrap(), "--speed", &speed.to_string()]));
        if folder.is_dir() {
            run.env("TMPDIR", folder);
        }
        let before = ticks();
        let (output, json) = result_of(run);
        let after = ticks();
        // Where other work stalls the machine the run says so, and the formula is for another one.
        let remarks = json["theory"]["remarks"].to_string();
        eprintln!("remarks: {remarks}");
        if remarks != "[]" {
            disturbed.push((remarks, (after.0.saturating_sub(before.0)) as f64 / (after.1 - before.1) as f64));
            return None;
        }
        Some((speed, output, json))
    });
    let Some((speed, output, json)) = quiet else {
        let by_the_host = disturbed.iter().all(|(_, stolen)| *stolen > STOLEN);
        assert!(by_the_host, "not one run is as the formula supposes (remarks, part stolen): {disturbed:?}");
        return eprintln!(
            "nothing is held against the formula: the host took processors away in each run: {disturbed:?}"
        );
    };
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let theory = &json["theory"];
    assert_eq!(theory["why_not"].as_array().map(Vec::len), Some(0), "{theory}");
    assert_eq!(theory["centre"]["slots"], 11, "{theory}");
    assert!(theory["centre"]["counted"].as_u64() > Some(200), "{theory}");
    let handling = theory["centre"]["handling_s"].as_f64().unwrap();
    assert!(
        (0.9..1.3).contains(&(handling * speed)),
        "what the scenario asks for, and the server's own work: {theory}"
    );
    // Some five hundred visitors, and a machine that may be busy: within a factor, not more.
    for (figure, factor) in [("mean_wait_s", 2.0), ("abandoned", 2.0), ("service_level", 1.5)] {
        let beside = &theory["figures"][figure];
        let [predicted, measured] = ["predicted", "measured"].map(|side| beside[side].as_f64().unwrap());
        assert!(predicted > 0.03, "{figure}: there is something to predict: {theory}");
        assert!((predicted / factor..predicted * factor).contains(&measured), "{figure}: {theory}");
        assert!(beside["give_or_take"].as_f64() > Some(0.0), "{figure}: {theory}");
    }
    let words = words(&output);
    let centre = format!("erlang a   11 slots, {:.2} visitors/s", 12.0 * speed);
    assert!(words.contains(&centre) && words.contains("mean wait"), "{words}");
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
